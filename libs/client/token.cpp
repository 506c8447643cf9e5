#include "client/token.hpp"

#include <algorithm>
#include <utility>

namespace client {

std::string token_url(const Place& creation_url) { return creation_url.parent + "/oauth"; }

std::string mock_revocation_url(const Place& creation_url) {
  return creation_url.parent + "/_mock/tokens/revoke";
}

std::string refresh_url_of(const std::string& token_url) { return token_url + "/refresh"; }

TokenLife::TokenLife(PasswordGrant grant, redact::Secrets secrets)
    : grant_(std::move(grant)), secrets_(std::move(secrets)) {}

std::optional<std::string> TokenLife::token(Time now) const {
  if (token_.empty() || (renew_at_ && now >= *renew_at_)) return std::nullopt;
  return token_;
}

void TokenLife::refused(std::string_view token) {
  if (token == token_) token_.clear();
}

TokenLife::Question TokenLife::next() {
  std::string refresh_token = std::exchange(refresh_token_, {});
  if (!refresh_token.empty() && !grant_.refresh_url.empty()) {
    return {grant_.refresh_url,
            {{"grant_type", "refresh_token"}, {"refresh_token", std::move(refresh_token)}},
            true};
  }
  return {
      grant_.token_url,
      {{"grant_type", "password"}, {"username", grant_.username}, {"password", grant_.password}},
      false};
}

std::optional<TokenLife::Refusal> TokenLife::take(int status, std::string_view body, Time now) {
  secrets_.learn_tokens(body);
  token_.clear();
  Refusal refusal;
  refusal.status = status;
  if (status != 200) {
    if (auto error = oauth::parse_token_error(body)) refusal.error = std::move(*error);
    return refusal;
  }
  auto issued = oauth::parse_token_response(body);
  if (!issued) {
    refusal.document = issued.error();
    return refusal;
  }
  token_ = std::move(issued->access_token);
  refresh_token_ = std::move(issued->refresh_token);
  renew_at_.reset();
  if (const std::chrono::milliseconds life = issued->expires_in; life.count() > 0) {
    // A tenth of its life, at most half a minute, is kept as reserve for requests under way.
    renew_at_ =
        now + (life - std::min<std::chrono::milliseconds>(life / 10, std::chrono::seconds{30}));
  }
  return std::nullopt;
}

}  // namespace client
