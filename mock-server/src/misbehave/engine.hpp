// What all requests of a lane share: the rules, their counts, marks, and lies that outlast a
// request. Private to this room.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "misbehave/facts.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "misbehave/near_miss.hpp"
#include "misbehave/ruled_store.hpp"
#include "services.hpp"

namespace mock {
class Lease;
}

namespace mock::misbehave {

/// The order in which conditions are looked at: the later the first one that fails, the nearer the
/// request came to the rule.
enum Rank : int {
  at_lane,
  at_time,
  at_wire_method,
  at_path,
  at_header,
  at_metadata,
  at_upload,
  at_body,
  at_reply,
  at_mark,
  at_count,
  at_chance
};

/// How many replies are kept: enough for any test, and little memory in a load run.
inline constexpr std::size_t kept_reply_limit = 1000;

/// How many marks survive a restart. It is bounded, as each further one has all of them written.
inline constexpr std::size_t lasting_mark_limit = 1000;

/// A copy of the reply. A small body is read into it, so that no file stays open; a longer one
/// keeps its source.
[[nodiscard]] inline Reply to_keep(const Reply& reply) {
  auto copy = reply;
  if (!copy.source) return copy;
  if (auto body = small_body_of(copy)) {
    copy.body = *std::move(body);
    copy.source.reset();
  }
  return copy;
}

/// A rule that is loaded, and what became of it. A request keeps those it began with.
struct ActiveRule {
  Rule rule;
  std::string misbehaviour;  ///< the name it was loaded under
  Moment moment = Moment::request;
  std::int64_t order = 0;     ///< the lowest wins
  TimePoint since;            ///< loaded, or counted from zero again
  bool by_luck = false;       ///< something of it is left to chance
  bool asks_upload = false;   ///< it has conditions on an upload
  bool keeps_upload = false;  ///< asks for the upload's state as it was when the request came
  const RuleOptions* options = nullptr;  ///< the engine's

  struct Counts {
    std::uint64_t matched = 0;
    std::uint64_t fired = 0;
    std::uint64_t gave_up = 0;
    std::unordered_map<std::string, std::uint64_t> by_key;
    Tallies apart;
    int nearest_rank = -1;
    const std::string* nearest_miss = nullptr;
    const std::string* gate_miss = nullptr;  ///< the same, found by the index alone
    bool untold = false;                   ///< the last miss is the nearest, and not described yet
    std::uint64_t told = 0;                ///< how many misses of that rank were described
    std::unique_ptr<NearMiss> nearest;     ///< the last of these
    std::map<std::string, Reply> replies;  ///< to be replayed; by target
  } counts;
  InFlight in_flight;  ///< requests under way; a reset of the counts leaves it alone

  /// What was kept for that target; nullptr: nothing yet, so `reply` is kept now.
  Reply* kept_reply(const std::string& target, const Reply& reply) {
    if (const auto found = counts.replies.find(target); found != counts.replies.end())
      return &found->second;
    if (counts.replies.size() < kept_reply_limit) counts.replies.emplace(target, to_keep(reply));
    return nullptr;
  }
  [[nodiscard]] bool exhausted() const { return rule.times && counts.fired >= *rule.times; }
  /// A regular expression of the rule took too long. Warns the first time.
  void give_up();
  void miss(int rank, const std::string& condition) {
    counts.untold = rank >= counts.nearest_rank;
    if (!counts.untold) return;
    if (rank > counts.nearest_rank) {
      counts.told = 0;
      counts.nearest.reset();
    }
    counts.nearest_rank = rank;
    counts.nearest_miss = &condition;
  }
  /// Where to describe the miss that was noted just now; nullptr: it is not worth describing.
  [[nodiscard]] NearMiss* nearest() {
    if (!std::exchange(counts.untold, false) || counts.told >= told_limit) return nullptr;
    ++counts.told;
    counts.nearest = std::make_unique<NearMiss>();
    return counts.nearest.get();
  }
};

/// Looks at the conditions of a rule one after the other, up to the first that fails, which it
/// notes; or, with `into`, to the end, and describes what each found.
class Look {
 public:
  explicit Look(ActiveRule& active, NearMiss* into = nullptr) : active_(active), into_(into) {}
  /// Whether to go on. `got` gives what was found, as JSON.
  template <class Got>
  bool at(Rank rank, const std::string& condition, Where place, bool holds, const Got& got) {
    if (into_ != nullptr) {
      into_->add(place, got(), holds);
      return true;
    }
    if (!holds) active_.miss(rank, condition);
    return holds;
  }
  [[nodiscard]] bool tells() const { return into_ != nullptr; }
  [[nodiscard]] ActiveRule& active() const { return active_; }

 private:
  ActiveRule& active_;
  NearMiss* into_;
};

/// A rule that fired, and the drawing that decides what of it is left to chance.
struct Fired {
  ActiveRule* active = nullptr;
  std::uint64_t drawing = 0;
  Milliseconds wait{0};  ///< until its rate lets another one pass
  [[nodiscard]] const Then& then() const { return active->rule.then; }
};

/// A rule whose conditions hold so far.
struct Pending {
  ActiveRule* active = nullptr;
  Moment due = Moment::request;
  Bytes stop{};            ///< the body position at which it is due
  bool completes = false;  ///< the upload has to be complete by then
};

/// Whether all conditions hold that are known before the body. If so, `pending` says when the
/// others will be known.
[[nodiscard]] bool holds_so_far(const Facts& facts, Pending& pending);
[[nodiscard]] bool arrival_holds(Look& look, const ArrivalConditions& wanted, const Facts& facts);
/// The conditions on parts and on other uploads.
[[nodiscard]] bool relations_hold(Look& look, const Facts& facts);
[[nodiscard]] bool reply_holds(ActiveRule& active, const Facts& facts, const Reply& reply);
/// Conditions that need no request: lane, time, upload, metadata; and the effect, if there is one.
[[nodiscard]] bool circumstances_hold(ActiveRule& active, const Facts& facts,
                                      const Effect* effect = nullptr);
/// Only rules that judge `server_name` look at it. nullopt: there is none, or it is not known yet.
[[nodiscard]] bool connection_holds(ActiveRule& active, const Facts& facts, std::uint64_t ordinal,
                                    std::optional<std::string_view> server_name);
/// Describes the miss that a rule has just noted, if it is the nearest: what each condition found.
/// `reply` may be null.
void tell_nearest(ActiveRule& active, const Facts& facts, const Reply* reply = nullptr);

/// The loaded rules, indexed so that those which do not match cost little (docs/decisions/0035).
/// Rules are only ever added to a set; removing some makes another set. A request keeps the set it
/// began with, and so its rules.
class RuleSet {
 public:
  using Rules = std::vector<std::shared_ptr<ActiveRule>>;
  RuleSet();
  explicit RuleSet(Rules by_order);
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  /// Adds a rule behind the others, at a cost that does not grow with them.
  void append(std::shared_ptr<ActiveRule> active);
  [[nodiscard]] const Rules& rules() const { return rules_; }
  /// The rules whose conditions hold as far as they are known before the body, by order.
  [[nodiscard]] std::vector<Pending> holding(const Facts& facts);
  [[nodiscard]] const std::vector<ActiveRule*>& connection_rules() const { return connections_; }
  /// The rules about effects, and about deliveries that succeeded.
  [[nodiscard]] const std::vector<ActiveRule*>& effect_rules() const { return effects_; }
  [[nodiscard]] bool replays(const std::string& mark) const { return replayed_.contains(mark); }

 private:
  using Candidates = std::vector<ActiveRule*>;
  struct Gate;
  struct Group;
  struct Groups;
  struct Scale;
  struct Cell;
  static constexpr std::size_t method_count = 9;
  struct Row {
    Route route;
    std::array<std::unique_ptr<Cell>, method_count> cells;
  };

  [[nodiscard]] Row& row_of(Route route);
  void catch_up(Cell& cell, Route route, std::size_t method) const;

  Rules rules_;
  /// The index, by route and method. The first request that needs a cell makes it, or adds the
  /// rules that are new to it.
  std::vector<Row> rows_;
  std::vector<ActiveRule*> connections_;
  std::vector<ActiveRule*> effects_;
  std::set<std::string> replayed_;
};

class Engine {
 public:
  Engine(RuleOptions options, Services& services);
  ~Engine();

  Result<void> add(std::vector<Misbehaviour> misbehaviours, Place place);
  [[nodiscard]] std::string free_name() const;
  bool remove(const std::string& name);
  void clear();
  void reset_counts();

  [[nodiscard]] bool empty() const { return set_->rules().empty(); }
  [[nodiscard]] const std::shared_ptr<RuleSet>& set() const { return set_; }

  /// For a rule whose other conditions hold: asks for marks and counts, counts the match, decides
  /// by chance, and counts the firing. `upload` is the id that the request names or has made, or
  /// empty.
  [[nodiscard]] std::optional<Fired> fire(ActiveRule& active, const Facts& facts,
                                          const std::string& upload);
  /// Someone unknown holds the lock of `upload` for a while, at once or once its writer lets go.
  void lock(const std::string& upload, const UploadEdit& edit);
  /// Uploads that carry the mark, by id.
  [[nodiscard]] std::vector<std::string> marked(const std::string& mark) const;
  /// The lane's clock was moved.
  void catch_up();

  /// Keeps the reply if a rule may replay it: the one to the request that set `mark`.
  void keep_reply(const std::string& mark, const std::string& upload, const Reply& reply);
  [[nodiscard]] const Reply* kept_reply(const std::string& mark, const std::string& upload) const;

  /// Notes, for rules about effects, which upload was delivered to `target` last.
  void note_delivery(const std::string& target, const std::string& upload);
  /// nullopt: none was, or it was `upload` itself.
  [[nodiscard]] std::optional<std::string> delivered_before(const std::string& target,
                                                            const std::string& upload) const;

  [[nodiscard]] RulePage report(std::int64_t from, std::size_t most, const std::string& name) const;
  [[nodiscard]] Illusions& illusions() { return illusions_; }
  [[nodiscard]] const RuleOptions& options() const { return options_; }
  [[nodiscard]] Services& services() { return services_; }

 private:
  using Marked = std::pair<std::string, std::string>;  ///< mark, upload id or ""
  struct Held;

  [[nodiscard]] static bool counts_enough(ActiveRule& active, const std::string& key, TimePoint now,
                                          Milliseconds& wait);
  [[nodiscard]] static bool chosen(const ActiveRule& active, std::uint64_t matched,
                                   std::uint64_t drawing);
  [[nodiscard]] std::string client_key(const Facts& facts) const;
  void forget_all();
  /// If the rule left the listener unanswered, that ends with the rule.
  void answer_again(const ActiveRule& active) const;
  void hold(const std::string& upload, TimePoint until, bool survives);
  void await_end(const std::string& upload);
  void let_go_when_over(const std::string& upload);
  [[nodiscard]] bool another_marked(const std::string& mark, const std::string& upload) const;
  void recall();
  void keep_if(bool changed) const;

  void replace(RuleSet::Rules rules);
  [[nodiscard]] Result<void> check_room(const std::vector<Misbehaviour>& added) const;
  void warn_of_bytes(const Rule& rule) const;
  void count_in(const ActiveRule& active);
  void count_out(const ActiveRule& active);

  RuleOptions options_;
  Services& services_;
  std::shared_ptr<RuleSet> set_ = std::make_shared<RuleSet>();
  LoadedNames loaded_;                                      ///< of the rules in set_
  std::size_t text_ = 0;                                    ///< bytes of JSON of the rules in set_
  std::unordered_map<std::uint64_t, std::size_t> numbers_;  ///< N of "rule-N": names that have it
  std::uint64_t free_number_ = 1;                           ///< the lowest that is in no name
  std::set<Marked> marks_;
  std::set<Marked> lasting_marks_;  ///< of these, those that survive a restart
  std::map<Marked, Reply> kept_replies_;
  std::map<std::string, std::string> last_delivered_;  ///< by target
  std::map<std::string, std::unique_ptr<Held>> held_;  ///< locks, by upload
  Illusions illusions_;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
};

/// One request's companion. `engine` and the services outlive it.
[[nodiscard]] std::unique_ptr<Intercept> make_rule_intercept(Engine& engine, Services& services,
                                                             Facts facts,
                                                             std::vector<Pending> rules);

}  // namespace mock::misbehave
