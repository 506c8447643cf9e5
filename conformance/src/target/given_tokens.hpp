// --tokens FILE: tokens that only the target's identity provider can make.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "context.hpp"
#include "protocol/error.hpp"

namespace conformance {

/// By kind: the value of Authorization, for a session that of Cookie.
using GivenTokens = std::map<TokenKind, std::string>;

/// {"expired": TOKEN, ...} with the names of TokenKind; all may be left out. An Error names file
/// and kind and never the token.
[[nodiscard]] Result<GivenTokens> parse_tokens(std::string_view text, const std::string& document);

}  // namespace conformance
