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

RuleInterceptor::RuleInterceptor(std::vector<Rule> rules, RuleOptions options, Services& services)
    : services_(services),
      engine_(std::make_unique<Engine>(std::move(rules), std::move(options), services)) {}

RuleInterceptor::~RuleInterceptor() = default;

std::unique_ptr<Intercept> RuleInterceptor::begin(const Request& request) {
  auto match = match_route(request.path);
  auto method = acting_method(request);
  const auto& candidates = engine_->candidates(match.route, method);
  const bool deceived = engine_->illusions().any() && engine_->illusions().of(match.id) != 0;
  if (candidates.empty() && !deceived) return nullptr;

  Facts facts{request, std::move(match), std::move(method), services_};
  Engine::Candidates rules;
  for (const auto index : candidates)
    if (engine_->holds(index, facts)) rules.push_back(index);
  if (rules.empty() && !deceived) return nullptr;
  facts.detach();
  return make_rule_intercept(*engine_, services_, std::move(facts), std::move(rules));
}

std::vector<RuleReport> RuleInterceptor::report() const { return engine_->report(); }

}  // namespace mock::misbehave
