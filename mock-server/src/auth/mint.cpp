// Tokens for tests: what no token endpoint gives out.
#include <nlohmann/json.hpp>

#include "auth/access_tokens.hpp"
#include "auth/auth.hpp"
#include "auth/key_ring.hpp"
#include "auth/scopes.hpp"
#include "auth/session.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace mock {
namespace {

using Kind = MintRequest::Kind;
using Key = MintRequest::Key;

std::vector<std::string> scopes_from(const json::Cursor& at) {
  if (at.is_string()) return split_scopes(at.string());
  std::vector<std::string> scopes;
  for (const auto& item : at.items()) {
    if (!is_scope(item.string())) item.fail("is not a scope");
    scopes.push_back(item.string());
  }
  return scopes;
}

std::chrono::seconds seconds_from(const json::Cursor& at) {
  constexpr std::int64_t century = 100LL * 366 * 86'400;
  const std::int64_t value = at.integer();
  if (value < -century || value > century) {
    at.fail("expected seconds from now, at most a hundred years of them");
  }
  return std::chrono::seconds{value};
}

template <class T>
T one_of(const json::Cursor& at, std::initializer_list<std::pair<std::string_view, T>> names) {
  std::string known;
  for (const auto& [name, value] : names) {
    if (at.string() == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  at.fail("is not one of " + known);
}

MintRequest wish_from(const json::Cursor& root) {
  root.only({"username", "scopes", "expires_in", "not_before", "issuer", "key", "kind", "claims",
             "revoked"});
  MintRequest wish;
  if (const auto at = root.find("username")) wish.username = at->string();
  if (const auto at = root.find("scopes")) wish.scopes = scopes_from(*at);
  if (const auto at = root.find("expires_in")) wish.expires_in = seconds_from(*at);
  if (const auto at = root.find("not_before")) wish.not_before = seconds_from(*at);
  if (const auto at = root.find("issuer")) wish.issuer = at->string();
  if (const auto at = root.find("key")) {
    wish.key = one_of<Key>(
        *at, {{"current", Key::current}, {"previous", Key::previous}, {"unknown", Key::unknown}});
  }
  if (const auto at = root.find("kind")) {
    wish.kind = one_of<Kind>(*at, {{"jwt", Kind::jwt}, {"opaque", Kind::opaque}});
  }
  if (const auto at = root.find("claims")) {
    if (!at->is_object()) at->fail("expected an object");
    wish.claims = json::dump(at->raw());
  }
  if (const auto at = root.find("revoked")) wish.revoked = at->boolean();
  return wish;
}

}  // namespace

Result<MintRequest> parse_mint_request(std::string_view text) {
  return json::decode(text.empty() ? "{}" : text, "request body", wish_from);
}

std::string to_json(const MintedToken& token) {
  nlohmann::ordered_json json{{"access_token", token.access_token},
                              {"token_type", "Bearer"},
                              {"expires_in", token.expires_in.count()},
                              {"scope", token.scope},
                              {"cookie", token.cookie}};
  json["kid"] = nullptr;
  if (!token.kid.empty()) json["kid"] = token.kid;
  return json::dump(json) + "\n";
}

Result<MintedToken> Auth::mint(const MintRequest& wish) {
  const Kind kind = wish.kind.value_or(options_.mode == AuthMode::jwt ? Kind::jwt : Kind::opaque);
  if (kind == Kind::opaque) {
    const char* jwts_only = wish.issuer ? "issuer" : nullptr;
    if (wish.key != Key::current) jwts_only = "key";
    if (!wish.claims.empty()) jwts_only = "claims";
    if (jwts_only) return failure(jwts_only, "says nothing of an opaque token", "add kind: jwt");
  }
  const auto now = TimePoint{std::chrono::floor<std::chrono::seconds>(loop_.now())};
  Grant grant;
  grant.username = wish.username;
  grant.scopes = default_scopes();
  for (const User& user : options_.users.all()) {
    if (user.name == wish.username) grant.scopes = user.scopes;
  }
  if (wish.scopes) grant.scopes = *wish.scopes;
  const auto life = wish.expires_in.value_or(options_.lifetime);
  grant.expires = now + life;
  if (wish.not_before.count() != 0) grant.not_before = now + wish.not_before;
  // No later than it expires. A JWT has this as nbf as well, unless `not_before` is given.
  grant.issued = std::min(now, grant.expires);

  MintedToken minted;
  minted.expires_in = life;
  minted.scope = join_scopes(grant.scopes);
  if (auto ready = keep(); !ready) return tl::unexpected(not_kept(ready.error()));
  Result<std::string> token;
  if (kind == Kind::opaque) {
    token = access_->issue_opaque(grant);
  } else {
    Result<const SigningKey*> key = wish.key == Key::current   ? keys_->current()
                                    : wish.key == Key::unknown ? KeyRing::unknown()
                                                               : keys_->previous();
    if (!key) return tl::unexpected(not_kept(key.error()));
    if (!*key) return failure("key", "there is no previous one", "rotate the keys first");
    minted.kid = (*key)->id();
    token = access_->issue_jwt(**key, wish.issuer.value_or(issuer()), grant, wish.claims);
  }
  if (!token) return tl::unexpected(not_kept(token.error()));
  minted.access_token = std::move(*token);
  if (wish.revoked) {
    if (auto done = access_->revoke(minted.access_token); !done) {
      return tl::unexpected(not_kept(done.error()));
    }
  }
  // The cookie outlives an expired token, so that the token is what is refused.
  minted.cookie =
      sessions_->seal(minted.access_token, std::max(grant.expires, now + options_.lifetime));
  return minted;
}

}  // namespace mock
