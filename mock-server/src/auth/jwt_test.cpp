#include "auth/jwt.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocol/base64.hpp"

namespace mock {
namespace {

using nlohmann::json;
using std::chrono::seconds;

const TimePoint now{seconds{1'800'000'000}};
constexpr std::int64_t now_seconds = 1'800'000'000;
constexpr const char* issuer = "https://issuer.example";

class Jwt : public testing::Test {
 protected:
  /// Making an RSA key takes a while; the tests only read it.
  static KeyRing& keys() {
    static std::unique_ptr<KeyRing> made = KeyRing::open(std::nullopt).value();
    return *made;
  }
  static const SigningKey& key() { return *keys().current().value(); }
  static json good_claims() {
    return {{"iss", issuer}, {"sub", "lab"}, {"scope", "a b"}, {"exp", now_seconds + 60}};
  }
  static std::string signed_token(const json& payload, const json& header = {{"alg", "RS256"}}) {
    return encode_jwt(key(), header.dump(), payload.dump()).value();
  }
  /// The refusal, or "" when the token is good.
  std::string refusal(const std::string& token, TimePoint at = now) const {
    const auto grant = verify_jwt(token, keys(), issuers_, at);
    return grant ? std::string{} : grant.error().text;
  }

  Issuers issuers_{issuer, {"https://earlier.example"}};
};

TEST_F(Jwt, IssuedTokensAreAccepted) {
  const Grant grant{"lab", {"dex:upload", "dex:status"}, now, now + seconds{3600}};
  const auto token = sign_jwt(key(), issuer, grant).value();
  EXPECT_EQ(verify_jwt(token, keys(), issuers_, now).value(), grant);
  EXPECT_NE(sign_jwt(key(), issuer, grant).value(), token) << "every token is another one";
}

TEST_F(Jwt, DEX_AUTH_003_Expired) {
  const auto token = signed_token(good_claims());
  EXPECT_EQ(refusal(token, now + seconds{59}), "");
  EXPECT_EQ(
      refusal(token, now + seconds{60})
          .rfind("failed to verify token\noidc: token is expired (Token Expiry: 2027-01-15T08:01",
                 0),
      0U)
      << refusal(token, now + seconds{60});
}

TEST_F(Jwt, NoExpiryIsExpired) {
  for (const json& expiry : {json(nullptr), json("tomorrow"), json(-1), json(1e300)}) {
    auto claims = good_claims();
    claims["exp"] = expiry;
    EXPECT_NE(refusal(signed_token(claims)).find("token is expired"), std::string::npos) << expiry;
  }
}

TEST_F(Jwt, DEX_AUTH_004_BadSignature) {
  const auto token = signed_token(good_claims());
  const std::string text = "failed to verify token\nfailed to verify signature:";

  auto claims = good_claims();
  claims["sub"] = "someone else";
  const auto forged = token.substr(0, token.find('.') + 1) + base64::encode_url(claims.dump()) +
                      token.substr(token.rfind('.'));
  EXPECT_EQ(refusal(forged).rfind(text, 0), 0U) << refusal(forged);

  const auto other = SigningKey::generate().value();
  const auto foreign =
      encode_jwt(other, json{{"alg", "RS256"}}.dump(), good_claims().dump()).value();
  EXPECT_EQ(refusal(foreign).rfind(text, 0), 0U) << refusal(foreign);

  EXPECT_EQ(refusal(token.substr(0, token.rfind('.') + 1)).rfind(text, 0), 0U) << "no signature";
}

TEST_F(Jwt, DEX_AUTH_005_WrongIssuer) {
  auto claims = good_claims();
  claims["iss"] = "https://else.example";
  EXPECT_EQ(refusal(signed_token(claims))
                .rfind("failed to verify token\noidc: id token issued by a different provider", 0),
            0U);
  claims["iss"] = "https://earlier.example";
  EXPECT_EQ(refusal(signed_token(claims)), "") << "a name this server had before";
  claims.erase("iss");
  EXPECT_NE(refusal(signed_token(claims)), "");
}

TEST_F(Jwt, NotYetValid) {
  auto claims = good_claims();
  claims["nbf"] = now_seconds + 10;
  EXPECT_NE(refusal(signed_token(claims)).find("before the nbf (not before) time"),
            std::string::npos);
  EXPECT_EQ(refusal(signed_token(claims), now + seconds{10}), "");
}

TEST_F(Jwt, DEX_AUTH_008_ClaimsThatDoNotParse) {
  auto claims = good_claims();
  claims["scope"] = {"a", "b"};
  EXPECT_EQ(refusal(signed_token(claims)).rfind("failed to parse token claims\n", 0), 0U);
}

/// RFC 8725 section 3.1: a token does not choose how it is checked.
TEST_F(Jwt, OnlyRS256) {
  for (const char* algorithm : {"none", "HS256", "rs256", "RS512", ""}) {
    EXPECT_NE(refusal(signed_token(good_claims(), {{"alg", algorithm}})), "") << algorithm;
  }
  EXPECT_NE(refusal(signed_token(good_claims(), {{"typ", "JWT"}})), "");
  EXPECT_NE(refusal(signed_token(good_claims(), {{"alg", "RS256"}, {"crit", {"x"}}})), "");
}

TEST_F(Jwt, MalformedTokens) {
  const auto good = signed_token(good_claims());
  for (const std::string& token :
       {std::string{}, std::string("."), std::string(".."), std::string("a.b"),
        std::string("a.b.c"), good + ".x", good + "!", good + "=", "x" + good,
        std::string("e30.W10.e30")}) {
    EXPECT_NE(refusal(token), "") << token;
  }
}

TEST_F(Jwt, ClaimsCanBeReplacedAddedAndRemoved) {
  const Grant grant{"lab", {"dex:upload"}, now, now + seconds{3600}};
  const auto token =
      sign_jwt(key(), issuer, grant, R"({"sub":"other","exp":null,"aud":"dex"})").value();
  const auto from = token.find('.') + 1;
  const auto payload =
      json::parse(*base64::decode_url(token.substr(from, token.rfind('.') - from)));
  EXPECT_EQ(payload["sub"], "other");
  EXPECT_EQ(payload["aud"], "dex");
  EXPECT_FALSE(payload.contains("exp"));
  EXPECT_EQ(payload["scope"], "dex:upload");
  EXPECT_FALSE(sign_jwt(key(), issuer, grant, "[1]"));
}

}  // namespace
}  // namespace mock
