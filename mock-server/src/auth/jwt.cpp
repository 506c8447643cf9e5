#include "auth/jwt.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "auth/scopes.hpp"
#include "protocol/base64.hpp"
#include "protocol/json/encode.hpp"

namespace mock {
namespace {

using nlohmann::json;

struct Parts {
  json header;
  json payload;
  std::string_view signed_text;
  std::string signature;
};

std::optional<json> decode_part(std::string_view part) {
  const auto text = base64::decode_url(part);
  if (!text) return std::nullopt;
  json value = json::parse(*text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

tl::expected<Parts, TokenRefusal> split(std::string_view token) {
  const auto malformed = [](std::string_view what) {
    return tl::unexpected(unverified("oidc: malformed jwt: " + std::string(what)));
  };
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return malformed("expected three parts");
  }
  auto header = decode_part(token.substr(0, first));
  if (!header) return malformed("the header is not base64url of a JSON object");
  auto payload = decode_part(token.substr(first + 1, second - first - 1));
  if (!payload) return malformed("the payload is not base64url of a JSON object");
  auto signature = base64::decode_url(token.substr(second + 1));
  if (!signature) return malformed("the signature is not base64url");
  return Parts{std::move(*header), std::move(*payload), token.substr(0, second),
               std::move(*signature)};
}

std::string text_or_empty(const json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string{};
}

/// RFC 7519 section 2, NumericDate. nullopt when it is missing or no number a clock can show.
std::optional<TimePoint> date(const json& payload, const char* key) {
  const auto member = payload.find(key);
  if (member == payload.end() || !member->is_number()) return std::nullopt;
  const double seconds = member->get<double>();
  constexpr double year_2262 = 9.2e9;  // where nanoseconds in 64 bits end
  if (!std::isfinite(seconds) || seconds < 0 || seconds > year_2262) return std::nullopt;
  return TimePoint{std::chrono::duration_cast<TimePoint::duration>(
      std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)})};
}

tl::expected<Grant, TokenRefusal> check_claims(const json& payload, const Issuers& issuers,
                                               TimePoint now) {
  const std::string issuer = text_or_empty(payload, "iss");
  if (issuer != issuers.current && !issuers.earlier.contains(issuer)) {
    return tl::unexpected(unverified("oidc: id token issued by a different provider, expected \"" +
                                     issuers.current + "\" got " + quote(issuer)));
  }
  const auto expires = date(payload, "exp");
  if (!expires) {
    return tl::unexpected(unverified("oidc: token is expired (no valid exp claim)"));
  }
  if (now >= *expires) return tl::unexpected(expired(*expires));
  if (payload.contains("nbf")) {
    const auto not_before = date(payload, "nbf");
    if (!not_before || now < *not_before) return tl::unexpected(not_yet_valid(now));
  }
  const auto scope = payload.find("scope");
  if (scope != payload.end() && !scope->is_string()) {
    return tl::unexpected(
        TokenRefusal{"failed to parse token claims\nscope is not a string of words"});
  }
  return Grant{text_or_empty(payload, "sub"), split_scopes(text_or_empty(payload, "scope")),
               date(payload, "iat").value_or(TimePoint{}), *expires};
}

bool signed_by_one_of(const KeyRing& keys, const Parts& parts) {
  const std::string kid = text_or_empty(parts.header, "kid");
  return std::any_of(keys.all().begin(), keys.all().end(), [&](const auto& key) {
    return (kid.empty() || kid == key->id()) && key->verify(parts.signed_text, parts.signature);
  });
}

}  // namespace

bool looks_like_jwt(std::string_view token) {
  return std::count(token.begin(), token.end(), '.') == 2;
}

Result<std::string> encode_jwt(const SigningKey& key, std::string_view header,
                               std::string_view payload) {
  std::string text = base64::encode_url(header) + "." + base64::encode_url(payload);
  auto signature = key.sign(text);
  if (!signature) return signature;
  return text + "." + base64::encode_url(*signature);
}

Result<std::string> sign_jwt(const SigningKey& key, const std::string& issuer, const Grant& grant,
                             std::string_view claims) {
  const auto seconds = [](TimePoint time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  const json header{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", key.id()}};
  json payload{{"iss", issuer},
               {"sub", grant.username},
               {"scope", join_scopes(grant.scopes)},
               {"iat", seconds(grant.issued)},
               {"nbf", seconds(grant.not_before > TimePoint{} ? grant.not_before : grant.issued)},
               {"exp", seconds(grant.expires)},
               {"jti", random_token(12)}};
  if (!claims.empty()) {
    const json patch = json::parse(claims, nullptr, false);
    if (!patch.is_object()) return failure("claims", "expected a JSON object");
    payload.merge_patch(patch);
  }
  return encode_jwt(key, ::json::dump(header), ::json::dump(payload));
}

tl::expected<Grant, TokenRefusal> verify_jwt(std::string_view token, const KeyRing& keys,
                                             const Issuers& issuers, TimePoint now) {
  const auto parts = split(token);
  if (!parts) return tl::unexpected(parts.error());
  // RFC 8725 section 3.1: the algorithm is ours to choose, never the token's.
  if (text_or_empty(parts->header, "alg") != "RS256") {
    return tl::unexpected(
        unverified("oidc: id token signed with unsupported algorithm, expected [\"RS256\"]"));
  }
  if (parts->header.contains("crit")) {
    return tl::unexpected(unverified("oidc: malformed jwt: unknown critical extension"));
  }
  if (!signed_by_one_of(keys, *parts)) {
    return tl::unexpected(
        unverified("failed to verify signature: failed to verify id token signature"));
  }
  return check_claims(parts->payload, issuers, now);
}

}  // namespace mock
