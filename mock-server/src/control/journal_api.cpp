// /_mock/journal: what was asked and answered, and whether it is what a test expects.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/call.hpp"
#include "loop/loop.hpp"
#include "protocol/digest.hpp"
#include "record/journal.hpp"
#include "record/journal_json.hpp"
#include "services.hpp"
#include "store/in_background.hpp"
#include "store/store.hpp"

namespace mock::control {
namespace {

// ---- GET /_mock/journal ------------------------------------------------------------------------

/// Where the bytes that this entry's body brought are stored; nullopt: nowhere.
std::optional<StoredRange> range_of(const JournalEntry& entry) {
  if (entry.stored) {
    const bool some = entry.received > Bytes{0} && !entry.stored->upload.empty();
    return some && entry.stored->from <= entry.stored->to ? entry.stored : std::nullopt;
  }
  const auto& from = entry.offset_before;
  const auto& to = entry.offset_after;
  if (entry.received == Bytes{0} || entry.upload.empty() || !from || !to || *from >= *to) {
    return std::nullopt;
  }
  return StoredRange{entry.upload, *from, *to};
}

StoreResult<std::string> digest_of(Reader& reader, Bytes from, Bytes to) {
  Digest digest(DigestAlgorithm::sha256);
  std::vector<std::byte> buffer(256UL << 10U);
  while (from < to) {
    const auto want = std::min<std::uint64_t>(buffer.size(), to.value - from.value);
    const auto n = reader.read(from, std::span(buffer).first(static_cast<std::size_t>(want)));
    if (!n) return tl::unexpected(n.error());
    if (*n == 0) return tl::unexpected(StoreError{StoreError::Kind::not_found, "taken back"});
    digest.update(std::span(buffer).first(*n));
    from += Bytes{*n};
  }
  return to_hex(digest.finish());
}

/// Reads off the loop. `done`, which `call.if_wanted` made, is given an Error when those bytes are
/// not stored (any more).
template <class Done>
void make_digest(Call& call, const StoredRange& range, Done done) {
  auto& services = call.lane.services();
  auto reader = services.store.open(range.upload);
  if (!reader) {
    return services.loop.post(
        [done = std::move(done), none = StoreResult<std::string>(tl::unexpected(reader.error()))] {
          done(none);
        });
  }
  in_background(
      services.loop,
      [reader = *std::move(reader), range] { return digest_of(*reader, range.from, range.to); },
      std::move(done));
}

/// The answer to a query, and the digests that are still to be made for it: one at a time, so that
/// neither files nor threads pile up.
struct Listing : std::enable_shared_from_this<Listing> {
  using Ranges = std::vector<std::pair<std::size_t, StoredRange>>;  ///< by the entry in the answer
  Listing(Call& c, Json a, Ranges r) : call(c), answer(std::move(a)), ranges(std::move(r)) {}

  void step() {
    if (at == ranges.size()) return call.answer(reply_json(200, answer));
    const auto& [index, range] = ranges[at++];
    make_digest(call, range,
                call.if_wanted([self = shared_from_this(),
                                index = index](const StoreResult<std::string>& sha256) {
                  if (sha256) self->answer["entries"][index]["sha256"] = *sha256;
                  self->step();
                }));
  }

  Call& call;
  Json answer;
  Ranges ranges;
  std::size_t at = 0;
};

// ---- POST /_mock/journal/verify ----------------------------------------------------------------

// A client that wants to wait longer asks again.
constexpr Milliseconds longest_wait{std::chrono::minutes{5}};
constexpr std::size_t most_near = 5;
constexpr std::size_t most_matches = 100;

struct Expectation {
  JournalMatch match;
  std::vector<MatchCondition> conditions;  ///< of the match, one by one
  std::optional<std::uint64_t> exactly;
  std::optional<std::uint64_t> at_least;
  std::optional<std::uint64_t> at_most;
  std::optional<Milliseconds> within;

  [[nodiscard]] bool holds(std::uint64_t count) const {
    return (!exactly || count == *exactly) && (!at_least || count >= *at_least) &&
           (!at_most || count <= *at_most);
  }
  /// Whether the count cannot hold any more, as counts only grow.
  [[nodiscard]] bool hopeless(std::uint64_t count) const {
    return (exactly && count > *exactly) || (at_most && count > *at_most);
  }
  /// Whether exchanges that nobody remembers could change the answer.
  [[nodiscard]] bool has_upper_bound() const { return exactly || at_most; }
  [[nodiscard]] std::string text() const {
    std::vector<std::string> all;
    if (exactly) all.push_back(fmt::format("exactly {}", *exactly));
    if (at_least) all.push_back(fmt::format("at least {}", *at_least));
    if (at_most) all.push_back(fmt::format("at most {}", *at_most));
    return fmt::format("{}", fmt::join(all, " and "));
  }
};

Expectation read_expectation(const json::Cursor& root) {
  root.only({"match", "count", "within"});
  Expectation expected;
  expected.match = read_match(root.at("match"));
  expected.conditions = conditions_of(root.at("match"));
  if (const auto count = root.find("count")) {
    count->only({"exactly", "at_least", "at_most"});
    if (const auto n = count->find("exactly")) expected.exactly = n->unsigned_integer();
    if (const auto n = count->find("at_least")) expected.at_least = n->unsigned_integer();
    if (const auto n = count->find("at_most")) expected.at_most = n->unsigned_integer();
    if (expected.exactly && (expected.at_least || expected.at_most)) {
      count->fail("\"exactly\" goes with nothing else");
    }
    if (expected.at_least && expected.at_most && *expected.at_least > *expected.at_most) {
      count->fail("no count is at least the one and at most the other");
    }
    if (!expected.exactly && !expected.at_least && !expected.at_most) {
      count->fail("expected exactly, at_least or at_most");
    }
  } else {
    expected.at_least = 1;
  }
  if (const auto within = root.find("within")) {
    expected.within = within->unwrap(parse_duration(within->string()));
    if (*expected.within > longest_wait) within->fail("expected at most 5m");
  }
  return expected;
}

// ---- what came near

std::string words_of(const nlohmann::ordered_json& value, std::string_view between) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "none";
  if (!value.is_array()) return json::dump(value);
  std::vector<std::string> all;
  for (const auto& one : value) all.push_back(words_of(one, between));
  return all.empty() ? "none" : fmt::format("{}", fmt::join(all, between));
}

/// An entry, and what each condition of an expectation says of it.
struct Comparison {
  const JournalEntry* entry = nullptr;
  std::vector<bool> matched = {};
  std::ptrdiff_t failed = 0;
};

/// By the ordinal of their entry; nullopt: its bytes are not stored.
using Digests = std::map<std::uint64_t, std::optional<std::string>>;

/// The conditions at which entries fail.
class NearMisses {
 public:
  NearMisses(const Journal& journal, const Expectation& expected, const Digests& digests)
      : expected_(expected), digests_(digests) {
    MatchWork work;
    for (const auto& entry : journal.entries()) {
      // What came before "since" is not near: it was left out on purpose.
      if (entry.ordinal > expected.match.since) look_at(entry, work);
    }
    std::ranges::reverse(near_);
  }

  /// The exchanges that fail the fewest conditions, the latest first.
  [[nodiscard]] Json list() const {
    auto list = Json::array();
    for (const auto& one : near_) {
      if (list.size() == most_near) break;
      auto json = head_of(*one.entry);
      auto differs = Json::array();
      for (const auto& condition : conditions(one)) {
        if (condition.at("matched") == true) continue;
        differs.push_back(fmt::format("{} is {}, not {}", condition.at("field").get<std::string>(),
                                      words_of(condition.at("got"), ", "),
                                      words_of(condition.at("wanted"), " or ")));
      }
      json["differs"] = std::move(differs);
      list.push_back(std::move(json));
    }
    return list;
  }
  /// The first of them with all of its conditions; null: there is none.
  [[nodiscard]] Json nearest() const {
    if (near_.empty()) return nullptr;
    auto json = head_of(*near_.front().entry);
    json["conditions"] = conditions(near_.front());
    return json;
  }

 private:
  void look_at(const JournalEntry& entry, MatchWork& work) {
    Comparison one{&entry};
    for (const auto& condition : expected_.conditions) {
      one.matched.push_back(holds(condition.alone, entry, work));
    }
    one.failed = std::ranges::count(one.matched, false);
    if (one.failed == 0) return;
    if (!near_.empty() && one.failed > near_.front().failed) return;
    if (!near_.empty() && one.failed < near_.front().failed) near_.clear();
    near_.push_back(std::move(one));
  }
  [[nodiscard]] bool holds(const JournalMatch& alone, const JournalEntry& entry,
                           MatchWork& work) const {
    if (!alone.sha256) return alone.holds(entry, work);
    const auto made = digests_.find(entry.ordinal);
    return made != digests_.end() && made->second == alone.sha256;
  }
  [[nodiscard]] static Json head_of(const JournalEntry& entry) {
    return {{"ordinal", entry.ordinal},
            {"method", entry.method},
            {"target", entry.target},
            {"status", entry.status}};
  }
  [[nodiscard]] Json conditions(const Comparison& one) const {
    const auto entry = to_json(*one.entry);
    auto list = Json::array();
    for (std::size_t i = 0; i < expected_.conditions.size(); ++i) {
      const auto& condition = expected_.conditions[i];
      auto got = found_at(condition, entry);
      if (condition.alone.sha256) {
        const auto made = digests_.find(one.entry->ordinal);
        if (made != digests_.end() && made->second) got = *made->second;
      }
      list.push_back({{"field", condition.field},
                      {"wanted", condition.wanted},
                      {"got", std::move(got)},
                      {"matched", static_cast<bool>(one.matched[i])}});
    }
    return list;
  }

  const Expectation& expected_;
  const Digests& digests_;
  std::vector<Comparison> near_;
};

/// Counts matches, and goes on while it waits, so that it has seen what falls out of the journal
/// meanwhile. If a digest is asked for, it is made of each entry that matches otherwise, one after
/// the other.
class Verification : public std::enable_shared_from_this<Verification> {
 public:
  Verification(Call& call, Expectation expected)
      : call_(call), journal_(call.lane.journal()), expected_(std::move(expected)) {}

  void start() {
    call_.held = shared_from_this();
    incomplete_ = journal_.incomplete(expected_.match.since);
    for (const auto& entry : journal_.entries()) look_at(entry);
    if (expected_.within) {
      const std::weak_ptr<Verification> weak = weak_from_this();
      watch_ = journal_.watch([weak](const JournalEntry* entry) {
        if (const auto self = weak.lock()) self->on_change(entry);
      });
      timer_ = call_.lane.services().loop.after(*expected_.within, [weak] {
        if (const auto self = weak.lock()) self->on_time();
      });
    }
    go_on();
  }

 private:
  void look_at(const JournalEntry& entry) {
    if (!expected_.match.holds(entry, work_)) return;
    if (!expected_.match.sha256) return count(entry.ordinal);
    if (entry.received == Bytes{0}) return judge(entry.ordinal, digest_of_nothing());
    if (auto range = range_of(entry)) {
      waiting_.emplace_back(entry.ordinal, *std::move(range));
    } else {
      judge(entry.ordinal, std::nullopt);
    }
  }
  [[nodiscard]] static std::string digest_of_nothing() {
    return to_hex(Digest(DigestAlgorithm::sha256).finish());
  }
  void count(std::uint64_t ordinal) {
    ++count_;
    if (matches_.size() < most_matches) matches_.push_back(ordinal);
  }
  void judge(std::uint64_t ordinal, std::optional<std::string> digest) {
    if (digest == expected_.match.sha256) count(ordinal);
    if (!digest) ++unknown_;
    digests_[ordinal] = std::move(digest);
  }
  /// Answers, makes a digest, or waits for what comes.
  void go_on() {
    if (digesting_) return;
    if (expected_.hopeless(count_)) return answer_soon();
    if (waiting_.empty()) {
      if (decided() || time_is_up_ || !expected_.within) answer_soon();
      return;
    }
    auto [ordinal, range] = std::move(waiting_.front());
    waiting_.pop_front();
    digesting_ = true;
    make_digest(call_, range,
                call_.if_wanted([self = shared_from_this(), ordinal = ordinal,
                                 round = round_](const StoreResult<std::string>& sha256) {
                  self->digesting_ = false;
                  // Unless the entry was cleared meanwhile.
                  if (round == self->round_) {
                    self->judge(ordinal, sha256 ? std::optional(*sha256) : std::nullopt);
                  }
                  self->go_on();
                }));
  }
  /// Whether what is not known could change the answer.
  [[nodiscard]] bool in_doubt() const {
    return expected_.has_upper_bound() && (incomplete_ || unknown_ > 0 || work_.gave_up);
  }
  [[nodiscard]] bool ok() const { return expected_.holds(count_) && !in_doubt(); }
  [[nodiscard]] bool decided() const {
    return ok() || expected_.hopeless(count_) || (expected_.has_upper_bound() && incomplete_);
  }
  void on_change(const JournalEntry* entry) {
    if (entry != nullptr) {
      look_at(*entry);
    } else {
      ++round_;
      count_ = unknown_ = 0;
      matches_.clear();
      waiting_.clear();
      digests_.clear();
    }
    go_on();
  }
  void on_time() {
    time_is_up_ = true;
    go_on();
  }
  /// Posted: the watch or the timer that calls this is destroyed with the call.
  void answer_soon() {
    if (std::exchange(answering_, true)) return;
    call_.lane.services().loop.post(
        call_.if_wanted([self = shared_from_this()] { self->answer(); }));
  }
  [[nodiscard]] std::string why() const {
    if (incomplete_ && expected_.has_upper_bound()) {
      return "older exchanges fell out of the journal, so the count is a lower bound: DELETE "
             "/_mock/journal before the test, or give \"since\"";
    }
    if (unknown_ > 0) {
      return fmt::format(
          "of {} exchanges that match otherwise the bytes are not stored, so that they have no "
          "digest: ask before uploads are removed, of a store that keeps bytes, and for "
          "\"status\": "
          "\"2xx\"",
          unknown_);
    }
    if (work_.gave_up) {
      return "a regular expression takes too long on some text, and so does not match it";
    }
    return {};
  }
  void answer() {
    Json json{{"ok", ok()},
              {"expected", expected_.text()},
              {"count", count_},
              {"matches", matches_},
              {"dropped", journal_.dropped()}};
    if (!ok()) {
      if (auto reason = why(); !reason.empty()) json["why"] = std::move(reason);
      const NearMisses near(journal_, expected_, digests_);
      json["near"] = near.list();
      if (auto nearest = near.nearest(); !nearest.is_null()) json["near_miss"] = nearest;
    }
    call_.answer(reply_json(200, json));
  }

  Call& call_;
  Journal& journal_;
  Expectation expected_;
  MatchWork work_;
  std::uint64_t count_ = 0;
  std::uint64_t unknown_ = 0;  ///< how many that match otherwise have no digest
  std::vector<std::uint64_t> matches_;
  std::deque<std::pair<std::uint64_t, StoredRange>> waiting_;  ///< for their digest
  Digests digests_;
  std::uint64_t round_ = 0;  ///< how often the journal was cleared
  bool incomplete_ = false;
  bool digesting_ = false;
  bool time_is_up_ = false;
  bool answering_ = false;
  std::unique_ptr<Journal::Watch> watch_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace

void list_journal(Call& call) {
  const auto query = parse_journal_query(call.request.query);
  if (!query) return call.answer(reply_error(400, query.error()));
  const auto& journal = call.lane.journal();
  std::vector<const JournalEntry*> found;
  for (const auto& entry : journal.entries()) {
    if (query->match.holds(entry)) found.push_back(&entry);
  }
  const bool more = found.size() > query->limit;
  if (more && query->forward) found.resize(query->limit);
  if (more && !query->forward) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(query->limit));
  }
  auto entries = Json::array();
  Listing::Ranges ranges;
  for (const auto* entry : found) {
    entries.push_back(to_json(*entry));
    if (!query->digests) continue;
    entries.back()["sha256"] = nullptr;
    if (auto range = range_of(*entry)) ranges.emplace_back(entries.size() - 1, *std::move(range));
  }
  // Where the next query may go on with "since".
  const auto last = more && query->forward ? found.back()->ordinal : journal.last();
  Json answer{{"entries", std::move(entries)},
              {"last", last},
              {"more", more},
              {"dropped", journal.dropped()}};
  std::make_shared<Listing>(call, std::move(answer), std::move(ranges))->step();
}

void clear_journal(Call& call) {
  call.lane.journal().clear();
  Reply reply;
  reply.status = 204;
  call.answer(std::move(reply));
}

void verify_journal(Call& call) {
  auto expected = decode_body(call, read_expectation);
  if (!expected) return;
  std::make_shared<Verification>(call, *std::move(expected))->start();
}

}  // namespace mock::control
