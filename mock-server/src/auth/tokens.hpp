// Access tokens: what they say, and how they are made and checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "loop/loop.hpp"
#include "protocol/error.hpp"

namespace mock {

/// What a token stands for. Times are whole seconds.
struct Grant {
  std::string username;
  std::vector<std::string> scopes;
  TimePoint issued;
  TimePoint expires;        ///< the first moment at which it is refused
  TimePoint not_before{};   ///< refused before that; the epoch: none
  std::string family = {};  ///< names the login; all its tokens can be made void at once
  bool operator==(const Grant&) const = default;
};

/// Why a token is refused, in the words of DEX's 401 body (rows DEX-AUTH-003 to -005, -008),
/// without the final newline.
struct TokenRefusal {
  std::string text;
};

/// One kind of access token. Loop thread only.
class Tokens {
 public:
  virtual ~Tokens() = default;
  [[nodiscard]] virtual Result<std::string> issue(const Grant& grant) = 0;
  [[nodiscard]] virtual tl::expected<Grant, TokenRefusal> verify(std::string_view token,
                                                                 TimePoint now) const = 0;
  /// Changes whenever a token that passed may be refused for another reason than the time. As long
  /// as it is the same, a token that passed passes until it expires.
  [[nodiscard]] virtual std::uint64_t voided() const = 0;
};

/// "failed to verify token\n<detail>"
[[nodiscard]] inline TokenRefusal unverified(std::string_view detail) {
  return {"failed to verify token\n" + std::string(detail)};
}
/// go-oidc's words for an expired token, which DEX passes on.
[[nodiscard]] inline TokenRefusal expired(TimePoint expiry) {
  return unverified("oidc: token is expired (Token Expiry: " + ::http::format_rfc3339(expiry) +
                    ")");
}
/// go-oidc's words for a token that comes too early.
[[nodiscard]] inline TokenRefusal not_yet_valid(TimePoint now) {
  return unverified("oidc: current time " + ::http::format_rfc3339(now) +
                    " before the nbf (not before) time");
}

/// `count` bytes from the kernel's random source, as base64url without padding.
[[nodiscard]] std::string random_token(std::size_t count);

}  // namespace mock
