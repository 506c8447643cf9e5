#include "auth/access_tokens.hpp"

namespace mock {

Result<std::string> AccessTokens::issue(const Grant& grant) {
  if (!kinds_.issue_jwts) return ledger_->issue(grant);
  const auto key = keys_.current();
  if (!key) return tl::unexpected(key.error());
  return issue_jwt(**key, issuers_.current, grant);
}

Result<std::string> AccessTokens::issue_jwt(const SigningKey& key, const std::string& issuer,
                                            const Grant& grant, std::string_view claims) {
  auto token = sign_jwt(key, issuer, grant, claims);
  if (!token) return token;
  if (auto kept = ledger_->record(*token, grant); !kept) return tl::unexpected(kept.error());
  return token;
}

tl::expected<Grant, TokenRefusal> AccessTokens::verify(std::string_view token,
                                                       TimePoint now) const {
  const TokenLedger::Entry* known = ledger_->find(token);
  if (looks_like_jwt(token)) {
    if (!kinds_.accept_jwts) return tl::unexpected(unverified("token was not issued here"));
    auto grant = verify_jwt(token, keys_, issuers_, now);
    if (grant && known && known->revoked) return tl::unexpected(unverified("token was revoked"));
    return grant;
  }
  // Refused in the words of a server that expects JWTs.
  if (!known && kinds_.issue_jwts) return verify_jwt(token, keys_, issuers_, now);
  return ledger_->verify(token, now);
}

}  // namespace mock
