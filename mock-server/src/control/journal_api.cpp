// /_mock/journal: what was asked and answered, and whether it is what a test expects.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
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

/// What a digest is to be made of: the stored bytes [from, to).
struct Range {
  std::size_t index = 0;  ///< of the entry in the answer
  std::string upload;
  Bytes from;
  Bytes to;
};

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

/// The answer to a query, and the digests that are still to be made for it: one at a time, off the
/// loop, so that neither files nor threads pile up.
struct Listing : std::enable_shared_from_this<Listing> {
  Listing(Call& c, Json a, std::vector<Range> r)
      : call(c), answer(std::move(a)), ranges(std::move(r)) {}

  void step() {
    if (at == ranges.size()) return call.answer(reply_json(200, answer));
    const Range& range = ranges[at++];
    auto& services = call.lane.services();
    auto reader = services.store.open(range.upload);
    if (!reader) {
      return services.loop.post(call.if_wanted([self = shared_from_this()] { self->step(); }));
    }
    in_background(
        services.loop,
        [reader = *std::move(reader), range] { return digest_of(*reader, range.from, range.to); },
        call.if_wanted([self = shared_from_this(),
                        index = range.index](const StoreResult<std::string>& sha256) {
          if (sha256) self->answer["entries"][index]["sha256"] = *sha256;
          self->step();
        }));
  }

  Call& call;
  Json answer;
  std::vector<Range> ranges;
  std::size_t at = 0;
};

// ---- POST /_mock/journal/verify ----------------------------------------------------------------

// Longer waits are a client's own to repeat.
constexpr Milliseconds longest_wait{std::chrono::minutes{5}};
constexpr std::size_t most_near = 5;
constexpr std::size_t most_matches = 100;

struct Expectation {
  JournalMatch match;
  std::optional<std::uint64_t> exactly;
  std::optional<std::uint64_t> at_least;
  std::optional<std::uint64_t> at_most;
  std::optional<Milliseconds> within;

  [[nodiscard]] bool holds(std::uint64_t count) const {
    return (!exactly || count == *exactly) && (!at_least || count >= *at_least) &&
           (!at_most || count <= *at_most);
  }
  /// Counts only grow.
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

/// The exchanges that fail the fewest conditions, the latest first.
Json near_misses(const Journal& journal, const JournalMatch& match) {
  struct Near {
    const JournalEntry* entry;
    std::vector<std::string> differences;
  };
  std::vector<Near> near;
  for (const auto& entry : journal.entries()) {
    // What came before "since" is not near: it was left out on purpose.
    if (entry.ordinal <= match.since || match.holds(entry)) continue;
    auto differences = match.differences(entry);
    if (!near.empty() && differences.size() > near.front().differences.size()) continue;
    if (!near.empty() && differences.size() < near.front().differences.size()) near.clear();
    near.push_back({&entry, std::move(differences)});
  }
  auto list = Json::array();
  for (auto one = near.rbegin(); one != near.rend() && list.size() < most_near; ++one) {
    list.push_back({{"ordinal", one->entry->ordinal},
                    {"method", one->entry->method},
                    {"target", one->entry->target},
                    {"status", one->entry->status},
                    {"differs", one->differences}});
  }
  return list;
}

/// Counts, and goes on counting while it waits: what falls out of the journal meanwhile has been
/// seen.
class Verification : public std::enable_shared_from_this<Verification> {
 public:
  Verification(Call& call, Expectation expected)
      : call_(call), journal_(call.lane.journal()), expected_(std::move(expected)) {}

  void start() {
    for (const auto& entry : journal_.entries()) count(entry);
    incomplete_ = journal_.incomplete(expected_.match.since);
    if (decided() || !expected_.within) return answer();
    const std::weak_ptr<Verification> weak = weak_from_this();
    watch_ = journal_.watch([weak](const JournalEntry* entry) {
      if (const auto self = weak.lock()) self->on_change(entry);
    });
    timer_ = call_.lane.services().loop.after(*expected_.within, [weak] {
      if (const auto self = weak.lock()) self->answer_soon();
    });
    call_.held = shared_from_this();
  }

 private:
  void count(const JournalEntry& entry) {
    if (!expected_.match.holds(entry)) return;
    ++count_;
    if (matches_.size() < most_matches) matches_.push_back(entry.ordinal);
  }
  [[nodiscard]] bool ok() const {
    return expected_.holds(count_) && !(incomplete_ && expected_.has_upper_bound());
  }
  [[nodiscard]] bool decided() const {
    return ok() || expected_.hopeless(count_) || (incomplete_ && expected_.has_upper_bound());
  }
  void on_change(const JournalEntry* entry) {
    if (entry != nullptr) {
      count(*entry);
    } else {
      count_ = 0;
      matches_.clear();
    }
    if (decided()) answer_soon();
  }
  /// Not from inside the watch or the timer, which go with the call.
  void answer_soon() {
    if (std::exchange(answering_, true)) return;
    call_.lane.services().loop.post(
        call_.if_wanted([self = shared_from_this()] { self->answer(); }));
  }
  void answer() {
    Json json{{"ok", ok()},
              {"expected", expected_.text()},
              {"count", count_},
              {"matches", matches_},
              {"dropped", journal_.dropped()}};
    if (incomplete_ && expected_.has_upper_bound()) {
      json["why"] =
          "older exchanges fell out of the journal, so the count is a lower bound: DELETE "
          "/_mock/journal before the test, or give \"since\"";
    }
    if (!ok()) json["near"] = near_misses(journal_, expected_.match);
    call_.answer(reply_json(200, json));
  }

  Call& call_;
  Journal& journal_;
  Expectation expected_;
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> matches_;
  bool incomplete_ = false;
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
  std::vector<Range> ranges;
  for (const auto* entry : found) {
    entries.push_back(to_json(*entry));
    if (!query->digests) continue;
    entries.back()["sha256"] = nullptr;
    if (entry->received > Bytes{0} && !entry->upload.empty() && entry->offset_before &&
        entry->offset_after && *entry->offset_before < *entry->offset_after) {
      ranges.push_back(
          {entries.size() - 1, entry->upload, *entry->offset_before, *entry->offset_after});
    }
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
