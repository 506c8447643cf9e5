// Where a partner's connections are lost.
#pragma once

#include <memory>
#include <vector>

#include "link/link.hpp"
#include "network/cuts.hpp"

namespace loadgen {

/// One per upload, above the links that know of connections. Requests that carry bytes of the file
/// (LoadRequest::source) are cut where the plan says, by position in the file. Other requests are
/// lost only where the network says so (`questions`): the cuts of a seed must not depend on how
/// often a client asks.
class CutLink final : public Link {
 public:
  /// What a cut is on this network, besides where.
  struct Manner {
    Bytes in_flight;  ///< what a connection loses that was sent and has not arrived
    Milliseconds stall_timeout{std::chrono::seconds{30}};  ///< how long the client waits in silence
    Milliseconds zombie_time{0}, restart_time{0};
    std::optional<QuestionPlan> questions;
  };
  CutLink(transport::LoadTransport& below, CutPlan plan) : CutLink(below, plan, {}) {}
  CutLink(transport::LoadTransport& below, CutPlan plan, Manner manner)
      : Link(below), state_(std::make_shared<State>(plan, manner)) {}

  void send(transport::LoadRequest request, Done done) override;
  /// The cuts that were met, in their order.
  [[nodiscard]] const std::vector<PlannedCut>& happened() const { return state_->happened; }
  /// Bytes of the file that were sent, and lost with their connections on the way.
  [[nodiscard]] Bytes lost_in_flight() const { return state_->lost_in_flight; }

 private:
  /// Shared with requests under way, which may outlive the link.
  struct State {
    State(const CutPlan& p, const Manner& m) : plan(p), manner(m) {}
    /// `cut` was next when `ordinal` cuts had happened; now it has happened, too.
    void met(const PlannedCut& cut, std::uint64_t ordinal);
    /// The streak of the present occasion. `safe`: the method is safe (RFC 9110 section 9.2.1).
    [[nodiscard]] QuestionPlan::Streak& streak_of(std::uint64_t method, bool safe);

    CutPlan plan;
    Manner manner;
    std::vector<PlannedCut> happened;
    std::vector<std::pair<std::uint64_t, QuestionPlan::Streak>> streaks;
    bool broken = false;  ///< lost here, while the links below still think it is kept
    Bytes lost_in_flight;
  };

  /// Uses a new connection if this link has lost the one before.
  void send_on(transport::LoadRequest request, Done done);
  void ask(transport::LoadRequest request, Done done);
  void lose_body(const PlannedCut& cut, Bytes after, transport::LoadRequest request, Done done);
  void lose_answer(const PlannedCut& cut, transport::LoadRequest request, Done done);
  void leave_zombie(const PlannedCut& cut, Bytes after, transport::LoadRequest request, Done done);

  std::shared_ptr<State> state_;
};

}  // namespace loadgen
