#include "auth/auth.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "auth/jwt.hpp"
#include "auth/scopes.hpp"
#include "auth/token_ledger.hpp"
#include "protocol/http/form.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/oauth/token.hpp"

namespace mock {
namespace {

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

tl::expected<::http::Form, Reply> parameters(const Request& request, const std::string& body) {
  const auto invalid = [](std::string description) {
    return tl::unexpected(token_error("invalid_request", std::move(description)));
  };
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

Result<AuthMode> parse_auth_mode(std::string_view text) {
  if (text == "none") return AuthMode::none;
  if (text == "jwt") return AuthMode::jwt;
  if (text == "opaque") return AuthMode::opaque;
  return failure("--auth", quote(text) + " is not a mode, expected none, jwt or opaque");
}

Auth::Auth(AuthOptions options, Loop& loop)
    : options_(std::move(options)),
      loop_(loop),
      issuer_(options_.issuer.empty() ? "https://dex-mock-server.invalid/oauth" : options_.issuer) {
}
Auth::~Auth() = default;

Result<std::unique_ptr<Auth>> Auth::make(AuthOptions options, Loop& loop) {
  std::unique_ptr<Auth> auth(new Auth(std::move(options), loop));
  const AuthOptions& chosen = auth->options_;
  const auto in_state = [&](const char* name) {
    return chosen.state_folder ? std::optional(*chosen.state_folder / name) : std::nullopt;
  };
  if (chosen.mode == AuthMode::jwt) {
    const auto file = in_state("signing-key.pem");
    auto key = file ? SigningKey::load_or_create(*file) : SigningKey::generate();
    if (!key) return tl::unexpected(key.error());
    auth->key_ = std::make_unique<SigningKey>(std::move(*key));
    auth->access_ = make_jwt_tokens(*auth->key_, auth->issuer_);
  } else {
    auto ledger = TokenLedger::open(in_state("access-tokens.jsonl"), loop.now());
    if (!ledger) return tl::unexpected(ledger.error());
    auth->access_ = std::move(*ledger);
  }
  auto refresh = TokenLedger::open(in_state("refresh-tokens.jsonl"), loop.now());
  if (!refresh) return tl::unexpected(refresh.error());
  auth->refresh_ = std::move(*refresh);
  auth->gate_ = std::make_unique<Gate>(
      chosen.mode == AuthMode::none ? nullptr : auth->access_.get(), chosen.required_scopes, loop);
  return auth;
}

std::optional<Reply> Auth::check(const Request& request) const { return gate_->check(request); }

bool Auth::guards(Route route) const {
  return options_.mode != AuthMode::none && needs_token(route);
}

Reply Auth::oauth(const Request& request, const std::string& body) {
  if (request.method == "POST") return password_grant(request, body);
  if (request.method == "GET" || request.method == "HEAD") return describe(request);
  return not_allowed("GET, HEAD, POST");
}

Reply Auth::password_grant(const Request& request, const std::string& body) {
  const auto form = parameters(request, body);
  if (!form) return form.error();
  if (auto wrong = check_grant_type(*form, "password")) return *wrong;
  const auto username = required(*form, "username");
  if (!username) return username.error();
  const auto password = required(*form, "password");
  if (!password) return password.error();
  const User* user = options_.users.authenticate(*username, *password);
  if (!user) return token_error("invalid_grant", "username or password is wrong");
  std::vector<std::string> scopes = split_scopes(::http::find(*form, "scope").value_or(""));
  if (scopes.empty()) scopes = user->scopes;
  if (!includes_scopes(user->scopes, scopes)) {
    return token_error("invalid_scope", "this user's scopes are: " + join_scopes(user->scopes));
  }
  return answer_with_tokens(user->name, std::move(scopes));
}

Reply Auth::refresh(const Request& request, const std::string& body) {
  if (request.method != "POST") return not_allowed("POST");
  const auto form = parameters(request, body);
  if (!form) return form.error();
  if (auto wrong = check_grant_type(*form, "refresh_token")) return *wrong;
  const auto token = required(*form, "refresh_token");
  if (!token) return token.error();
  const auto grant = refresh_->verify(*token, loop_.now());
  if (!grant) {
    return token_error("invalid_grant", "refresh_token is unknown, used, or expired");
  }
  if (auto revoked = refresh_->revoke(*token); !revoked) {
    return text_reply(500, revoked.error().line() + "\n");
  }
  return answer_with_tokens(grant->username, grant->scopes);
}

Reply Auth::answer_with_tokens(const std::string& username, std::vector<std::string> scopes) {
  const TimePoint now = whole_seconds(loop_.now());
  Grant grant{username, std::move(scopes), now, now + options_.lifetime};
  auto access = access_->issue(grant);
  if (!access) return text_reply(500, access.error().line() + "\n");
  grant.expires = now + options_.refresh_lifetime;
  auto refresh = refresh_->issue(grant);
  if (!refresh) return text_reply(500, refresh.error().line() + "\n");
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

}  // namespace mock
