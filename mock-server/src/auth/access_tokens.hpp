// The access tokens of one server: JWTs and opaque ones, issued, checked and revoked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/jwt.hpp"
#include "auth/key_ring.hpp"
#include "auth/token_ledger.hpp"
#include "auth/tokens.hpp"

namespace mock {

/// Every token issued here is in a ledger, so that any can be revoked. Loop thread only.
class AccessTokens final : public Tokens {
 public:
  struct Kinds {
    bool issue_jwts = false;   ///< what `issue` makes
    bool accept_jwts = false;  ///< opaque tokens issued here are always accepted
  };
  /// `keys` and `issuers` outlive it.
  AccessTokens(Kinds kinds, KeyRing& keys, const Issuers& issuers,
               std::unique_ptr<TokenLedger> ledger)
      : kinds_(kinds), keys_(keys), issuers_(issuers), ledger_(std::move(ledger)) {}

  Result<std::string> issue(const Grant& grant) override;
  [[nodiscard]] tl::expected<Grant, TokenRefusal> verify(std::string_view token,
                                                         TimePoint now) const override;

  [[nodiscard]] std::uint64_t voided() const override {
    return ledger_->voided() + keys_.changes();
  }

  [[nodiscard]] Result<std::string> issue_opaque(const Grant& grant) {
    return ledger_->issue(grant);
  }
  /// As sign_jwt.
  [[nodiscard]] Result<std::string> issue_jwt(const SigningKey& key, const std::string& issuer,
                                              const Grant& grant, std::string_view claims = {});
  [[nodiscard]] Result<void> revoke(std::string_view token) { return ledger_->revoke(token); }
  [[nodiscard]] Result<void> revoke_family(const std::string& family) {
    return ledger_->revoke_family(family);
  }
  [[nodiscard]] Result<void> revoke_all() { return ledger_->revoke_all(); }
  [[nodiscard]] Result<void> keep_in(const std::filesystem::path& file) {
    return ledger_->keep_in(file);
  }
  /// Whether any token has not expired yet. Void ones count: a JWT that is forgotten here would
  /// pass by its signature.
  [[nodiscard]] bool holds(TimePoint now) const { return ledger_->holds(now, true); }

 private:
  Kinds kinds_;
  KeyRing& keys_;
  const Issuers& issuers_;
  std::unique_ptr<TokenLedger> ledger_;
};

}  // namespace mock
