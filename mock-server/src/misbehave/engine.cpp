#include "misbehave/engine.hpp"

#include <algorithm>
#include <charconv>
#include <exception>

#include "misbehave/action.hpp"
#include "misbehave/chance.hpp"
#include "misbehave/lasting.hpp"
#include "misbehave/load.hpp"
#include "protocol/units.hpp"
#include "store/locks.hpp"

namespace mock::misbehave {
namespace {

const std::string no_request = "no request had its method and route";
const std::string no_connection = "no connection came to a listener of this lane";
const std::string no_effect = "nothing of that kind was about to happen";
const std::string mark_text = "needs: the mark was not set";
const std::string other_mark_text = "upload others marked";
const std::string rate_text = "rate: not that many came in the time";
const std::string concurrent_text = "concurrent: not that many at once";
const std::string chance_text = "nth, every or probability";

const std::string& never_asked(Moment moment) {
  switch (moment) {
    case Moment::connection:
      return no_connection;
    case Moment::effect:
    case Moment::delivered:
      return no_effect;
    default:
      return no_request;
  }
}

bool left_to_chance(const Rule& rule) {
  return rule.when.chance.probability < 1 || axes_of(rule.then).left_to_chance();
}

const std::string number_prefix = "rule-";

/// N of a name "rule-N", as `free_name` makes them.
std::optional<std::uint64_t> number_in(std::string_view name) {
  if (!name.starts_with(number_prefix)) return std::nullopt;
  name.remove_prefix(number_prefix.size());
  std::uint64_t number = 0;
  const auto* const end = name.data() + name.size();
  const auto [last, error] = std::from_chars(name.data(), end, number);
  const bool plain = error == std::errc{} && last == end && number > 0 && name.front() != '0';
  return plain ? std::optional{number} : std::nullopt;
}

RuleReport report_of(const ActiveRule& active) {
  const auto& counts = active.counts;
  RuleReport report;
  report.name = active.rule.name;
  report.misbehaviour = active.misbehaviour;
  report.json = active.rule.json;
  report.matched = counts.matched;
  report.fired = counts.fired;
  report.exhausted = active.exhausted();
  report.gave_up = counts.gave_up;
  if (report.fired > 0) return report;
  const auto* const miss = counts.nearest_miss != nullptr ? counts.nearest_miss : counts.gate_miss;
  report.near_miss = miss != nullptr ? *miss : never_asked(active.moment);
  if (counts.nearest) report.nearest = told(*counts.nearest, active.rule.json);
  return report;
}

Result<void> check_control(const std::vector<Misbehaviour>& misbehaviours) {
  for (const auto& misbehaviour : misbehaviours)
    for (const auto& rule : misbehaviour.rules)
      if (rule.acts_on_connections() && !rule.control)
        return failure("rule '" + rule.name + "'",
                       "acts on connections of the listener that serves /_mock/ too, so that it "
                       "could keep you from taking it away",
                       "start the server with --control HOST:PORT, or say \"control\": true in the "
                       "rule");
  return {};
}

}  // namespace

void ActiveRule::give_up() {
  if (counts.gave_up++ > 0 || options == nullptr || !options->warn) return;
  options->warn("rule '" + rule.name +
                "': a regular expression takes too long on some text, and so does not match it");
}

/// A lock that someone unknown holds for a while, by the lane's clock.
struct Engine::Held {
  TimePoint until;
  bool survives = false;
  std::unique_ptr<Lease> lease;
  std::unique_ptr<Timer> timer;
};

Engine::Engine(RuleOptions options, Services& services)
    : options_(std::move(options)), services_(services) {
  recall();
}
Engine::~Engine() = default;

Result<void> Engine::check_room(const std::vector<Misbehaviour>& added) const {
  std::size_t count = set_->rules().size();
  std::size_t text = text_;
  for (const auto& misbehaviour : added) {
    count += misbehaviour.rules.size();
    for (const auto& rule : misbehaviour.rules) text += rule.json.size();
  }
  if (count > rule_limit)
    return failure("rules",
                   "a lane has at most " + std::to_string(rule_limit) +
                       ", and these would make it " + std::to_string(count),
                   "take away those that are not needed");
  if (text > rule_text_limit.value)
    return failure("rules",
                   "a lane has at most " + to_string(rule_text_limit) +
                       " of them, and these would make it " + to_string(Bytes{text}),
                   "take away those that are not needed");
  return {};
}

void Engine::count_in(const ActiveRule& active) {
  const auto& rule = active.rule;
  loaded_.rules.insert(rule.name);
  if (rule.sets) ++loaded_.marks[*rule.sets];
  text_ += rule.json.size();
  for (const auto* name : {&rule.name, &active.misbehaviour})
    if (const auto number = number_in(*name)) ++numbers_[*number];
  while (numbers_.contains(free_number_)) ++free_number_;
}

void Engine::count_out(const ActiveRule& active) {
  const auto& rule = active.rule;
  loaded_.rules.erase(rule.name);
  if (rule.sets && --loaded_.marks[*rule.sets] == 0) loaded_.marks.erase(*rule.sets);
  text_ -= rule.json.size();
  for (const auto* name : {&rule.name, &active.misbehaviour}) {
    const auto number = number_in(*name);
    if (!number || --numbers_[*number] > 0) continue;
    numbers_.erase(*number);
    free_number_ = std::min(free_number_, *number);
  }
}

Result<void> Engine::add(std::vector<Misbehaviour> misbehaviours, Place place) {
  if (options_.control_at_stake)
    if (auto checked = check_control(misbehaviours); !checked) return checked;
  if (auto room = check_room(misbehaviours); !room) return room;
  std::vector<const Rule*> all;
  for (const auto& misbehaviour : misbehaviours)
    for (const auto& rule : misbehaviour.rules) all.push_back(&rule);
  if (auto fit = fit_together(all, loaded_); !fit) return fit;

  const auto& present = set_->rules();
  const bool first = place == Place::first && !present.empty();
  auto order = present.empty() ? 0
               : first         ? present.front()->order - static_cast<std::int64_t>(all.size())
                               : present.back()->order + 1;
  RuleSet::Rules added;
  for (auto& misbehaviour : misbehaviours) {
    for (auto& rule : misbehaviour.rules) {
      auto active = std::make_shared<ActiveRule>();
      active->rule = std::move(rule);
      active->misbehaviour = misbehaviour.name;
      active->moment = active->rule.moment();
      active->options = &options_;
      active->order = order++;
      active->since = services_.loop.now();
      active->by_luck = left_to_chance(active->rule);
      active->asks_upload = active->rule.when.upload.any();
      // Chance depends on the upload's metadata.
      active->keeps_upload = active->by_luck || names_state(active->rule);
      count_in(*active);
      warn_of_bytes(active->rule);
      added.push_back(std::move(active));
    }
  }
  if (first) {
    added.insert(added.end(), present.begin(), present.end());
    replace(std::move(added));
  } else {
    for (auto& active : added) set_->append(std::move(active));
  }
  return {};
}

void Engine::warn_of_bytes(const Rule& rule) const {
  if (options_.keeps_bytes || !options_.warn) return;
  const auto& then = rule.then;
  if (std::ranges::any_of(then.actions, [&](const auto* act) { return act->needs_bytes(then); }))
    options_.warn("rule '" + rule.name +
                  "': changes bytes that are stored, and this store keeps none: use --store memory "
                  "or a folder");
}

std::string Engine::free_name() const { return number_prefix + std::to_string(free_number_); }

bool Engine::remove(const std::string& name) {
  auto rules = set_->rules();
  const auto removed = std::erase_if(rules, [&](const auto& active) {
    const bool named = active->misbehaviour == name || active->rule.name == name;
    if (named) count_out(*active);
    if (named) answer_again(*active);
    return named;
  });
  if (removed > 0) replace(std::move(rules));
  return removed > 0;
}

void Engine::replace(RuleSet::Rules rules) {
  constexpr std::size_t many = 256;
  auto former = std::exchange(set_, std::make_shared<RuleSet>(std::move(rules)));
  // Freeing thousands of expressions takes a while.
  if (former->rules().size() > many)
    services_.loop.background([gone = std::move(former)]() mutable { gone.reset(); },
                              [](const std::exception_ptr&) {});
}

void Engine::answer_again(const ActiveRule& active) const {
  const auto& server = active.rule.then.server;
  const bool silent = server && server->unanswered && active.counts.fired > 0;
  if (silent && options_.answer_again) options_.answer_again();
}

void Engine::clear() {
  for (const auto& active : set_->rules()) answer_again(*active);
  replace({});
  loaded_ = {};
  text_ = 0;
  numbers_.clear();
  free_number_ = 1;
  forget_all();
}

void Engine::reset_counts() {
  auto rules = set_->rules();
  replace(rules);
  for (const auto& active : rules) {
    answer_again(*active);
    active->counts = {};
    active->since = services_.loop.now();
  }
  forget_all();
}

void Engine::forget_all() {
  marks_.clear();
  kept_replies_.clear();
  last_delivered_.clear();
  const bool lasted = !lasting_marks_.empty() || std::ranges::any_of(held_, [](const auto& one) {
    return one.second->survives;
  });
  lasting_marks_.clear();
  held_.clear();
  illusions_ = {};
  keep_if(lasted);
}

std::string Engine::client_key(const Facts& facts) const {
  const auto* attributes = facts.attributes();
  return attributes != nullptr ? attributes->chosen(options_.server_metadata) : std::string{};
}

bool Engine::chosen(const ActiveRule& active, std::uint64_t matched, std::uint64_t drawing) {
  const auto& chance = active.rule.when.chance;
  if (!chance.nth.empty() && std::ranges::count(chance.nth, matched) == 0) return false;
  if (matched % chance.every != 0) return false;
  return chance.probability >= 1 || fraction(drawing, "fires") < chance.probability;
}

bool Engine::counts_enough(ActiveRule& active, const std::string& key, TimePoint now,
                           Milliseconds& wait) {
  const auto& counting = active.rule.when.counting;
  if (counting.concurrent_above) {
    const auto found = active.in_flight.find(key);
    if (found == active.in_flight.end() || found->second <= *counting.concurrent_above) {
      active.miss(at_count, concurrent_text);
      return false;
    }
  }
  if (!counting.rate) return true;
  const auto above = active.counts.apart.of(key).above(*counting.rate, now);
  if (!above) active.miss(at_count, rate_text);
  wait = above.value_or(wait);
  return above.has_value();
}

std::optional<Fired> Engine::fire(ActiveRule& active, const Facts& facts,
                                  const std::string& upload) {
  const auto& rule = active.rule;
  if (active.exhausted()) return std::nullopt;
  const auto& others = rule.when.upload.others;
  if (others && others->marked && !another_marked(*others->marked, upload)) {
    active.miss(at_mark, other_mark_text);
    return std::nullopt;
  }
  if (rule.needs && !marks_.contains({*rule.needs, upload}) &&
      !marks_.contains({*rule.needs, {}})) {
    active.miss(at_mark, mark_text);
    return std::nullopt;
  }
  const auto& counting = rule.when.counting;
  const auto counted = counting.key(facts, upload);
  Milliseconds wait{0};
  if (!counts_enough(active, counted, services_.loop.now(), wait)) return std::nullopt;
  const auto all = ++active.counts.matched;
  const auto matched = counting.per == Per::lane ? all : ++active.counts.apart.of(counted).matched;
  std::uint64_t drawing = 0;
  if (active.by_luck) {
    const auto key = client_key(facts);
    drawing = draw(options_.seed, rule.name, facts.lane(), key, ++active.counts.by_key[key]);
  }
  if (!chosen(active, matched, drawing)) {
    active.miss(at_chance, chance_text);
    return std::nullopt;
  }
  ++active.counts.fired;
  if (rule.sets) marks_.insert({*rule.sets, upload});
  if (rule.sets && rule.survives_restart && lasting_marks_.size() < lasting_mark_limit)
    keep_if(lasting_marks_.insert({*rule.sets, upload}).second);
  if (options_.fired) options_.fired(rule.name, upload);
  return Fired{&active, drawing, wait};
}

void Engine::lock(const std::string& upload, const UploadEdit& edit) {
  const auto until = services_.loop.now() + *edit.lock;
  const bool survives = edit.lock_survives;
  if (!services_.locks.locked(upload)) {
    hold(upload, until, survives);
    return keep_if(survives);
  }
  // The writer is the request itself, which lets go when it is over.
  services_.loop.post([this, alive = std::weak_ptr<const bool>(alive_), upload, until, survives] {
    if (alive.expired() || services_.locks.locked(upload)) return;
    hold(upload, until, survives);
    keep_if(survives);
  });
}

void Engine::hold(const std::string& upload, TimePoint until, bool survives) {
  auto held = std::make_unique<Held>();
  held->until = until;
  held->survives = survives;
  held->lease = services_.locks.acquire(upload, [] {});
  held_[upload] = std::move(held);
  await_end(upload);
}

/// The timer goes by real time, and the lane's clock by itself is never faster. When the clock
/// stands still, or was set back, the end is awaited anew.
void Engine::await_end(const std::string& upload) {
  auto& held = *held_.at(upload);
  const auto left = std::chrono::ceil<Milliseconds>(held.until - services_.loop.now());
  held.timer = services_.loop.after(std::max(Milliseconds{0}, left), [this, upload] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    services_.loop.post([this, alive = std::weak_ptr<const bool>(alive_), upload] {
      if (!alive.expired()) let_go_when_over(upload);
    });
  });
}

void Engine::let_go_when_over(const std::string& upload) {
  const auto at = held_.find(upload);
  if (at == held_.end()) return;
  if (services_.loop.now() < at->second->until) return await_end(upload);
  const bool survives = at->second->survives;
  held_.erase(at);
  keep_if(survives);
}

void Engine::catch_up() {
  std::vector<std::string> uploads;
  for (const auto& [upload, held] : held_) uploads.push_back(upload);
  for (const auto& upload : uploads) let_go_when_over(upload);
}

std::vector<std::string> Engine::marked(const std::string& mark) const {
  std::vector<std::string> uploads;
  for (auto at = marks_.lower_bound({mark, {}}); at != marks_.end() && at->first == mark; ++at)
    if (!at->second.empty()) uploads.push_back(at->second);
  return uploads;
}

bool Engine::another_marked(const std::string& mark, const std::string& upload) const {
  return std::ranges::any_of(marked(mark), [&](const auto& one) { return one != upload; });
}

void Engine::recall() {
  const auto text = options_.kept ? options_.kept() : std::nullopt;
  if (!text) return;
  const auto state = parse_lasting(*text);
  if (!state) {
    if (options_.warn) options_.warn("forgotten: " + state.error().line());
    return;
  }
  lasting_marks_ = state->marks;
  marks_ = state->marks;
  for (const auto& [upload, until] : state->locks)
    if (until > services_.loop.now()) hold(upload, until, true);
}

void Engine::keep_if(bool changed) const {
  if (!changed || !options_.keep) return;
  LastingState state{lasting_marks_, {}};
  for (const auto& [upload, held] : held_)
    if (held->survives) state.locks.emplace(upload, held->until);
  options_.keep(state.empty() ? std::string{} : to_text(state));
}

void Engine::keep_reply(const std::string& mark, const std::string& upload, const Reply& reply) {
  if (set_->replays(mark) && kept_replies_.size() < kept_reply_limit)
    kept_replies_.insert_or_assign({mark, upload}, to_keep(reply));
}

const Reply* Engine::kept_reply(const std::string& mark, const std::string& upload) const {
  for (const auto& id : {upload, std::string{}})
    if (const auto found = kept_replies_.find({mark, id}); found != kept_replies_.end())
      return &found->second;
  return nullptr;
}

void Engine::note_delivery(const std::string& target, const std::string& upload) {
  last_delivered_.insert_or_assign(target, upload);
}

std::optional<std::string> Engine::delivered_before(const std::string& target,
                                                    const std::string& upload) const {
  const auto found = last_delivered_.find(target);
  if (found == last_delivered_.end() || found->second == upload) return std::nullopt;
  return found->second;
}

RulePage Engine::report(std::int64_t from, std::size_t most, const std::string& name) const {
  const auto& rules = set_->rules();
  auto at = std::ranges::lower_bound(rules, from, {}, &ActiveRule::order);
  RulePage page;
  for (; at != rules.end() && most > 0; ++at, --most) {
    const auto& active = **at;
    if (!name.empty() && active.misbehaviour != name && active.rule.name != name) continue;
    page.rules.push_back(report_of(active));
  }
  if (at != rules.end()) page.next = (*at)->order;
  return page;
}

}  // namespace mock::misbehave
