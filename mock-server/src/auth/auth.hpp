// Everything about identity: the token endpoint and the gate in front of uploads.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/gate.hpp"
#include "auth/users.hpp"
#include "http/message.hpp"
#include "loop/loop.hpp"
#include "protocol/error.hpp"

namespace mock {

class SigningKey;
class TokenLedger;

enum class AuthMode {
  none,    ///< every request passes; tokens are handed out all the same, so that clients can log in
  jwt,     ///< RS256 JWTs
  opaque,  ///< random tokens of our own
};
/// "none", "jwt" or "opaque", as --auth takes it.
[[nodiscard]] Result<AuthMode> parse_auth_mode(std::string_view text);

struct AuthOptions {
  AuthMode mode = AuthMode::none;
  Users users;
  /// Holds signing-key.pem, access-tokens.jsonl and refresh-tokens.jsonl, so that tokens outlive a
  /// restart. Without it they live in memory.
  std::optional<std::filesystem::path> state_folder;
  std::string issuer = "https://dex-mock-server.invalid/oauth";
  std::chrono::seconds lifetime{3600};
  std::chrono::seconds refresh_lifetime{24 * 3600};
  std::vector<std::string> required_scopes{"dex:upload"};
};

/// Loop thread only.
class Auth {
 public:
  /// `loop` outlives the result.
  [[nodiscard]] static Result<std::unique_ptr<Auth>> make(AuthOptions options, Loop& loop);
  ~Auth();
  Auth(const Auth&) = delete;
  Auth& operator=(const Auth&) = delete;

  /// For requests to endpoints that `needs_token`: nullopt lets it through.
  [[nodiscard]] std::optional<Reply> check(const Request& request) const {
    return gate_->check(request);
  }
  /// /oauth: POST is the password grant (RFC 6749 section 4.3; parameters in the form body or the
  /// query, census row DEX-AUTH-020), GET describes a token (DEX openapi.yml).
  [[nodiscard]] Reply oauth(const Request& request, const std::string& body);
  /// /oauth/refresh (census row DEX-AUTH-021). A refresh token works once; its answer brings the
  /// next.
  [[nodiscard]] Reply refresh(const Request& request, const std::string& body);

 private:
  Auth(AuthOptions options, Loop& loop);
  Reply password_grant(const Request& request, const std::string& body);
  Reply describe(const Request& request) const;
  Reply answer_with_tokens(const std::string& username, std::vector<std::string> scopes);

  AuthOptions options_;
  Loop& loop_;
  std::unique_ptr<SigningKey> key_;
  std::unique_ptr<Tokens> access_;
  std::unique_ptr<TokenLedger> refresh_;
  std::unique_ptr<Gate> gate_;
};

}  // namespace mock
