// Where connections are cut: decided by (seed, upload, how many cuts before), and by nothing that
// the server or the scheduler does, so that the same seed gives the same cuts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "network/network.hpp"
#include "protocol/units.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// What a cut takes with it.
enum class Loses : std::uint8_t {
  body,      ///< what was not sent yet, and what was under way
  answer,    ///< everything got there, and its answer did not come back
  zombie,    ///< the client, which goes on elsewhere; the old connection goes on as well
  process,   ///< what was under way, and all that the client knows but the URL that it has stored
  question,  ///< a request that carries nothing of a file
};
[[nodiscard]] std::string_view to_string(Loses what);

/// A position in the file at which a connection that reaches it is lost.
struct PlannedCut {
  Bytes at;  ///< file bytes sent before it
  transport::Cut::Kind kind = transport::Cut::Kind::reset;
  Loses loses = Loses::body;
  bool operator==(const PlannedCut&) const = default;
};

/// The cuts of one upload in the order of their positions. Each stretch between two cuts is one
/// connection of the partner. It is lost with the network's probability, at a position drawn evenly
/// from what is left to send, or after a drawn number of bytes (`cut_every`, `cuts_per_hour`),
/// whichever comes first. Positions never go back, and the server never holds more than was sent,
/// so every planned cut is met, whatever offset an upload is resumed from.
class CutPlan {
 public:
  CutPlan(const Network& network, std::uint64_t seed, std::uint64_t upload, Bytes size);

  [[nodiscard]] const std::optional<PlannedCut>& next() const { return next_; }
  /// The next cut has happened.
  void advance();
  [[nodiscard]] std::uint64_t happened() const { return ordinal_; }

 private:
  void draw();
  /// A position in what is left, or nothing.
  [[nodiscard]] std::optional<std::uint64_t> drawn_evenly() const;
  [[nodiscard]] std::optional<std::uint64_t> drawn_by_length() const;
  [[nodiscard]] double ask(std::uint64_t question) const;

  double probability_;
  double silent_share_;
  double every_;  ///< bytes between two cuts on average; 0: none
  double answer_share_, zombie_share_, restart_share_;
  std::uint64_t seed_;
  std::uint64_t upload_;
  Bytes size_;
  Bytes position_;
  std::uint64_t ordinal_ = 0;
  std::optional<PlannedCut> next_;
};

/// Which of the requests that carry nothing of a file are lost: how many in a row before one gets
/// through, drawn anew for each occasion. Each method of an upload has its own occasions. For POST
/// and other methods that change something, each success ends one. For HEAD and GET, which are
/// repeated as often as a server makes a client wait, each cut of the file does.
class QuestionPlan {
 public:
  QuestionPlan(const Network& network, std::uint64_t seed, std::uint64_t upload);

  struct Streak {
    std::uint64_t occasion = 0;
    std::uint64_t lost = 0;  ///< on this occasion
    bool through = false;    ///< one was answered with success: whatever follows gets through, too
  };
  /// What happens to the next one; nullopt: it gets through. `method` names the streak.
  [[nodiscard]] std::optional<PlannedCut> next(std::uint64_t method, const Streak& streak) const;
  /// Of a request that is lost: whether it got through and only its answer was lost.
  [[nodiscard]] bool was_served(std::uint64_t method, const Streak& streak) const;
  [[nodiscard]] bool none() const { return probability_ <= 0; }

 private:
  [[nodiscard]] double ask(std::uint64_t method, const Streak& streak,
                           std::uint64_t question) const;

  double probability_;
  double silent_share_;
  double answer_share_;
  std::uint64_t seed_;
  std::uint64_t upload_;
};

/// One cut as a number. Sums of these do not depend on the order in which cuts happened, so two
/// runs can be compared by their sums.
[[nodiscard]] std::uint64_t fingerprint(std::uint64_t upload, std::uint64_t ordinal,
                                        const PlannedCut& cut);

}  // namespace loadgen
