// What another server needs in order to trust this one's tokens.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "auth/auth.hpp"
#include "files/temporary_folder.hpp"
#include "loop/manual_loop.hpp"
#include "protocol/base64.hpp"

namespace mock {
namespace {

using nlohmann::json;

class IdentityProvider : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Auth> start(const std::string& url = "http://127.0.0.1:8080",
                                            const std::string& issuer = "") {
    AuthOptions options;
    options.mode = AuthMode::jwt;
    options.state_folder = folder_.path();
    options.issuer = issuer;
    auto auth = Auth::make(std::move(options), loop_);
    EXPECT_TRUE(auth) << auth.error().line();
    EXPECT_TRUE(auth.value()->served_at(url));
    return std::move(auth.value());
  }
  static json document(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.fields.find("Content-Type"), "application/json");
    return json::parse(reply.body);
  }
  static Request get() {
    Request request;
    request.method = "GET";
    return request;
  }
  static json part(const std::string& token, int index) {
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    return json::parse(*base64::decode_url(index == 0 ? token.substr(0, first)
                                                      : token.substr(first + 1, last - first - 1)));
  }
  static int status(const Auth& auth, const std::string& token) {
    Request request = get();
    request.fields.add("Authorization", "Bearer " + token);
    const auto refusal = auth.check(request);
    return refusal ? refusal->status : 200;
  }

  TemporaryFolder folder_;
  ManualLoop loop_;
};

TEST_F(IdentityProvider, TheConfigurationNamesTheIssuerItIsFoundUnder) {
  const auto auth = start();
  const auto config = document(auth->oidc_configuration(get()));
  EXPECT_EQ(config["issuer"], "http://127.0.0.1:8080/oauth");
  EXPECT_EQ(config["token_endpoint"], "http://127.0.0.1:8080/oauth");
  EXPECT_EQ(config["jwks_uri"], "http://127.0.0.1:8080/oauth/jwks");
  EXPECT_EQ(config["id_token_signing_alg_values_supported"], json::array({"RS256"}));
  EXPECT_EQ(part(auth->mint({}).value().access_token, 1)["iss"], config["issuer"]);
  Request post = get();
  post.method = "POST";
  EXPECT_EQ(auth->oidc_configuration(post).status, 405);
  EXPECT_EQ(auth->jwks(post).status, 405);
}

TEST_F(IdentityProvider, AnIssuerCanBePinned) {
  for (const auto& [issuer, keys] :
       {std::pair{"https://idp.example/oauth", "https://idp.example/oauth/jwks"},
        {"https://idp.example", "https://idp.example/oauth/jwks"},
        {"https://idp.example/", "https://idp.example/oauth/jwks"}}) {
    const auto auth = start("http://127.0.0.1:8080", issuer);
    const auto config = document(auth->oidc_configuration(get()));
    EXPECT_EQ(config["issuer"], issuer);
    EXPECT_EQ(config["jwks_uri"], keys);
  }
}

TEST(Issuer, IsAUrlWithoutQueryAndFragment) {
  for (const char* good : {"http://127.0.0.1:8080/oauth", "https://idp.example", "https://x/"}) {
    EXPECT_EQ(parse_issuer(good), good);
  }
  for (const char* bad : {"", "idp.example", "ftp://idp.example", "http://", "https:///x",
                          "https://idp.example?x", "https://idp.example#x", "https://a b"}) {
    EXPECT_FALSE(parse_issuer(bad)) << bad;
  }
}

TEST_F(IdentityProvider, TheKeySetHoldsTheKeyThatTokensName) {
  const auto auth = start();
  const auto token = auth->mint({}).value();
  const auto keys = document(auth->jwks(get()))["keys"];
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0]["kid"], token.kid);
  EXPECT_EQ(part(token.access_token, 0)["kid"], token.kid);
  EXPECT_EQ(part(token.access_token, 0)["alg"], "RS256");
  EXPECT_EQ(keys[0]["kty"], "RSA");
  EXPECT_EQ(keys[0]["use"], "sig");
  EXPECT_EQ(keys[0]["e"], "AQAB");
  EXPECT_EQ(base64::decode_url(keys[0]["n"].get<std::string>()).value().size(), 256U);
  EXPECT_FALSE(keys[0].contains("d")) << "the private part stays here";
}

TEST_F(IdentityProvider, TokensSurviveARotationUntilTheirKeyIsRetired) {
  const auto auth = start();
  const auto before = auth->mint({}).value();
  const auto kid = auth->rotate_keys().value();
  EXPECT_EQ(document(auth->jwks(get()))["keys"].size(), 2U);
  const auto after = auth->mint({}).value();
  EXPECT_EQ(after.kid, kid);
  EXPECT_NE(before.kid, kid);
  EXPECT_EQ(status(*auth, before.access_token), 200);
  EXPECT_EQ(status(*auth, after.access_token), 200);
  EXPECT_EQ(status(*start(), before.access_token), 200) << "after a restart";
  ASSERT_TRUE(auth->rotate_keys(true));
  EXPECT_EQ(status(*auth, before.access_token), 401);
  EXPECT_EQ(status(*auth, after.access_token), 401);
  EXPECT_EQ(document(auth->jwks(get()))["keys"].size(), 1U);
}

TEST_F(IdentityProvider, TokensSurviveARestartOnAnotherPort) {
  const auto token = start("http://127.0.0.1:1")->mint({}).value().access_token;
  EXPECT_EQ(status(*start("http://127.0.0.1:2"), token), 200);
  EXPECT_EQ(status(*start("http://127.0.0.1:2", "https://idp.example"), token), 401)
      << "who pins an issuer wants no other";
}

}  // namespace
}  // namespace mock
