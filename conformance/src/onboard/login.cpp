#include "onboard/login.hpp"

#include <fmt/format.h>

namespace conformance::onboard {
namespace {

using transport::Exchange;

bool shut(const Exchange& seen) {
  return seen.response && (seen.response->status == 401 || seen.response->status == 403);
}

Told no_answer(const Exchange& seen) {
  return trouble({Whose::unclear, seen.failure ? lost_told(*seen.failure) : "No answer came.",
                  "Walk again. If it stays so, ask your IT what stands between this computer and "
                  "the service."});
}

Told theirs(std::string what, const Key& key) {
  return trouble({Whose::service, std::move(what),
                  fmt::format("Send this page to {}: this is theirs to mend.", key.people)});
}

/// nullopt: there is a token.
std::optional<Told> without_token(const LogIn& login, Visit& visit, const Key& key) {
  using Result = LogIn::Result;
  switch (login.result) {
    case Result::in:
      return std::nullopt;
    case Result::refused:
      return trouble({Whose::partner,
                      fmt::format("The service refuses this user name and password (its answer: "
                                  "{}).",
                                  login.status),
                      key.remedy});
    case Result::too_often:
      return trouble({Whose::partner, "There were too many logins in a short time (429).",
                      "Wait a quarter of an hour, and walk again."});
    case Result::not_there:
      return trouble({Whose::partner,
                      fmt::format("There is no login at {} ({}).", visit.token_url(), login.status),
                      fmt::format("Ask {} for the address of the login, and give it with "
                                  "--oauth-url.",
                                  key.people)});
    case Result::fails:
      return theirs(
          fmt::format("The login does not work at the moment (its answer: {}).", login.status),
          key);
    case Result::no_token:
      return theirs("The login took user name and password, and gave no token that can be used.",
                    key);
    case Result::unreachable:
      break;
  }
  return trouble({Whose::network,
                  fmt::format("The login at {} gave no answer. {}", visit.token_url(), login.why),
                  "Ask your IT to let this computer connect to that address too."});
}

std::string lifetime_told(std::chrono::seconds lifetime) {
  if (lifetime.count() <= 0) return "It is not told how long the token is good.";
  const auto minutes = lifetime.count() / 60;
  const auto told = minutes < 2 ? fmt::format("{} seconds", lifetime.count())
                                : fmt::format("{} minutes", minutes);
  return fmt::format("The token is good for {}; then your program has to ask for a new one.", told);
}

}  // namespace

LetIn let_in(Visit& visit, const transport::Request& harmless, const Key& key) {
  const Exchange open = visit.ask(harmless, Who::nobody);
  if (!open.response) return {no_answer(open)};
  const bool anybody = !shut(open);
  if (!visit.has_credentials()) {
    if (anybody) return {remark("The service lets in whoever comes: no login is needed."), true};
    return {trouble({Whose::partner,
                     fmt::format("The service asks who you are, and no {} was given.", key.name),
                     fmt::format("Give it with {}.", key.how)})};
  }
  std::string good = fmt::format("The service takes your {}.", key.name);
  if (visit.logs_in()) {
    const LogIn login = visit.log_in();
    if (auto told = without_token(login, visit, key)) return {std::move(*told), anybody};
    good += ' ' + lifetime_told(login.lifetime);
  }
  const Exchange seen = visit.ask(harmless, Who::partner);
  if (!seen.response) return {no_answer(seen), anybody};
  if (shut(seen)) {
    const int status = seen.response->status;
    if (visit.logs_in() && status == 403) {
      return {
          trouble({Whose::service, "You are known, and have no leave to use this service (403).",
                   fmt::format("Ask {} to let your account use it.", key.people)})};
    }
    if (visit.logs_in()) {
      return {
          theirs("The login gave a token, and the service refuses that very token (401).", key)};
    }
    return {trouble({Whose::partner,
                     fmt::format("The service refuses the {} that was given (its answer: {}): it "
                                 "is wrong, has ended, or is for another address.",
                                 key.name, status),
                     key.remedy})};
  }
  if (seen.response->status >= 500) {
    return {theirs(fmt::format("The service does not work at the moment (its answer: {}).",
                               seen.response->status),
                   key),
            anybody};
  }
  if (anybody) good += " It would let in whoever comes as well.";
  return {anybody ? remark(std::move(good)) : done(std::move(good)), anybody};
}

Told turned_away(Visit& visit, const transport::Request& harmless, const Key& key) {
  const Exchange seen = visit.ask(harmless, Who::stranger);
  if (!seen.response) return no_answer(seen);
  if (shut(seen)) {
    return done(
        fmt::format("It was refused, as it must be. When your program gets that answer "
                    "({}), its own {} is wrong or has ended.",
                    seen.response->status, visit.logs_in() ? "token" : key.name));
  }
  return remark(
      "The service took a pass that was made up: strangers could send files as well.",
      {{Whose::service, "That is not yours to mend.", fmt::format("Tell {}.", key.people)}});
}

}  // namespace conformance::onboard
