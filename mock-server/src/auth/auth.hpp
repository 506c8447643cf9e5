// Everything about identity: the token endpoint and the gate in front of uploads.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/auth_mode.hpp"
#include "auth/users.hpp"
#include "http/message.hpp"
#include "loop/loop.hpp"
#include "notice.hpp"
#include "protocol/error.hpp"

namespace mock {

class AccessTokens;
class Gate;
class Guesses;
class KeyRing;
class Sessions;
class TokenLedger;
struct Grant;
struct Issuers;

/// An issuer as OpenID Connect Discovery 1.0 section 3 has it: an http or https URL without query
/// and fragment.
[[nodiscard]] Result<std::string> parse_issuer(std::string_view text);

struct AuthOptions {
  AuthMode mode = AuthMode::none;
  Users users;
  /// Holds signing keys, issued tokens, the key of session cookies and the issuers that this server
  /// was known by, so that tokens outlive a restart. Without it they live in memory.
  std::optional<std::filesystem::path> state_folder;
  /// Nothing is written there before the first token is given out, unless the folder exists
  /// already.
  bool keep_when_needed = false;
  /// --issuer: pinned. Empty: where `served_at` says that the server is.
  std::string issuer;
  std::chrono::seconds lifetime{3600};
  std::chrono::seconds refresh_lifetime{24 * 3600};
  std::vector<std::string> required_scopes{"dex:upload"};
  /// --secure: closes what is open for clients' convenience: see `guards` and TokenGateOptions;
  /// besides, credentials in a query are refused (RFC 9700 section 4.3.2), and a user's sixth wrong
  /// password within a minute (RFC 6749 section 4.3.2). Needs a mode that demands tokens.
  bool secure = false;
  /// --contract guide: /health needs a token as well.
  bool guide = false;
  /// For what cannot be told to a client: state that cannot be kept.
  Notify notify = {};
  /// A second count of wrong passwords, shared with others and by a clock of its own. Null: there
  /// is none. Both outlive this.
  Guesses* shared_guesses = nullptr;
  const Loop* shared_clock = nullptr;
};

/// A token for a test: as the token endpoint gives it out, except for what is said here. A value.
struct MintRequest {
  enum class Kind { jwt, opaque };
  enum class Key {
    current,   ///< the one that signs now
    previous,  ///< the one before the last rotation; still in the JWKS unless it was retired
    unknown,   ///< one that no JWKS ever names
  };
  std::string username = "demo";
  std::optional<std::vector<std::string>> scopes;  ///< default: the user's
  std::optional<std::chrono::seconds> expires_in;  ///< from now, may be negative; default: usual
  std::chrono::seconds not_before{0};              ///< from now, may be negative
  std::optional<std::string> issuer;               ///< JWTs only
  Key key = Key::current;                          ///< JWTs only
  std::optional<Kind> kind;                        ///< default: as --auth says
  std::string claims;    ///< JWTs only: members of this JSON object replace or add claims; null
                         ///< removes one; empty: none
  bool revoked = false;  ///< void from the start
};
/// The body of POST /_mock/tokens: username, scopes (list, or text as in RFC 6749), expires_in,
/// not_before, issuer, key, kind, claims, revoked; all may be left out. The Error names the field.
[[nodiscard]] Result<MintRequest> parse_mint_request(std::string_view json);

struct MintedToken {
  std::string access_token;
  std::string cookie;  ///< "phdo_session=...", which says the same (row DEX-AUTH-016)
  std::chrono::seconds expires_in{0};
  std::string scope;
  std::string kid;  ///< empty: opaque
};
/// {"access_token", "token_type", "expires_in", "scope", "cookie", "kid"} and a line feed.
[[nodiscard]] std::string to_json(const MintedToken& token);

/// Loop thread only.
class Auth {
 public:
  /// `loop` outlives the result; its `now` is the time that tokens are judged by.
  [[nodiscard]] static Result<std::unique_ptr<Auth>> make(AuthOptions options, Loop& loop);
  ~Auth();
  Auth(const Auth&) = delete;
  Auth& operator=(const Auth&) = delete;

  /// Once the server's URL is known ("http://127.0.0.1:8080", a lane's mount included), before the
  /// first request: the default issuer is that and "/oauth".
  Result<void> served_at(const std::string& url);
  [[nodiscard]] const std::string& issuer() const;
  [[nodiscard]] AuthMode mode() const { return options_.mode; }

  /// Whether requests to this endpoint have to pass `check`: uploads and /info (DEX-AUTH-014), and
  /// redelivery, which writes (DEX-SEC-001); with --contract guide /health as well (point 11 of
  /// contract-guide.md), with --secure /version and /metrics. Never with --auth none.
  [[nodiscard]] bool guards(Route route) const;
  /// nullopt lets the request through. It is decided at the head of a request: a token that expires
  /// while a body is under way is good until that body ends, and the next request is refused.
  [[nodiscard]] std::optional<Reply> check(const Request& request) const;
  /// /oauth: POST is the password grant (RFC 6749 section 4.3; parameters in the form body or the
  /// query, row DEX-AUTH-020), GET describes a token (DEX openapi.yml). With --secure a name
  /// that had five wrong passwords within a minute is answered 429 with Retry-After (RFC 6585
  /// section 4), right ones included, whether there is such a user or not.
  [[nodiscard]] Reply oauth(const Request& request, const std::string& body);
  /// /oauth/refresh (row DEX-AUTH-021). A refresh token works once; its answer brings the
  /// next. One that comes a second time was stolen by somebody: it voids every token of its login
  /// (RFC 9700 section 4.14.2).
  [[nodiscard]] Reply refresh(const Request& request, const std::string& body);
  /// The issuer's /.well-known/openid-configuration (OpenID Connect Discovery 1.0 section 4).
  [[nodiscard]] Reply oidc_configuration(const Request& request) const;
  /// The issuer's keys (RFC 7517 section 5), those before a rotation included.
  [[nodiscard]] Reply jwks(const Request& request);

  // ---- for tests (/_mock/) and for rules -------------------------------------------------------
  // Errors never name a file, which the log does. Without a place: the state cannot be kept.
  /// An Error: the wish contradicts itself (the place is the field), or the state cannot be kept.
  [[nodiscard]] Result<MintedToken> mint(const MintRequest& wish);
  /// From now on another key signs; its id. Earlier ones stay in the JWKS and verify, unless
  /// `retire_earlier`: then all tokens they signed are refused.
  Result<std::string> rotate_keys(bool retire_earlier = false);
  /// An access or refresh token is void from now on; others, expired ones and nonsense are no
  /// error.
  Result<void> revoke(std::string_view token);
  /// All tokens given out so far are void. Keys stay.
  Result<void> revoke_all();
  /// The oldest key that there is signs again, and is the only one.
  Result<void> forget_rotations();
  /// Wrong passwords so far do not count any more.
  void forget_guesses();

  /// Whether there is a token that would be missed: one that has not expired yet.
  [[nodiscard]] bool holds_tokens() const;
  /// The same for a state folder that no Auth uses now. True also when it cannot be read.
  [[nodiscard]] static bool holds_tokens(const std::filesystem::path& state_folder, TimePoint now);

 private:
  Auth(AuthOptions options, Loop& loop);
  Result<void> open();
  [[nodiscard]] Result<void> open_issuers();
  [[nodiscard]] Result<void> keep();
  [[nodiscard]] Error not_kept(const Error& error) const;
  Reply password_grant(const Request& request, const std::string& body);
  [[nodiscard]] std::optional<Reply> slowed(const std::string& username);
  Reply describe(const Request& request) const;
  Reply answer_with_tokens(Grant grant);
  [[nodiscard]] Reply failed(const Error& error) const;
  [[nodiscard]] std::optional<std::filesystem::path> in_state(const char* name) const;

  AuthOptions options_;
  Loop& loop_;
  bool kept_ = true;  ///< what there is to keep goes into the state folder
  std::unique_ptr<Issuers> issuers_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<AccessTokens> access_;
  std::unique_ptr<TokenLedger> refresh_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<Guesses> guesses_;
};

}  // namespace mock
