#include "auth/auth.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "auth/access_tokens.hpp"
#include "auth/guesses.hpp"
#include "auth/jwt.hpp"
#include "auth/key_ring.hpp"
#include "auth/scopes.hpp"
#include "auth/session.hpp"
#include "auth/token_gate.hpp"
#include "auth/token_ledger.hpp"
#include "files/files.hpp"
#include "protocol/http/form.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/oauth/token.hpp"

namespace mock {
namespace {

constexpr std::size_t family_bytes = 12;
constexpr const char* no_query =
    "credentials belong in the form body or in Authorization: URLs end up in logs";
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

/// RFC 6749 section 5.1: answers with tokens must not be stored.
Reply uncached(Reply reply) {
  reply.fields.set("Cache-Control", "no-store");
  reply.fields.set("Pragma", "no-cache");
  return reply;
}

Reply token_error(std::string error, std::string description) {
  return uncached(
      json_reply(400, oauth::to_json(oauth::TokenError{std::move(error), std::move(description)})));
}

Reply not_allowed(const std::string& allow) {
  Reply reply = text_reply(405, "method not allowed\n");
  reply.fields.set("Allow", allow);
  return reply;
}

Reply public_document(const nlohmann::ordered_json& document) {
  Reply reply = json_reply(200, json::dump(document));
  reply.fields.set("Cache-Control", "no-cache");  // keys may be rotated at any time
  return reply;
}

tl::expected<::http::Form, Reply> parameters(const Request& request, const std::string& body,
                                             bool secure) {
  const auto invalid = [](std::string description) {
    return tl::unexpected(token_error("invalid_request", std::move(description)));
  };
  if (secure && !request.query.empty()) return invalid(no_query);
  auto form = ::http::parse_form(request.query);
  if (!form) return invalid("the query is not validly encoded");
  if (!body.empty()) {
    const std::string_view type = request.fields.find("Content-Type").value_or("");
    if (!::http::same_name(::http::trim_ows(type.substr(0, type.find(';'))), form_type)) {
      return invalid("Content-Type must be " + std::string(form_type));
    }
    const auto fields = ::http::parse_form(body);
    if (!fields) return invalid("the body is not a validly encoded form");
    form->insert(form->end(), fields->begin(), fields->end());
  }
  std::set<std::string_view> names;
  for (const auto& [name, value] : *form) {
    if (!names.insert(name).second) return invalid("parameter " + name + " is repeated");
  }
  return std::move(*form);
}

/// RFC 6749 section 3.1: a parameter without a value counts as omitted.
tl::expected<std::string, Reply> required(const ::http::Form& form, std::string_view name) {
  const auto value = ::http::find(form, name).value_or("");
  if (value.empty()) {
    return tl::unexpected(token_error("invalid_request", "missing " + std::string(name)));
  }
  return std::string(value);
}

/// nullopt when the grant type is `expected` or left out, as DEX's clients do.
std::optional<Reply> check_grant_type(const ::http::Form& form, std::string_view expected) {
  const auto type = ::http::find(form, "grant_type").value_or("");
  if (type.empty() || type == expected) return std::nullopt;
  return token_error("unsupported_grant_type", "grant_type must be " + std::string(expected));
}

TimePoint whole_seconds(TimePoint time) {
  return TimePoint{std::chrono::floor<std::chrono::seconds>(time)};
}

}  // namespace

Result<std::string> parse_issuer(std::string_view text) {
  std::string_view rest = text;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7F' && c != '?' && c != '#' && c != '"' && c != '\\';
  });
  if (rest.size() == text.size() || rest.empty() || rest.front() == '/' || !clean) {
    return failure("--issuer", "is not an issuer, expected http(s)://HOST[:PORT][/PATH]",
                   "for example https://idp.example/oauth");
  }
  return std::string(text);
}

Auth::Auth(AuthOptions options, Loop& loop)
    : options_(std::move(options)),
      loop_(loop),
      issuers_(std::make_unique<Issuers>()),
      guesses_(std::make_unique<Guesses>()) {}
Auth::~Auth() = default;

std::optional<std::filesystem::path> Auth::in_state(const char* name) const {
  if (!options_.state_folder || !kept_) return std::nullopt;
  return *options_.state_folder / name;
}

Result<std::unique_ptr<Auth>> Auth::make(AuthOptions options, Loop& loop) {
  if (options.secure && options.mode == AuthMode::none) {
    return failure("--secure", "closes nothing while every request passes",
                   "add --auth jwt or --auth opaque");
  }
  if (!options.issuer.empty()) {
    if (auto issuer = parse_issuer(options.issuer); !issuer) return tl::unexpected(issuer.error());
  }
  std::unique_ptr<Auth> auth(new Auth(std::move(options), loop));
  if (auto opened = auth->open(); !opened) return tl::unexpected(opened.error());
  return auth;
}

Result<void> Auth::open() {
  const AuthMode mode = options_.mode;
  std::error_code ignored;
  kept_ = !options_.keep_when_needed || !options_.state_folder ||
          std::filesystem::exists(*options_.state_folder, ignored);
  auto keys = KeyRing::open(in_state("signing-key.pem"));
  if (!keys) return tl::unexpected(keys.error());
  keys_ = std::move(*keys);
  // Else the first key is made when it is asked for, as that takes a tenth of a second.
  if (mode == AuthMode::jwt && in_state("signing-key.pem")) {
    if (auto key = keys_->current(); !key) return tl::unexpected(key.error());
  }
  auto sessions = Sessions::open(in_state("session-key"));
  if (!sessions) return tl::unexpected(sessions.error());
  sessions_ = std::move(*sessions);
  auto access = TokenLedger::open(in_state("access-tokens.jsonl"), loop_.now());
  if (!access) return tl::unexpected(access.error());
  access_ = std::make_unique<AccessTokens>(
      AccessTokens::Kinds{mode == AuthMode::jwt, mode != AuthMode::opaque}, *keys_, *issuers_,
      std::move(*access));
  auto refresh = TokenLedger::open(in_state("refresh-tokens.jsonl"), loop_.now());
  if (!refresh) return tl::unexpected(refresh.error());
  refresh_ = std::move(*refresh);
  gate_ = std::make_unique<TokenGate>(mode == AuthMode::none ? nullptr : access_.get(), *sessions_,
                                      TokenGateOptions{options_.required_scopes, options_.secure},
                                      loop_);
  return open_issuers();
}

// A server without a pinned issuer may come back on another port, where its tokens are still good.
Result<void> Auth::open_issuers() {
  if (!options_.issuer.empty()) {
    issuers_->current = options_.issuer;
    return {};
  }
  issuers_->current = "https://dex-mock-server.invalid/oauth";
  const auto file = in_state("issuers");
  if (!file) return {};
  auto text = read_file(*file);
  if (!text) return tl::unexpected(text.error());
  std::string_view rest = *text ? std::string_view(**text) : std::string_view();
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    issuers_->earlier.emplace(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return {};
}

Result<void> Auth::served_at(const std::string& url) {
  if (!options_.issuer.empty()) return {};
  issuers_->current = url + "/oauth";
  const auto file = in_state("issuers");
  if (!issuers_->earlier.insert(issuers_->current).second || !file) return {};
  return append_line(*file, issuers_->current);
}

const std::string& Auth::issuer() const { return issuers_->current; }

bool Auth::guards(Route route) const {
  if (options_.mode == AuthMode::none) return false;
  switch (route.guarded()) {
    case Endpoint::Guard::always:
      return true;
    case Endpoint::Guard::guide:
      return options_.guide;
    case Endpoint::Guard::secure:
      return options_.secure;
    case Endpoint::Guard::never:
    case Endpoint::Guard::system:
      break;
  }
  return false;
}

std::optional<Reply> Auth::check(const Request& request) const { return gate_->check(request); }

Reply Auth::oauth(const Request& request, const std::string& body) {
  if (request.method == "POST") return password_grant(request, body);
  if (request.method == "GET" || request.method == "HEAD") return describe(request);
  return not_allowed("GET, HEAD, POST");
}

Reply Auth::password_grant(const Request& request, const std::string& body) {
  const auto form = parameters(request, body, options_.secure);
  if (!form) return form.error();
  if (auto wrong = check_grant_type(*form, "password")) return *wrong;
  const auto username = required(*form, "username");
  if (!username) return username.error();
  const auto password = required(*form, "password");
  if (!password) return password.error();
  if (auto wait = slowed(*username)) return *std::move(wait);
  const User* user = options_.users.authenticate(*username, *password);
  if (!user) {
    if (options_.secure) {
      guesses_->wrong(*username, loop_.now());
      if (options_.shared_guesses) {
        options_.shared_guesses->wrong(*username, options_.shared_clock->now());
      }
    }
    return token_error("invalid_grant", "username or password is wrong");
  }
  std::vector<std::string> scopes = split_scopes(::http::find(*form, "scope").value_or(""));
  if (scopes.empty()) scopes = user->scopes;
  if (!includes_scopes(user->scopes, scopes)) {
    return token_error("invalid_scope", "this user's scopes are: " + join_scopes(user->scopes));
  }
  Grant grant;
  grant.username = user->name;
  grant.scopes = std::move(scopes);
  grant.family = random_token(family_bytes);
  return answer_with_tokens(std::move(grant));
}

/// The right password has to wait as well, or an answer would tell it from the wrong ones.
std::optional<Reply> Auth::slowed(const std::string& username) {
  if (!options_.secure) return std::nullopt;
  auto wait = guesses_->wait(username, loop_.now());
  if (!wait && options_.shared_guesses) {
    wait = options_.shared_guesses->wait(username, options_.shared_clock->now());
  }
  if (!wait) return std::nullopt;
  const auto seconds = std::to_string(wait->count());
  auto reply = token_error("temporarily_unavailable",
                           "too many wrong passwords for this username; try again in " + seconds +
                               (seconds == "1" ? " second" : " seconds"));
  reply.status = 429;
  reply.fields.set("Retry-After", seconds);
  return reply;
}

void Auth::forget_guesses() {
  guesses_->clear();
  if (options_.shared_guesses) options_.shared_guesses->clear();
}

/// Logs the error, and returns what the client may be told of it.
Error Auth::not_kept(const Error& error) const {
  if (options_.notify) options_.notify({"identity", {}, {}, error.line()});
  return {{}, "the identity cannot be kept: " + error.what, {}};
}

/// Called before the first token is given out: from now on the state outlives the process.
Result<void> Auth::keep() {
  if (kept_) return {};
  const auto file = [this](const char* name) { return *options_.state_folder / name; };
  auto kept = sessions_->keep_in(file("session-key"));
  if (kept) kept = keys_->keep_in(file("signing-key.pem"));
  if (kept) kept = access_->keep_in(file("access-tokens.jsonl"));
  if (kept) kept = refresh_->keep_in(file("refresh-tokens.jsonl"));
  std::string issuers;
  for (const auto& issuer : issuers_->earlier) issuers += issuer + "\n";
  if (kept && !issuers.empty()) kept = replace_file(file("issuers"), issuers);
  kept_ = kept.has_value();
  return kept;
}

bool Auth::holds_tokens() const {
  const auto now = loop_.now();
  return access_->holds(now) || refresh_->holds(now, false);
}

bool Auth::holds_tokens(const std::filesystem::path& state_folder, TimePoint now) {
  for (const bool access : {true, false}) {
    const auto file = state_folder / (access ? "access-tokens.jsonl" : "refresh-tokens.jsonl");
    std::error_code error;
    if (!std::filesystem::exists(file, error)) continue;
    const auto ledger = TokenLedger::open(file, now);
    if (!ledger || (*ledger)->holds(now, access)) return true;
  }
  return false;
}

Reply Auth::refresh(const Request& request, const std::string& body) {
  if (request.method != "POST") return not_allowed("POST");
  const auto form = parameters(request, body, options_.secure);
  if (!form) return form.error();
  if (auto wrong = check_grant_type(*form, "refresh_token")) return *wrong;
  const auto token = required(*form, "refresh_token");
  if (!token) return token.error();
  const TokenLedger::Entry* entry = refresh_->find(*token);
  if (!entry || loop_.now() >= entry->grant.expires) {
    return token_error("invalid_grant", "refresh_token is unknown or expired");
  }
  Grant grant = entry->grant;
  const bool spent = entry->revoked;
  Result<void> kept = spent ? refresh_->revoke_family(grant.family) : refresh_->revoke(*token);
  if (kept && spent) kept = access_->revoke_family(grant.family);
  if (!kept) return failed(kept.error());
  if (spent) {
    return token_error("invalid_grant",
                       "refresh_token was used before; all tokens of this login are void now");
  }
  return answer_with_tokens(std::move(grant));
}

/// Logs the error. A client is told nothing of the server's files.
Reply Auth::failed(const Error& error) const {
  if (options_.notify) options_.notify({"identity", {}, {}, error.line()});
  return uncached(
      text_reply(is_disk_full(error) ? 507 : 500, "the server's tokens and keys cannot be kept\n"));
}

Reply Auth::answer_with_tokens(Grant grant) {
  if (auto kept = keep(); !kept) return failed(kept.error());
  grant.issued = whole_seconds(loop_.now());
  grant.expires = grant.issued + options_.lifetime;
  auto access = access_->issue(grant);
  if (!access) return failed(access.error());
  grant.expires = grant.issued + options_.refresh_lifetime;
  auto refresh = refresh_->issue(grant);
  if (!refresh) return failed(refresh.error());
  return uncached(json_reply(200, oauth::to_json(oauth::TokenResponse{std::move(*access),
                                                                      "Bearer",
                                                                      options_.lifetime,
                                                                      std::move(*refresh),
                                                                      join_scopes(grant.scopes),
                                                                      {"dex"}})));
}

Reply Auth::describe(const Request& request) const {
  // The gateway's own description takes the token as a query parameter (openapi-sams.yml).
  std::string token;
  const auto query = ::http::parse_form(request.query);
  if (query) token = ::http::find(*query, "access_token").value_or("");
  if (!token.empty() && options_.secure) return token_error("invalid_request", no_query);
  if (token.empty()) {
    auto bearer = bearer_token(request);
    if (!bearer) return uncached(bearer.error());
    token = std::move(*bearer);
  }
  const auto seconds = [](TimePoint time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  // `status` and `Reason` are openapi.yml's; the rest is what RFC 7662 section 2.2 calls it.
  nlohmann::ordered_json answer;
  const auto grant = access_->verify(token, loop_.now());
  if (grant) {
    answer = {{"status", "valid"},
              {"Reason", "token is valid"},
              {"active", true},
              {"token_type", "Bearer"},
              {"username", grant->username},
              {"scope", join_scopes(grant->scopes)},
              {"iat", seconds(grant->issued)},
              {"exp", seconds(grant->expires)}};
  } else {
    answer = {{"status", "invalid"}, {"Reason", grant.error().text}, {"active", false}};
  }
  return uncached(json_reply(200, json::dump(answer)));
}

Reply Auth::oidc_configuration(const Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") return not_allowed("GET, HEAD");
  // Beside the issuer, however it is pinned: what reaches the issuer reaches the keys.
  std::string_view base = issuer();
  while (base.ends_with('/')) base.remove_suffix(1);
  if (base.ends_with("/oauth")) base.remove_suffix(std::string_view("/oauth").size());
  const std::string endpoint = std::string(base) + "/oauth";
  // There is no authorization endpoint, as RFC 8414 section 2 allows where no grant type needs it.
  return public_document(nlohmann::ordered_json{
      {"issuer", issuer()},
      {"token_endpoint", endpoint},
      {"jwks_uri", endpoint + "/jwks"},
      {"response_types_supported", nlohmann::json::array()},
      {"grant_types_supported", {"password", "refresh_token"}},
      {"subject_types_supported", {"public"}},
      {"id_token_signing_alg_values_supported", {"RS256"}},
      {"token_endpoint_auth_methods_supported", {"none"}},
      {"scopes_supported", default_scopes()},
      {"claims_supported", {"iss", "sub", "scope", "iat", "nbf", "exp", "jti"}}});
}

Reply Auth::jwks(const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return not_allowed("GET, HEAD");
  if (auto key = keys_->current(); !key) return failed(key.error());
  auto list = nlohmann::ordered_json::array();
  for (const auto& key : keys_->all()) {
    list.push_back({{"kty", "RSA"},
                    {"use", "sig"},
                    {"alg", "RS256"},
                    {"kid", key->id()},
                    {"n", key->modulus()},
                    {"e", key->exponent()}});
  }
  return public_document(nlohmann::ordered_json{{"keys", std::move(list)}});
}

Result<std::string> Auth::rotate_keys(bool retire_earlier) {
  if (auto kept = keep(); !kept) return tl::unexpected(not_kept(kept.error()));
  auto kid = keys_->rotate(retire_earlier);
  if (!kid) return tl::unexpected(not_kept(kid.error()));
  return kid;
}

Result<void> Auth::revoke(std::string_view token) {
  auto done = access_->revoke(token);
  if (done) done = refresh_->revoke(token);
  return done ? done : tl::unexpected(not_kept(done.error()));
}

Result<void> Auth::forget_rotations() {
  auto done = keys_->forget_rotations();
  return done ? done : tl::unexpected(not_kept(done.error()));
}

Result<void> Auth::revoke_all() {
  auto done = access_->revoke_all();
  if (done) done = refresh_->revoke_all();
  return done ? done : tl::unexpected(not_kept(done.error()));
}

}  // namespace mock
