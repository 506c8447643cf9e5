#include "upload/authorizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "protocol/http/form.hpp"
#include "protocol/oauth/token.hpp"

namespace loadgen {

Authorizer::Authorizer(transport::LoadTransport& transport, Credentials credentials)
    : transport_(transport), credentials_(std::move(credentials)) {
  if (!credentials_.token.empty()) header_ = "Bearer " + credentials_.token;
}

void Authorizer::authorize(Ready ready) {
  const bool fixed = credentials_.none() || !credentials_.token.empty();
  if (fixed || (!header_.empty() && (!renew_at_ || transport_.now() < *renew_at_))) {
    ready(header_);
    return;
  }
  waiting_.push_back(std::move(ready));
  if (!fetching_) fetch();
}

bool Authorizer::refused(const std::string& header) {
  if (credentials_.none() || !credentials_.token.empty()) return false;
  // Another request may have brought a new one in the meantime.
  if (header == header_) header_.clear();
  return true;
}

void Authorizer::fetch() {
  fetching_ = true;
  if (refresh_token_.empty()) {
    grant();
    return;
  }
  transport::LoadRequest request;
  request.method = "POST";
  request.url = credentials_.oauth_url + "/refresh";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::format_form(
      {{"grant_type", "refresh_token"}, {"refresh_token", std::exchange(refresh_token_, {})}});
  transport_.send(std::move(request),
                  [this](const transport::LoadOutcome& outcome) { answered(outcome, true); });
}

void Authorizer::grant() {
  transport::LoadRequest request;
  request.method = "POST";
  request.url = credentials_.oauth_url;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::format_form({{"grant_type", "password"},
                                    {"username", credentials_.username},
                                    {"password", credentials_.password}});
  transport_.send(std::move(request),
                  [this](const transport::LoadOutcome& outcome) { answered(outcome, false); });
}

void Authorizer::answered(const transport::LoadOutcome& outcome, bool was_refresh) {
  credentials_refused_ = false;
  if (outcome.failure) {
    finish(failure("token", outcome.failure->message));
    return;
  }
  const int status = outcome.response->status;
  credentials_.secrets.learn_tokens(outcome.response->body);
  if (status != 200) {
    // A refresh token may have run out; the password has not.
    if (was_refresh) {
      grant();
      return;
    }
    credentials_refused_ = status >= 400 && status < 500 && status != 429;
    const auto told = oauth::parse_token_error(outcome.response->body);
    finish(failure("token", told ? fmt::format("{} {}", status, told->error)
                                 : fmt::format("{} from the token endpoint", status)));
    return;
  }
  const auto token = oauth::parse_token_response(outcome.response->body);
  if (!token) {
    finish(failure("token", token.error().line()));
    return;
  }
  ++grants_;
  refresh_token_ = token->refresh_token;
  renew_at_.reset();
  if (token->expires_in.count() > 0) {
    // Early enough for a request that is about to be sent, however short the token lives.
    const auto life = std::chrono::duration_cast<Milliseconds>(token->expires_in);
    renew_at_ = transport_.now() + life - std::min(life / 5, Milliseconds{30'000});
  }
  finish("Bearer " + token->access_token);
}

void Authorizer::finish(const Result<std::string>& result) {
  fetching_ = false;
  header_ = result ? *result : std::string{};
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& ready : waiting) ready(result);
}

}  // namespace loadgen
