// What a lane was asked and what it answered: one entry per exchange, never a body. What tests
// query and verify under /_mock/journal.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.hpp"
#include "http/route.hpp"
#include "misbehave/rule.hpp"
#include "protocol/units.hpp"
#include "record/field_text.hpp"

namespace mock {

/// One exchange: what its client sent, what rules made of that, and what was told. What really is
/// stored is another matter when rules lie.
struct JournalEntry {
  /// What a handler saw in place of what was sent; what is the same is left out.
  struct Edited {
    std::string method;
    std::string target;
    std::optional<FieldText> request_fields;
  };
  std::uint64_t ordinal =
      0;           ///< counts the exchanges of the lane from 1; `clear` does not reset it
  TimePoint time;  ///< when the head had come; wall clock
  std::uint64_t connection = 0;
  std::string wire_method;  ///< as in the request line; empty: none was read
  std::string method;       ///< with X-HTTP-Method-Override
  std::string target;       ///< a query is "[redacted]": it may hold a password (DEX-AUTH-020)
  Route route;
  std::string upload;        ///< id from the path, or from Location of a creation; or empty
  FieldText request_fields;  ///< all, then the trailers; without credentials, and yet to be told
                             ///< only as RecordedFields::told does
  FieldText reply_fields;    ///< likewise
  std::optional<Bytes> declared;       ///< Content-Length
  Bytes received;                      ///< of the body, without framing
  std::optional<Bytes> offset_before;  ///< that the request named; 0 for a creation with a body
  std::optional<Bytes> offset_after;   ///< that a successful reply told
  std::optional<StoredRange> stored;   ///< of the body, where offsets do not say it
  int status = 0;                      ///< 0: no reply was sent
  std::chrono::microseconds duration{0};
  bool aborted = false;
  std::string refused;              ///< why its head was; empty: it was not
  std::vector<std::string> faults;  ///< names of the rules that fired
  std::optional<Edited> edited;     ///< nullopt: rules left the request alone
};

/// What the regular expressions of one question may cost (misbehave/pattern.hpp).
struct MatchWork {
  misbehave::PatternWork patterns;
  bool gave_up = false;  ///< one took too long on some text, and so did not match it
};

/// Which entries are meant. Every condition given must hold; none given: every entry.
struct JournalMatch {
  struct StatusRange {
    int first = 0;
    int last = 0;  ///< included
  };
  /// On the lines of one header field.
  struct FieldCondition {
    std::string name;
    /// With `exactly` one for each line, in their order; else one that some line fulfils, or
    /// `absent`.
    std::vector<misbehave::TextCondition> lines;
    bool exactly = false;
  };
  std::vector<std::string> methods;  ///< any of them, effective method
  std::vector<Route> routes;         ///< any of them
  std::optional<std::string> upload;
  std::vector<StatusRange> status;   ///< any of them; 0 is "no reply"
  std::optional<std::string> fault;  ///< a rule of that name fired
  std::optional<bool> faults;        ///< any rule fired / none did
  std::optional<bool> aborted;
  std::optional<bool> refused;  ///< its head was
  std::optional<Bytes> offset;  ///< `offset_before`
  std::uint64_t since = 0;      ///< ordinals above it
  std::vector<FieldCondition> request_fields;
  std::vector<FieldCondition> reply_fields;
  std::vector<misbehave::NamedCondition> metadata;  ///< that the request's fields bring
  std::optional<misbehave::NumberCondition> received;
  /// Of the body, in hexadecimal digits. No entry knows it: whoever asks has to look at the bytes.
  std::optional<std::string> sha256;

  /// Whether all hold, `sha256` left aside.
  [[nodiscard]] bool holds(const JournalEntry& entry, MatchWork& work) const;
  [[nodiscard]] bool holds(const JournalEntry& entry) const {
    MatchWork work;
    return holds(entry, work);
  }
};

/// Exchanges of /_mock/ itself are not recorded. Bounded: the oldest entries go first, and are
/// counted. Recording costs less than a microsecond. Loop thread only.
class Journal : public Observer {
 public:
  struct Limits {
    std::size_t entries = 10'000;
    Bytes bytes{16UL << 20U};        ///< of texts, so that long headers cannot fill the memory
    std::size_t value_bytes = 4096;  ///< a longer header value is cut, and ends in "..."
  };
  Journal() : Journal(Limits{}) {}
  explicit Journal(Limits limits) : limits_(limits) {}

  void on_exchange(const ExchangeRecord& record) override;
  void on_connections(std::size_t) override {}

  /// Oldest first.
  [[nodiscard]] const std::deque<JournalEntry>& entries() const { return entries_; }
  /// How many fell out since the last `clear`.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  /// Whether an entry above `since` fell out, so that a count from there on is a lower bound.
  [[nodiscard]] bool incomplete(std::uint64_t since) const { return dropped_through_ > since; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  void clear();
  /// As when it was made: `clear`, and the count begins anew.
  void reset();

  /// Calls `changed` after each entry, and after each `clear` (with nullptr), until the result is
  /// destroyed, which must not happen inside the call. The journal may go first.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  [[nodiscard]] std::unique_ptr<Watch> watch(
      std::function<void(const JournalEntry* added)> changed);

 private:
  JournalEntry take_oldest();
  void tell_refused(JournalEntry& entry, const RefusedHead& head) const;
  void changed(const JournalEntry* added);

  Limits limits_;
  std::deque<JournalEntry> entries_;
  std::uint64_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_through_ = 0;
  std::vector<std::weak_ptr<std::function<void(const JournalEntry*)>>> watches_;
};

}  // namespace mock
