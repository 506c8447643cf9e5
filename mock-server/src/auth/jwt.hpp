// JSON Web Tokens signed with RS256 (RFC 7519; checked as RFC 8725 advises).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/signing_key.hpp"
#include "auth/tokens.hpp"

namespace mock {

/// header.payload.signature of two JSON texts, in compact form (RFC 7515 section 7.1).
[[nodiscard]] Result<std::string> encode_jwt(const SigningKey& key, std::string_view header,
                                             std::string_view payload);

/// Tokens of one issuer. Checks: three parts, alg is RS256 and nothing else, no critical extension,
/// signature, iss, exp, nbf. `key` outlives the result.
[[nodiscard]] std::unique_ptr<Tokens> make_jwt_tokens(const SigningKey& key, std::string issuer);

}  // namespace mock
