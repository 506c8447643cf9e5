// The life of a bearer token: when to ask for the next one, and how.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "client/endpoints.hpp"
#include "protocol/error.hpp"
#include "protocol/http/form.hpp"
#include "protocol/oauth/token.hpp"
#include "redact/secrets.hpp"

namespace client {

/// The token endpoint beside a creation URL, as DEX's gateway and the mock server have it.
[[nodiscard]] std::string token_url(const Place& creation_url);
/// Where a mock server revokes tokens: a POST of {"token": ...} (docs/guides/control-api.md).
[[nodiscard]] std::string mock_revocation_url(const Place& creation_url);
/// Where the token endpoint at `token_url` renews a token.
[[nodiscard]] std::string refresh_url_of(const std::string& token_url);

/// The password grant of a token endpoint (RFC 6749 section 4.3).
struct PasswordGrant {
  std::string token_url;
  std::string refresh_url;  ///< renews (section 6); empty: the password is sent again
  std::string username;
  std::string password;
};

/// Says what to ask a token endpoint and keeps what it answered; sends nothing itself, so that it
/// serves a blocking client as well as an event loop. Renews shortly before a token expires: first
/// with the refresh token, which is used once. Not thread-safe.
class TokenLife {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// What is issued becomes known to `secrets` before anything else is done with it.
  TokenLife(PasswordGrant grant, redact::Secrets secrets);

  [[nodiscard]] const PasswordGrant& grant() const { return grant_; }

  /// The access token at `now`; nullopt: one must be asked for.
  [[nodiscard]] std::optional<std::string> token(Time now) const;
  /// The server refused this token: it is dropped, unless another has come in the meantime.
  void refused(std::string_view token);

  /// A POST of `form` (application/x-www-form-urlencoded).
  struct Question {
    std::string url;
    http::Form form;
    bool refreshes = false;  ///< if it is refused, the next question gives the password
  };
  [[nodiscard]] Question next();

  /// Why there is no token.
  struct Refusal {
    int status = 0;                          ///< of the token endpoint
    std::optional<oauth::TokenError> error;  ///< what it said (section 5.2)
    std::optional<Error> document;           ///< 200, and this is wrong with the document
    /// The credentials are wrong: asking again with them is of no use.
    [[nodiscard]] bool final() const { return status >= 400 && status < 500 && status != 429; }
  };
  /// Takes the answer to the last question; nullopt: there is a token now.
  [[nodiscard]] std::optional<Refusal> take(int status, std::string_view body, Time now);

 private:
  PasswordGrant grant_;
  redact::Secrets secrets_;
  std::string token_;
  std::string refresh_token_;
  std::optional<Time> renew_at_;
};

}  // namespace client
