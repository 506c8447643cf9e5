#include "upload/authorizer.hpp"

#include <fmt/format.h>

#include <utility>

#include "protocol/http/form.hpp"

namespace loadgen {

Authorizer::Authorizer(transport::LoadTransport& transport, Credentials credentials)
    : transport_(transport) {
  if (!credentials.token.empty()) {
    fixed_ = std::move(credentials.token);
  } else if (!credentials.none()) {
    const std::string refresh_url = client::refresh_url_of(credentials.oauth_url);
    life_.emplace(
        client::PasswordGrant{std::move(credentials.oauth_url), refresh_url,
                              std::move(credentials.username), std::move(credentials.password)},
        std::move(credentials.secrets));
  }
}

void Authorizer::authorize(transport::LoadTransport& by, Ready ready) {
  const std::optional<std::string> good =
      life_ ? life_->token(transport_.now()) : std::optional(fixed_);
  if (good) {
    ready(*good);
    return;
  }
  waiting_.push_back(std::move(ready));
  if (!fetching_) fetch(by);
}

bool Authorizer::refused(const std::string& token) {
  if (!life_) return false;
  life_->refused(token);
  return true;
}

void Authorizer::fetch(transport::LoadTransport& by) {
  fetching_ = true;
  client::TokenLife::Question question = life_->next();
  transport::LoadRequest request;
  request.method = "POST";
  request.url = std::move(question.url);
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::format_form(question.form);
  by.send(std::move(request),
          [this, &by, refreshes = question.refreshes](const transport::LoadOutcome& outcome) {
            answered(by, outcome, refreshes);
          });
}

void Authorizer::answered(transport::LoadTransport& by, const transport::LoadOutcome& outcome,
                          bool was_refresh) {
  credentials_refused_ = false;
  if (outcome.failure) {
    finish(failure("token", outcome.failure->message));
    return;
  }
  const transport::LoadResponse& response = *outcome.response;
  const transport::LoadTime now = transport_.now();
  const auto refusal = life_->take(response.status, response.body, now);
  if (!refusal) {
    ++grants_;
    finish(*life_->token(now));
    return;
  }
  if (refusal->document) {
    finish(failure("token", refusal->document->line()));
    return;
  }
  // A refresh token may have run out; the password has not.
  if (was_refresh) {
    fetch(by);
    return;
  }
  credentials_refused_ = refusal->final();
  finish(failure("token", refusal->error
                              ? fmt::format("{} {}", refusal->status, refusal->error->error)
                              : fmt::format("{} from the token endpoint", refusal->status)));
}

void Authorizer::finish(const Result<std::string>& result) {
  fetching_ = false;
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& ready : waiting) ready(result);
}

}  // namespace loadgen
