// Token endpoint documents (RFC 6749 sections 4.3, 5.1, 5.2, 6; CDC's SAMS adds `resource`).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace oauth {

struct TokenResponse {
  std::string access_token;
  std::string token_type;  ///< "Bearer"
  std::chrono::seconds expires_in{0};
  std::string refresh_token;
  std::string scope;
  std::vector<std::string> resource;
  bool operator==(const TokenResponse&) const = default;
};
[[nodiscard]] std::string to_json(const TokenResponse& token);
/// Needs access_token and token_type (RFC 6749 section 5.1); the rest may be missing or null, and
/// unknown members are ignored. A token that could not be sent in a header is refused.
[[nodiscard]] Result<TokenResponse> parse_token_response(std::string_view text);

struct TokenError {
  std::string error;  ///< RFC 6749 section 5.2: invalid_request, invalid_grant, ...
  std::string error_description;
  bool operator==(const TokenError&) const = default;
};
[[nodiscard]] std::string to_json(const TokenError& error);
[[nodiscard]] Result<TokenError> parse_token_error(std::string_view text);

}  // namespace oauth
