#include "misbehave/engine.hpp"

#include <algorithm>

#include "misbehave/chance.hpp"
#include "misbehave/load.hpp"
#include "tus/locks.hpp"

namespace mock::misbehave {
namespace {

constexpr std::array<std::string_view, 8> methods{"OPTIONS", "HEAD",  "GET",    "POST",
                                                  "PUT",     "PATCH", "DELETE", "TRACE"};

std::size_t method_slot(std::string_view method) {
  const auto found = std::find(methods.begin(), methods.end(), method);
  return static_cast<std::size_t>(found - methods.begin());
}

const std::string no_request = "no request had its method and route";
const std::string no_connection = "no connection came to a listener of this lane";
const std::string no_effect = "nothing of that kind was about to happen";
const std::string mark_text = "needs: the mark was not set";
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
  const auto& then = rule.then;
  const auto jitters = [](const Delay& delay) { return delay.jitter > Milliseconds{0}; };
  return rule.when.chance.probability < 1 ||
         (then.pace && (jitters(then.pace->before) || jitters(then.pace->reply))) ||
         (then.connection && jitters(then.connection->delay)) ||
         (then.effect && jitters(then.effect->delay));
}

}  // namespace

/// A lock that someone unknown holds for a while.
struct Engine::Held {
  std::unique_ptr<Lease> lease;
  std::unique_ptr<Timer> timer;
};

Engine::Engine(RuleOptions options, Services& services)
    : options_(std::move(options)), services_(services) {}
Engine::~Engine() = default;

Result<void> Engine::add(std::vector<Misbehaviour> misbehaviours, Place place) {
  std::vector<const Rule*> all;
  for (const auto& active : rules_) all.push_back(&active->rule);
  for (const auto& misbehaviour : misbehaviours)
    for (const auto& rule : misbehaviour.rules) all.push_back(&rule);
  if (auto fit = fit_together(all); !fit) return fit;

  Rules added;
  for (auto& misbehaviour : misbehaviours) {
    for (auto& rule : misbehaviour.rules) {
      auto active = std::make_shared<ActiveRule>();
      active->rule = std::move(rule);
      active->misbehaviour = misbehaviour.name;
      active->moment = active->rule.moment();
      active->since = services_.loop.now();
      active->by_luck = left_to_chance(active->rule);
      added.push_back(std::move(active));
    }
  }
  const bool first = place == Place::first && !rules_.empty();
  auto order = rules_.empty() ? 0
               : first        ? rules_.front()->order - static_cast<std::int64_t>(added.size())
                              : rules_.back()->order + 1;
  for (auto& active : added) active->order = order++;
  rules_.insert(first ? rules_.begin() : rules_.end(), added.begin(), added.end());
  index();
  return {};
}

bool Engine::remove(const std::string& name) {
  const auto removed = std::erase_if(rules_, [&](const ActivePtr& active) {
    return active->misbehaviour == name || active->rule.name == name;
  });
  index();
  return removed > 0;
}

void Engine::clear() {
  rules_.clear();
  forget_all();
  index();
}

void Engine::reset_counts() {
  for (const auto& active : rules_) {
    active->counts = {};
    active->since = services_.loop.now();
  }
  forget_all();
}

void Engine::forget_all() {
  marks_.clear();
  kept_replies_.clear();
  held_.clear();
  illusions_ = {};
}

void Engine::index() {
  connection_rules_.clear();
  effect_rules_.clear();
  replayed_marks_.clear();
  for (auto& route : index_)
    for (auto& cell : route) cell.clear();
  for (const auto& active : rules_) {
    const auto& when = active->rule.when;
    const auto& reply = active->rule.then.reply;
    if (reply && reply->replay == ReplyEdit::Replay::marked)
      replayed_marks_.insert(reply->replay_mark);
    if (active->moment == Moment::connection) {
      connection_rules_.push_back(active);
      continue;
    }
    if (active->moment == Moment::effect || active->moment == Moment::delivered) {
      effect_rules_.push_back(active);
      continue;
    }
    for (std::size_t route = 0; route < route_count; ++route) {
      const auto named = static_cast<Route>(route);
      if (named == Route::control) continue;
      if (!when.routes.empty() && std::ranges::count(when.routes, named) == 0) continue;
      for (std::size_t method = 0; method < method_count; ++method) {
        const auto takes = [&](const std::string& name) { return method_slot(name) == method; };
        if (when.methods.empty() || std::ranges::any_of(when.methods, takes))
          index_[route][method].push_back(active);
      }
    }
  }
}

const Engine::Rules& Engine::candidates(Route route, std::string_view method) const {
  return index_[static_cast<std::size_t>(route)][method_slot(method)];
}

std::string Engine::client_key(const Facts& facts) const {
  tus::Metadata chosen;
  for (const auto& pair : facts.metadata().pairs())
    if (!options_.server_metadata.contains(pair.key)) chosen.set(pair.key, pair.value);
  return tus::format_metadata(chosen);
}

bool Engine::chosen(ActiveRule& active, std::uint64_t drawing) const {
  const auto& chance = active.rule.when.chance;
  const auto matched = active.counts.matched;
  if (!chance.nth.empty() && std::ranges::count(chance.nth, matched) == 0) return false;
  if (matched % chance.every != 0) return false;
  return chance.probability >= 1 || fraction(drawing, "fires") < chance.probability;
}

std::optional<Fired> Engine::fire(const ActivePtr& active, const Facts& facts,
                                  const std::string& upload) {
  const auto& rule = active->rule;
  if (active->exhausted()) return std::nullopt;
  if (rule.needs && !marks_.contains({*rule.needs, upload}) &&
      !marks_.contains({*rule.needs, {}})) {
    active->miss(at_mark, mark_text);
    return std::nullopt;
  }
  ++active->counts.matched;
  std::uint64_t drawing = 0;
  if (active->by_luck) {
    const auto key = client_key(facts);
    drawing = draw(options_.seed, rule.name, facts.lane(), key, ++active->counts.by_key[key]);
  }
  if (!chosen(*active, drawing)) {
    active->miss(at_chance, chance_text);
    return std::nullopt;
  }
  ++active->counts.fired;
  if (rule.sets) marks_.insert({*rule.sets, upload});
  return Fired{active, drawing};
}

void Engine::act(const UploadEdit& edit, const std::string& upload,
                 const Template::Lookup& lookup) {
  if (upload.empty()) return;
  auto& store = services_.store;
  if (edit.roll_back)
    if (const auto length = edit.roll_back->number(lookup)) {
      const auto found = store.find(upload);
      if (found && Bytes{*length} < found->offset)
        static_cast<void>(store.truncate(upload, Bytes{*length}));
    }
  if (edit.expire) {
    if (auto found = store.find(upload)) {
      found->expires = services_.loop.now() - std::chrono::seconds{1};
      static_cast<void>(store.update(*found));
    }
  }
  if (edit.forget) {
    illusions_.set(upload, 0);
    static_cast<void>(store.remove(upload));
  }
  if (!edit.lock) return;
  if (!services_.locks.locked(upload)) return lock(upload, *edit.lock);
  // The writer is the request itself, which lets go when it is over.
  services_.loop.post(
      [this, alive = std::weak_ptr<const bool>(alive_), upload, duration = *edit.lock] {
        if (!alive.expired() && !services_.locks.locked(upload)) lock(upload, duration);
      });
}

void Engine::lock(const std::string& upload, Milliseconds duration) {
  auto held = std::make_unique<Held>();
  held->lease = services_.locks.acquire(upload, [] {});
  held->timer = services_.loop.after(duration, [this, upload] {
    // Not inside its own callback: that would destroy the function that runs.
    const auto at = held_.find(upload);
    services_.loop.post([gone = std::shared_ptr<Held>(std::move(at->second))] {});
    held_.erase(at);
  });
  held_[upload] = std::move(held);
}

void Engine::act(const ServerEdit& edit, const Template::Lookup& lookup) {
  if (edit.revoke_token && options_.revoke_token) {
    constexpr std::string_view scheme = "Bearer ";
    auto token = edit.revoke_token->fill(lookup);
    if (token.starts_with(scheme)) token.erase(0, scheme.size());
    if (!token.empty()) options_.revoke_token(token);
  }
  if (edit.outage && options_.outage) options_.outage(*edit.outage);
  if (edit.crash && options_.crash) options_.crash();
}

void Engine::keep_reply(const std::string& mark, const std::string& upload, const Reply& reply) {
  if (replayed_marks_.contains(mark) && kept_replies_.size() < kept_reply_limit)
    kept_replies_.insert_or_assign({mark, upload}, reply);
}

const Reply* Engine::kept_reply(const std::string& mark, const std::string& upload) const {
  for (const auto& id : {upload, std::string{}})
    if (const auto found = kept_replies_.find({mark, id}); found != kept_replies_.end())
      return &found->second;
  return nullptr;
}

std::vector<RuleReport> Engine::report() const {
  std::vector<RuleReport> reports;
  for (const auto& active : rules_) {
    const auto& counts = active->counts;
    RuleReport report;
    report.name = active->rule.name;
    report.misbehaviour = active->misbehaviour;
    report.json = active->rule.json;
    report.matched = counts.matched;
    report.fired = counts.fired;
    report.exhausted = active->exhausted();
    if (report.fired == 0)
      report.near_miss =
          counts.nearest_miss != nullptr ? *counts.nearest_miss : never_asked(active->moment);
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace mock::misbehave
