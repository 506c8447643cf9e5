#include "misbehave/interceptor.hpp"

#include <algorithm>
#include <limits>

#include "misbehave/action.hpp"
#include "misbehave/engine.hpp"

namespace mock::misbehave {
namespace {

std::optional<std::string> no_values(std::string_view) { return std::nullopt; }

Template::Lookup values_of(const Upload& upload) {
  return [&upload](std::string_view name) -> std::optional<std::string> {
    if (name == "id") return upload.id;
    if (name == "offset" || name == "stored") return std::to_string(upload.offset.value);
    if (name == "length" && upload.length) return std::to_string(upload.length->value);
    return std::nullopt;
  };
}

}  // namespace

RuleInterceptor::RuleInterceptor(RuleOptions options, Services& services)
    : services_(services), engine_(std::make_unique<Engine>(std::move(options), services)) {}

RuleInterceptor::~RuleInterceptor() = default;

Result<void> RuleInterceptor::add(std::vector<Misbehaviour> misbehaviours, Place place) {
  return engine_->add(std::move(misbehaviours), place);
}

Result<void> RuleInterceptor::add(Misbehaviour misbehaviour, Place place) {
  std::vector<Misbehaviour> one;
  one.push_back(std::move(misbehaviour));
  return engine_->add(std::move(one), place);
}

bool RuleInterceptor::remove(const std::string& name) { return engine_->remove(name); }
void RuleInterceptor::clear() { engine_->clear(); }
void RuleInterceptor::reset_counts() { engine_->reset_counts(); }
void RuleInterceptor::catch_up() { engine_->catch_up(); }

std::unique_ptr<Intercept> RuleInterceptor::begin(const Request& request) {
  const bool illusions = engine_->illusions().any();
  if (engine_->empty() && !illusions) return nullptr;
  const auto& addressed = request.addressed;
  if (addressed.route.is_control()) return nullptr;
  const bool deceived = illusions && engine_->illusions().of(addressed.id) != 0;
  const auto& system_of = engine_->options().system_of;
  Facts facts{request, services_, system_of ? system_of(addressed) : nullptr};
  auto rules = engine_->set()->holding(facts);
  if (rules.empty() && !deceived) return nullptr;
  facts.keep_addressed();
  facts.keep_looked_at();
  const auto any = [&](auto holds) { return std::ranges::any_of(rules, holds); };
  if (any([](const Pending& one) { return one.active->rule.then.request.has_value(); }))
    facts.keep_request();
  if (any([](const Pending& one) { return one.active->keeps_upload; })) facts.keep_upload();
  return make_rule_intercept(*engine_, services_, std::move(facts), std::move(rules));
}

ConnectionPlan RuleInterceptor::on_connection(const std::string& lane, std::uint64_t ordinal) {
  return plan_of(Phase::accepted, lane, ordinal, std::nullopt);
}

TlsPlan RuleInterceptor::on_hello(const std::string& lane, std::uint64_t ordinal,
                                  std::optional<std::string_view> server_name) {
  return plan_of(Phase::hello, lane, ordinal, server_name).tls;
}

ConnectionPlan RuleInterceptor::plan_of(Phase phase, const std::string& lane, std::uint64_t ordinal,
                                        std::optional<std::string_view> server_name) {
  ConnectionPlan plan;
  const auto set = engine_->set();
  if (set->connection_rules().empty()) return plan;
  const Facts facts{lane, nullptr, services_};
  const Template::Lookup lookup = no_values;
  Claims claims;
  for (auto* active : set->connection_rules()) {
    const auto& wanted = active->rule.when.connection;
    if ((wanted && wanted->server_name) != (phase == Phase::hello)) continue;
    if (!connection_holds(*active, facts, ordinal, server_name)) continue;
    const auto fired = engine_->fire(*active, facts, {});
    if (!fired) continue;
    const Firing firing{*fired, claims, lookup};
    for (const auto* action : firing.then().actions) {
      action->on_connection(firing, plan);
      action->act(*engine_, firing.then(), {}, lookup);
    }
  }
  return plan;
}

EffectPlan RuleInterceptor::before(const Effect& effect, const Upload& upload) {
  EffectPlan plan;
  const auto set = engine_->set();
  if (set->effect_rules().empty()) return plan;
  const Facts facts{upload.lane, &upload, services_};
  const Template::Lookup lookup = [&, values = values_of(upload)](std::string_view name) {
    if (name != previous_upload) return values(name);
    return engine_->delivered_before(effect.name, upload.id);
  };
  Claims claims;
  for (auto* active : set->effect_rules()) {
    if (active->moment != Moment::effect || active->exhausted()) continue;
    if (!circumstances_hold(*active, facts, &effect)) continue;
    const auto fired = engine_->fire(*active, facts, upload.id);
    if (!fired) continue;
    const Firing firing{*fired, claims, lookup};
    for (const auto* action : firing.then().actions) action->on_effect(firing, plan);
    act(*fired, upload.id, lookup);
  }
  return plan;
}

void RuleInterceptor::delivered(const std::string& target, const Upload& upload) {
  const auto set = engine_->set();
  if (set->effect_rules().empty()) return;
  engine_->note_delivery(target, upload.id);
  const Facts facts{upload.lane, &upload, services_};
  for (auto* active : set->effect_rules()) {
    if (active->moment != Moment::delivered || active->exhausted()) continue;
    if (!circumstances_hold(*active, facts)) continue;
    if (const auto fired = engine_->fire(*active, facts, upload.id))
      act(*fired, upload.id, values_of(upload));
  }
}

void RuleInterceptor::act(const Fired& fired, const std::string& upload,
                          const Template::Lookup& lookup) {
  for (const auto* action : fired.then().actions)
    action->act(*engine_, fired.then(), upload, lookup);
}

RulePage RuleInterceptor::report(std::int64_t from, std::size_t most,
                                 const std::string& name) const {
  return engine_->report(from, most, name);
}

std::vector<RuleReport> RuleInterceptor::report() const {
  return report(std::numeric_limits<std::int64_t>::min(), rule_limit).rules;
}

std::string RuleInterceptor::free_name() const { return engine_->free_name(); }

std::vector<std::string> RuleInterceptor::needing_tls() const {
  std::vector<std::string> names;
  for (const auto* active : engine_->set()->connection_rules()) {
    const auto& edit = active->rule.then.connection;
    if (edit && edit->tls.any() && !edit->delay.any()) names.push_back(active->rule.name);
  }
  return names;
}

std::vector<std::string> RuleInterceptor::needing_bad_certificates() const {
  std::vector<std::string> names;
  for (const auto* active : engine_->set()->connection_rules()) {
    const auto& edit = active->rule.then.connection;
    if (edit && edit->tls.certificate) names.push_back(active->rule.name);
  }
  return names;
}

}  // namespace mock::misbehave
