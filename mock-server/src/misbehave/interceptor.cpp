#include "misbehave/interceptor.hpp"

#include "misbehave/engine.hpp"
#include "protocol/tus/headers.hpp"

namespace mock::misbehave {
namespace {

/// The method that the server is to act by (protocol.md, X-HTTP-Method-Override).
std::string acting_method(const Request& request) {
  auto method = std::string{
      request.fields.find(tus::header::method_override).value_or(std::string_view{request.method})};
  for (auto& c : method)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return method;
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

std::unique_ptr<Intercept> RuleInterceptor::begin(const Request& request) {
  const bool illusions = engine_->illusions().any();
  if (engine_->empty() && !illusions) return nullptr;
  auto match = match_route(request.path);
  auto method = acting_method(request);
  const auto& candidates = engine_->candidates(match.route, method);
  const bool deceived = illusions && engine_->illusions().of(match.id) != 0;
  if (candidates.empty() && !deceived) return nullptr;

  Facts facts{request, std::move(match), std::move(method), services_};
  Engine::Candidates rules;
  for (const auto& active : candidates)
    if (engine_->holds(*active, facts)) rules.push_back(active);
  if (rules.empty() && !deceived) return nullptr;
  facts.detach();
  return make_rule_intercept(*engine_, services_, std::move(facts), std::move(rules));
}

std::vector<RuleReport> RuleInterceptor::report() const { return engine_->report(); }

}  // namespace mock::misbehave
