// JSON Web Tokens signed with RS256 (RFC 7519; checked as RFC 8725 advises).
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "auth/key_ring.hpp"
#include "auth/signing_key.hpp"
#include "auth/tokens.hpp"

namespace mock {

/// header.payload.signature of two JSON texts, in compact form (RFC 7515 section 7.1).
[[nodiscard]] Result<std::string> encode_jwt(const SigningKey& key, std::string_view header,
                                             std::string_view payload);

/// A token that says what the grant says. `claims`: a JSON object whose members replace or add
/// claims, null removes one; empty: none.
[[nodiscard]] Result<std::string> sign_jwt(const SigningKey& key, const std::string& issuer,
                                           const Grant& grant, std::string_view claims = {});

/// Whether it has the three parts of a JWT: how DEX tells one from an opaque token.
[[nodiscard]] bool looks_like_jwt(std::string_view token);

/// Whose tokens are good.
struct Issuers {
  std::string current;
  std::set<std::string> earlier;  ///< names this server had before; good as well
};

/// Checks: three parts, alg is RS256 and nothing else, no critical extension, a signature by one of
/// `keys` (the one that `kid` names, if it names one), iss, exp, nbf.
[[nodiscard]] tl::expected<Grant, TokenRefusal> verify_jwt(std::string_view token,
                                                           const KeyRing& keys,
                                                           const Issuers& issuers, TimePoint now);

}  // namespace mock
