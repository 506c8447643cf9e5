// The gate of a lane: bearer tokens, and session cookies that hold one (rows DEX-AUTH-*).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <vector>

#include "auth/gate.hpp"
#include "auth/session.hpp"
#include "auth/tokens.hpp"
#include "http/message.hpp"
#include "http/route.hpp"

namespace mock {

/// Whether an endpoint needs a token: uploads and /info (DEX-AUTH-014), and redelivery, which
/// writes (DEX-SEC-001). Everything else is open (DEX-AUTH-015).
[[nodiscard]] bool needs_token(Route route);

/// The token of an `Authorization: Bearer` field (RFC 6750 section 2.1; the scheme in any case,
/// RFC 9110 section 11.1), or the 401 that says what is wrong with it.
[[nodiscard]] tl::expected<std::string, Reply> bearer_token(const Request& request);

struct TokenGateOptions {
  std::vector<std::string> required_scopes;
  /// --secure: OPTIONS passes as discovery of tus or as a browser's preflight only, and session
  /// cookies, which browsers add to requests that other sites make, are good for reading only.
  bool secure = false;
};

/// Loop thread only. `tokens`, `sessions` and `loop` outlive it; null tokens let everything
/// through.
class TokenGate final : public Gate {
 public:
  TokenGate(const Tokens* tokens, const Sessions& sessions, TokenGateOptions options,
            const Loop& loop)
      : tokens_(tokens), sessions_(sessions), options_(std::move(options)), loop_(loop) {}

  /// nullopt: go on. OPTIONS passes without a token (DEX-AUTH-012), unless X-HTTP-Method-Override
  /// makes something else of it. The token is that of Authorization, else that of the session
  /// cookie (DEX-AUTH-016). Refusals are DEX's texts with the WWW-Authenticate field that RFC 9110
  /// section 15.5.2 demands. A field that passed passes again, without a look at its token, until
  /// the token expires or any token is made void.
  [[nodiscard]] std::optional<Reply> check(const Request& request) const override;

 private:
  [[nodiscard]] bool passes_as_options(const Request& request) const;
  [[nodiscard]] tl::expected<std::string, Reply> token_of(const Request& request) const;
  [[nodiscard]] bool passed_before(std::string_view authorization) const;
  void remember(std::string_view authorization, TimePoint until) const;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Passed {
    TimePoint from;   ///< when it was checked; before that it may not be valid
    TimePoint until;  ///< when it expires
  };

  const Tokens* tokens_;
  const Sessions& sessions_;
  TokenGateOptions options_;
  const Loop& loop_;
  /// Fields that passed, so that not every request pays for a signature. In memory only.
  mutable std::unordered_map<std::string, Passed, Hash, std::equal_to<>> passed_;
  mutable std::uint64_t voided_ = 0;  ///< Tokens::voided() when `passed_` was filled
};

}  // namespace mock
