#include "auth/token_gate.hpp"

#include <gtest/gtest.h>

#include "auth/token_ledger.hpp"
#include "loop/manual_loop.hpp"
#include "tus/test_address.hpp"

namespace mock {
namespace {

using std::chrono::seconds;

Request request_with(std::initializer_list<std::string> authorization,
                     const std::string& method = "POST") {
  Request request;
  request.method = method;
  for (const auto& value : authorization) request.fields.add("Authorization", value);
  request.addressed = test::addressed(request);
  return request;
}

class GateTest : public testing::Test {
 protected:
  std::string token_with(std::vector<std::string> scopes) {
    return ledger_->issue({"lab", std::move(scopes), loop_.now(), loop_.now() + seconds{60}})
        .value();
  }
  void expect_refused(const Request& request, int status, const std::string& body) {
    const auto reply = gate_.check(request);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, status);
    EXPECT_EQ(reply->body, body);
    EXPECT_EQ(reply->fields.find("Content-Type").value_or("").substr(0, 10), "text/plain");
  }

  ManualLoop loop_;
  std::unique_ptr<TokenLedger> ledger_ = TokenLedger::open(std::nullopt, loop_.now()).value();
  std::unique_ptr<Sessions> sessions_ = Sessions::open(std::nullopt).value();
  TokenGate gate_{ledger_.get(), *sessions_, {{"dex:upload"}, false}, loop_};
  TokenGate secure_{ledger_.get(), *sessions_, {{"dex:upload"}, true}, loop_};
};

TEST_F(GateTest, DEX_AUTH_001_NoHeader) {
  expect_refused(request_with({}), 401, "authorization token not found\n");
  expect_refused(request_with({""}), 401, "authorization token not found\n");
}

TEST_F(GateTest, DEX_AUTH_002_HeaderWithoutToken) {
  for (const char* value :
       {"Bearer", "x", "Bearer a b", "Bearer \"a\"", "Bearer ===", "Bearer,a"}) {
    expect_refused(request_with({value}), 401, "authorization header format is invalid\n");
  }
}

// What was let through once is not looked at again, until there is a reason to.
TEST_F(GateTest, AFieldThatPassedPassesUntilItsTokenExpiresOrIsVoid) {
  const auto token = token_with({"dex:upload"});
  const auto other = token_with({"dex:upload"});
  const auto bearer = request_with({"Bearer " + token});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(gate_.check(bearer));
  expect_refused(request_with({"Bearer " + token, "Bearer " + token}), 401,
                 "authorization header format is invalid\n");
  expect_refused(request_with({"Bearer " + token + "x"}), 401,
                 "failed to verify token\ntoken was not issued here\n");

  loop_.advance(Milliseconds{59'999});
  EXPECT_FALSE(gate_.check(bearer));
  loop_.advance(Milliseconds{1});
  const auto expired = gate_.check(bearer);
  ASSERT_TRUE(expired);
  EXPECT_NE(expired->body.find("token is expired"), std::string::npos);

  const auto fresh = token_with({"dex:upload"});
  const auto kept = token_with({"dex:upload"});
  EXPECT_FALSE(gate_.check(request_with({"Bearer " + fresh})));
  EXPECT_FALSE(gate_.check(request_with({"Bearer " + kept})));
  ASSERT_TRUE(ledger_->revoke(fresh));
  expect_refused(request_with({"Bearer " + fresh}), 401,
                 "failed to verify token\ntoken was revoked\n");
  EXPECT_FALSE(gate_.check(request_with({"Bearer " + kept})));
  ASSERT_TRUE(ledger_->revoke_all());
  expect_refused(request_with({"Bearer " + kept}), 401,
                 "failed to verify token\ntoken was revoked\n");
}

TEST_F(GateTest, ATokenThatPassedComesTooEarlyWhenTheClockGoesBack) {
  const auto start = loop_.now();
  Grant grant{"lab", {"dex:upload"}, start, start + seconds{60}};
  grant.not_before = start + seconds{10};
  const auto bearer = request_with({"Bearer " + ledger_->issue(grant).value()});
  loop_.advance(Milliseconds{10'000});
  EXPECT_FALSE(gate_.check(bearer));
  loop_.advance(Milliseconds{-10'000});
  const auto early = gate_.check(bearer);
  ASSERT_TRUE(early);
  EXPECT_NE(early->body.find("before the nbf"), std::string::npos);
}

TEST_F(GateTest, DEX_AUTH_011_TheSchemeIsChecked) {
  const auto token = token_with({"dex:upload"});
  expect_refused(request_with({"Basic " + token}), 401, "authorization header format is invalid\n");
  EXPECT_FALSE(gate_.check(request_with({"Bearer " + token})));
  EXPECT_FALSE(gate_.check(request_with({"bearer " + token}))) << "RFC 9110 section 11.1";
}

TEST_F(GateTest, TwoHeadersAreRefused) {
  const auto good = "Bearer " + token_with({"dex:upload"});
  expect_refused(request_with({good, good}), 401, "authorization header format is invalid\n");
}

TEST_F(GateTest, DEX_AUTH_003_Expired) {
  const auto request = request_with({"Bearer " + token_with({"dex:upload"})});
  loop_.advance(Milliseconds{60'000});
  const auto reply = gate_.check(request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 401);
  EXPECT_EQ(reply->body.rfind("failed to verify token\noidc: token is expired", 0), 0U)
      << reply->body;
  EXPECT_EQ(reply->body.back(), '\n');
}

TEST_F(GateTest, DEX_AUTH_006_MissingScope) {
  expect_refused(request_with({"Bearer " + token_with({"dex:status"})}), 403,
                 "one or more required scopes not found\n");
}

TEST_F(GateTest, DEX_AUTH_007_ExtraScopesDoNoHarm) {
  EXPECT_FALSE(
      gate_.check(request_with({"Bearer " + token_with({"a", "dex:upload", "dex:status"})})));
}

TEST_F(GateTest, DEX_AUTH_010_OpaqueTokensAreChecked) {
  expect_refused(request_with({"Bearer anything"}), 401,
                 "failed to verify token\ntoken was not issued here\n");
}

TEST_F(GateTest, DEX_AUTH_012_OptionsPasses) {
  EXPECT_FALSE(gate_.check(request_with({}, "OPTIONS")));
  auto overridden = request_with({}, "OPTIONS");
  overridden.fields.add("X-HTTP-Method-Override", "DELETE");
  overridden.addressed = test::addressed(overridden);
  expect_refused(overridden, 401, "authorization token not found\n");
}

TEST_F(GateTest, DEX_AUTH_014_EveryOtherMethodNeedsAToken) {
  for (const char* method : {"POST", "HEAD", "PATCH", "DELETE", "GET", "options"}) {
    EXPECT_TRUE(gate_.check(request_with({}, method))) << method;
  }
}

TEST_F(GateTest, DEX_AUTH_014_015_WhichEndpointsNeedAToken) {
  for (const Route route : std::initializer_list<Route>{routes::creation, routes::upload,
                                                        routes::info, routes::redelivery}) {
    EXPECT_TRUE(needs_token(route));
  }
  for (const Route route :
       std::initializer_list<Route>{routes::root, routes::health, routes::version, routes::metrics,
                                    routes::oauth, routes::oauth_refresh, routes::jwks,
                                    routes::oidc_configuration, routes::control, Route{}}) {
    EXPECT_FALSE(needs_token(route));
  }
}

Request with_cookie(const std::string& cookie, const std::string& method = "GET") {
  Request request;
  request.method = method;
  request.fields.add("Cookie", cookie);
  request.addressed = test::addressed(request);
  return request;
}

TEST_F(GateTest, DEX_AUTH_016_ASessionCookieStandsForTheToken) {
  const auto token = token_with({"dex:upload"});
  const auto cookie = sessions_->seal(token, loop_.now() + seconds{3600});
  EXPECT_FALSE(gate_.check(with_cookie(cookie)));
  EXPECT_FALSE(gate_.check(with_cookie("a=b; " + cookie + "; c=d", "POST")));
  loop_.advance(Milliseconds{60'000});
  EXPECT_EQ(gate_.check(with_cookie(cookie))->status, 401) << "the token in it expired";
}

TEST_F(GateTest, DEX_AUTH_016_TheHeaderWins) {
  const auto good = sessions_->seal(token_with({"dex:upload"}), loop_.now() + seconds{3600});
  auto request = with_cookie(good);
  request.fields.add("Authorization", "Bearer anything");
  EXPECT_EQ(gate_.check(request)->status, 401);
  request = with_cookie("phdo_session=forged");
  request.fields.add("Authorization", "Bearer " + token_with({"dex:upload"}));
  EXPECT_FALSE(gate_.check(request));
}

TEST_F(GateTest, DEX_AUTH_017_AForgedCookieIsRefusedInTwoLines) {
  expect_refused(with_cookie("phdo_session=forged"), 401,
                 "securecookie: the value is not valid\nauthorization token not found\n");
  expect_refused(with_cookie("other=forged"), 401, "authorization token not found\n");
}

TEST_F(GateTest, SecureLetsOnlyPreflightsAndDiscoveryThrough) {
  auto options = request_with({}, "OPTIONS");
  options.path = "/info/x";
  options.addressed = test::addressed(options);
  EXPECT_FALSE(gate_.check(options));
  EXPECT_EQ(secure_.check(options)->status, 401);
  options.fields.add("Origin", "https://partner.example");
  options.fields.add("Access-Control-Request-Method", "GET");
  EXPECT_FALSE(secure_.check(options));
  auto discovery = request_with({}, "OPTIONS");
  discovery.path = "/files/";
  discovery.addressed = test::addressed(discovery);
  EXPECT_FALSE(secure_.check(discovery));
}

TEST_F(GateTest, SecureTakesSessionCookiesForReadingOnly) {
  const auto cookie = sessions_->seal(token_with({"dex:upload"}), loop_.now() + seconds{3600});
  EXPECT_FALSE(secure_.check(with_cookie(cookie)));
  EXPECT_EQ(secure_.check(with_cookie(cookie, "DELETE"))->status, 403);
}

TEST_F(GateTest, DEX_AUTH_018_WithoutAuthEverythingPasses) {
  const TokenGate open(nullptr, *sessions_, {{"dex:upload"}, false}, loop_);
  EXPECT_FALSE(open.check(request_with({})));
  EXPECT_FALSE(open.check(request_with({"Bearer anything"})));
}

TEST_F(GateTest, HTTP_003_RefusalsSayHowToAuthenticate) {
  const auto challenge = [&](const Request& request) {
    return std::string(gate_.check(request)->fields.find("WWW-Authenticate").value_or(""));
  };
  EXPECT_EQ(challenge(request_with({})), "Bearer realm=\"dex\"");
  EXPECT_EQ(challenge(request_with({"Bearer anything"})),
            "Bearer realm=\"dex\", error=\"invalid_token\", "
            "error_description=\"token was not issued here\"");
  EXPECT_EQ(challenge(request_with({"Bearer " + token_with({})})),
            "Bearer realm=\"dex\", error=\"insufficient_scope\", scope=\"dex:upload\"");
}

}  // namespace
}  // namespace mock
