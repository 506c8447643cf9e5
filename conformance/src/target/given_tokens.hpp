// --tokens FILE: tokens that only the target's identity provider can make.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace conformance {

/// What --tokens FILE may name: tokens that a check needs and cannot make.
enum class TokenKind {
  expired,
  not_yet_valid,
  wrong_key,      ///< signed by a key that the issuer never published
  wrong_issuer,   ///< signed by the right key, issued in another name
  missing_scope,  ///< good, but for a scope that is required
  extra_scopes,   ///< good, with more scopes than are required
  bad_claims,     ///< well signed, with claims of the wrong types
  session,        ///< a good session cookie: "phdo_session=..."
};

/// By kind: the value of Authorization, for a session that of Cookie.
using GivenTokens = std::map<TokenKind, std::string>;

/// {"expired": TOKEN, ...} with the names of TokenKind; all may be left out. An Error names file
/// and kind and never the token.
[[nodiscard]] Result<GivenTokens> parse_tokens(std::string_view text, const std::string& document);

}  // namespace conformance
