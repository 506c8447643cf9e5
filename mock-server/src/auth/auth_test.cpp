#include "auth/auth.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dex/routes.hpp"
#include "files/files.hpp"
#include "files/temporary_folder.hpp"
#include "loop/manual_loop.hpp"
#include "protocol/oauth/token.hpp"
#include "system/identity_routes.hpp"
#include "tus/routes.hpp"

namespace mock {
namespace {

using std::chrono::seconds;

constexpr const char* form = "application/x-www-form-urlencoded";
const std::string demo = "username=demo&password=demo";

Request post(const std::string& content_type = form) {
  Request request;
  request.method = "POST";
  request.path = "/oauth";
  if (!content_type.empty()) request.fields.add("Content-Type", content_type);
  return request;
}

Request with_token(const std::string& token, const std::string& method = "GET") {
  Request request;
  request.method = method;
  request.fields.add("Authorization", "Bearer " + token);
  return request;
}

oauth::TokenResponse tokens_in(const Reply& reply) {
  EXPECT_EQ(reply.status, 200) << reply.body;
  auto tokens = oauth::parse_token_response(reply.body);
  EXPECT_TRUE(tokens) << tokens.error().line();
  return tokens ? *tokens : oauth::TokenResponse{};
}

void expect_error(const Reply& reply, const std::string& error, const std::string& description) {
  EXPECT_EQ(reply.status, 400);
  const auto parsed = oauth::parse_token_error(reply.body);
  ASSERT_TRUE(parsed) << reply.body;
  EXPECT_EQ(parsed->error, error) << reply.body;
  EXPECT_NE(parsed->error_description.find(description), std::string::npos) << reply.body;
}

class AuthTest : public testing::TestWithParam<AuthMode> {
 protected:
  [[nodiscard]] std::shared_ptr<Auth> start() {
    AuthOptions options;
    options.mode = GetParam();
    options.state_folder = folder_.path() / "auth";
    options.notify = [this](const Notice& notice) { notices_.push_back(notice); };
    auto auth = Auth::make(std::move(options), loop_);
    EXPECT_TRUE(auth) << auth.error().line();
    return auth ? std::move(*auth) : nullptr;
  }
  [[nodiscard]] bool passes(Auth& auth, const std::string& token) const {
    return !auth.check(with_token(token, "POST"));
  }

  TemporaryFolder folder_;
  ManualLoop loop_;
  std::vector<Notice> notices_;
};

TEST_P(AuthTest, StateThatCannotBeKeptIsToldToWhoeverRunsTheServer) {
  const auto auth = start();
  // A file where the folder was: permissions would not keep root from writing.
  std::filesystem::remove_all(folder_.path() / "auth");
  ASSERT_TRUE(replace_file(folder_.path() / "auth", ""));
  const auto reply = auth->oauth(post(), demo);
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body.find(folder_.path().string()), std::string::npos) << reply.body;
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_EQ(notices_[0].kind, "identity");
  EXPECT_NE(notices_[0].text.find(folder_.path().string()), std::string::npos);
}

TEST_P(AuthTest, DEX_AUTH_020_FormBody) {
  const auto auth = start();
  const auto reply = auth->oauth(post(), demo);
  const auto tokens = tokens_in(reply);
  EXPECT_EQ(tokens.token_type, "Bearer");
  EXPECT_EQ(tokens.expires_in, seconds{3600});
  EXPECT_EQ(tokens.scope, "dex:upload dex:status");
  EXPECT_FALSE(tokens.refresh_token.empty());
  EXPECT_FALSE(tokens.resource.empty());
  EXPECT_TRUE(passes(*auth, tokens.access_token));
  EXPECT_EQ(reply.fields.find("Cache-Control"), "no-store") << "RFC 6749 section 5.1";
}

TEST_P(AuthTest, DEX_AUTH_020_QueryParameters) {
  const auto auth = start();
  auto request = post();
  request.query = demo;
  EXPECT_TRUE(passes(*auth, tokens_in(auth->oauth(request, "")).access_token));
}

TEST_P(AuthTest, TokensExpire) {
  const auto auth = start();
  const auto token = tokens_in(auth->oauth(post(), demo)).access_token;
  loop_.advance(Milliseconds{3599'000});
  EXPECT_TRUE(passes(*auth, token));
  loop_.advance(Milliseconds{1'000});
  EXPECT_EQ(passes(*auth, token), GetParam() == AuthMode::none);
}

TEST_P(AuthTest, TokensOutliveARestart) {
  const auto tokens = tokens_in(start()->oauth(post(), demo));
  const auto again = start();
  EXPECT_TRUE(passes(*again, tokens.access_token));
  const auto described =
      nlohmann::json::parse(again->oauth(with_token(tokens.access_token), "").body);
  EXPECT_EQ(described["active"], true) << described;
  EXPECT_TRUE(passes(
      *again,
      tokens_in(again->refresh(post(), "refresh_token=" + tokens.refresh_token)).access_token));
}

TEST_P(AuthTest, DEX_AUTH_021_RefreshWorksOnce) {
  const auto auth = start();
  const auto first = tokens_in(auth->oauth(post(), demo));
  const std::string body = "grant_type=refresh_token&refresh_token=" + first.refresh_token;
  const auto second = tokens_in(auth->refresh(post(), body));
  EXPECT_TRUE(passes(*auth, second.access_token));
  EXPECT_EQ(second.scope, first.scope);
  EXPECT_NE(second.access_token, first.access_token);
  EXPECT_NE(second.refresh_token, first.refresh_token);
  expect_error(auth->refresh(post(), body), "invalid_grant", "used");
}

TEST_P(AuthTest, ARefreshTokenThatComesTwiceVoidsItsLogin) {
  const auto auth = start();
  const auto first = tokens_in(auth->oauth(post(), demo));
  const auto stranger = tokens_in(auth->oauth(post(), demo));
  const auto second = tokens_in(auth->refresh(post(), "refresh_token=" + first.refresh_token));
  expect_error(auth->refresh(post(), "refresh_token=" + first.refresh_token), "invalid_grant",
               "void");
  // What the thief, or the user, got in the meantime is void too, also after a restart.
  for (const auto& after : {auth, start()}) {
    expect_error(after->refresh(post(), "refresh_token=" + second.refresh_token), "invalid_grant",
                 "");
    EXPECT_EQ(passes(*after, first.access_token), GetParam() == AuthMode::none);
    EXPECT_EQ(passes(*after, second.access_token), GetParam() == AuthMode::none);
    EXPECT_TRUE(passes(*after, stranger.access_token));
  }
}

TEST_P(AuthTest, RevokedTokensAreVoid) {
  const auto auth = start();
  const auto tokens = tokens_in(auth->oauth(post(), demo));
  ASSERT_TRUE(auth->revoke(tokens.access_token));
  EXPECT_EQ(passes(*auth, tokens.access_token), GetParam() == AuthMode::none);
  EXPECT_EQ(passes(*start(), tokens.access_token), GetParam() == AuthMode::none);
  EXPECT_TRUE(auth->revoke("nonsense"));
  const auto renewed = tokens_in(auth->refresh(post(), "refresh_token=" + tokens.refresh_token));
  EXPECT_TRUE(passes(*auth, renewed.access_token));
  ASSERT_TRUE(auth->revoke_all());
  EXPECT_EQ(passes(*auth, renewed.access_token), GetParam() == AuthMode::none);
}

TEST_P(AuthTest, F07_OnlyOwnRefreshTokensWork) {
  const auto auth = start();
  const auto tokens = tokens_in(auth->oauth(post(), demo));
  expect_error(auth->refresh(post(), "refresh_token=bogus"), "invalid_grant", "");
  expect_error(auth->refresh(post(), "refresh_token=" + tokens.access_token), "invalid_grant", "");
  expect_error(auth->refresh(post(), ""), "invalid_request", "missing refresh_token");
  loop_.advance(Milliseconds{24 * 3600 * 1000});
  expect_error(auth->refresh(post(), "refresh_token=" + tokens.refresh_token), "invalid_grant",
               "expired");
}

TEST_P(AuthTest, ARefreshTokenIsNoAccessToken) {
  const auto auth = start();
  const auto tokens = tokens_in(auth->oauth(post(), demo));
  EXPECT_EQ(passes(*auth, tokens.refresh_token), GetParam() == AuthMode::none);
}

TEST_P(AuthTest, ANarrowerScopeCanBeAskedFor) {
  const auto auth = start();
  const auto tokens = tokens_in(auth->oauth(post(), demo + "&scope=dex%3Astatus"));
  EXPECT_EQ(tokens.scope, "dex:status");
  if (GetParam() != AuthMode::none) {
    EXPECT_EQ(auth->check(with_token(tokens.access_token))->status, 403);
  }
  expect_error(auth->oauth(post(), demo + "&scope=admin"), "invalid_scope", "dex:upload");
}

TEST_P(AuthTest, DescribesTokens) {
  const auto auth = start();
  const auto token = tokens_in(auth->oauth(post(), demo)).access_token;
  auto by_query = with_token("anything");
  by_query.query = "access_token=" + token;
  for (const auto& request : {with_token(token), by_query}) {
    const auto reply = auth->oauth(request, "");
    EXPECT_EQ(reply.status, 200);
    const auto answer = nlohmann::json::parse(reply.body);
    EXPECT_EQ(answer["status"], "valid");
    EXPECT_EQ(answer["Reason"], "token is valid");
    EXPECT_EQ(answer["username"], "demo");
    EXPECT_EQ(answer["scope"], "dex:upload dex:status");
    EXPECT_EQ(answer["exp"].get<std::int64_t>() - answer["iat"].get<std::int64_t>(), 3600);
  }
  const auto wrong = nlohmann::json::parse(auth->oauth(with_token("anything"), "").body);
  EXPECT_EQ(wrong["status"], "invalid");
  EXPECT_EQ(wrong["active"], false);
  EXPECT_FALSE(wrong.contains("username"));
  Request none;
  none.method = "GET";
  EXPECT_EQ(auth->oauth(none, "").status, 401);
}

std::string mode_name(const testing::TestParamInfo<AuthMode>& mode) {
  if (mode.param == AuthMode::none) return "none";
  return mode.param == AuthMode::jwt ? "jwt" : "opaque";
}
INSTANTIATE_TEST_SUITE_P(Modes, AuthTest,
                         testing::Values(AuthMode::none, AuthMode::jwt, AuthMode::opaque),
                         mode_name);

struct BadRequest {
  std::string content_type;
  std::string query;
  std::string body;
  std::string error;
  std::string description;
};
class TokenRequest : public testing::TestWithParam<BadRequest> {};

TEST_P(TokenRequest, IsRefusedInRfc6749sWords) {
  ManualLoop loop;
  const auto auth = Auth::make({}, loop);
  ASSERT_TRUE(auth);
  auto request = post(GetParam().content_type);
  request.query = GetParam().query;
  const auto reply = (*auth)->oauth(request, GetParam().body);
  expect_error(reply, GetParam().error, GetParam().description);
  EXPECT_EQ(reply.fields.find("Content-Type"), "application/json");
}

INSTANTIATE_TEST_SUITE_P(
    Table, TokenRequest,
    testing::Values(BadRequest{form, "", "", "invalid_request", "missing username"},
                    BadRequest{form, "", "username=demo", "invalid_request", "missing password"},
                    BadRequest{form, "", "password=demo", "invalid_request", "missing username"},
                    BadRequest{form, "", "username=demo&password=", "invalid_request",
                               "missing password"},
                    BadRequest{form, "", "username=demo&password=no", "invalid_grant", "wrong"},
                    BadRequest{form, "", "username=no&password=demo", "invalid_grant", "wrong"},
                    BadRequest{form, "", demo + "&grant_type=client_credentials",
                               "unsupported_grant_type", "password"},
                    BadRequest{"application/json", "", R"({"username":"demo"})", "invalid_request",
                               "Content-Type"},
                    BadRequest{"", "", demo, "invalid_request", "Content-Type"},
                    BadRequest{form, "", "username=%zz", "invalid_request", "encoded"},
                    BadRequest{form, "username=%zz", "", "invalid_request", "encoded"},
                    BadRequest{form, "username=demo", demo, "invalid_request", "repeated"},
                    BadRequest{form, "", demo + "&username=demo", "invalid_request", "repeated"}));

TEST(Auth, ContentTypeParametersAndCaseDoNotMatter) {
  ManualLoop loop;
  const auto auth = Auth::make({}, loop);
  ASSERT_TRUE(auth);
  tokens_in((*auth)->oauth(post("Application/X-WWW-Form-Urlencoded; charset=utf-8"), demo));
}

TEST(Auth, OtherMethodsAreNotAllowed) {
  ManualLoop loop;
  const auto auth = Auth::make({}, loop);
  ASSERT_TRUE(auth);
  Request request;
  request.method = "PUT";
  EXPECT_EQ((*auth)->oauth(request, "").status, 405);
  EXPECT_EQ((*auth)->refresh(request, "").fields.find("Allow"), "POST");
}

TEST(Auth, AStateFolderThatCannotBeUsedIsNamed) {
  const TemporaryFolder folder;
  ASSERT_TRUE(replace_file(folder.path() / "file", ""));
  ManualLoop loop;
  for (const AuthMode mode : {AuthMode::none, AuthMode::jwt, AuthMode::opaque}) {
    AuthOptions options;
    options.mode = mode;
    options.state_folder = folder.path() / "file";
    const auto auth = Auth::make(std::move(options), loop);
    ASSERT_FALSE(auth);
    EXPECT_NE(auth.error().line().find((folder.path() / "file").string()), std::string::npos)
        << auth.error().line();
  }
}

TEST(Auth, SecureTakesNoCredentialsFromAQuery) {
  ManualLoop loop;
  AuthOptions options;
  options.mode = AuthMode::opaque;
  options.secure = true;
  const auto auth = Auth::make(std::move(options), loop);
  ASSERT_TRUE(auth) << auth.error().line();
  auto request = post();
  request.query = demo;
  expect_error((*auth)->oauth(request, ""), "invalid_request", "form body");
  const auto tokens = tokens_in((*auth)->oauth(post(), demo));
  request.query = "refresh_token=" + tokens.refresh_token;
  expect_error((*auth)->refresh(request, ""), "invalid_request", "form body");
  request.method = "GET";
  request.query = "access_token=" + tokens.access_token;
  expect_error((*auth)->oauth(request, ""), "invalid_request", "Authorization");
}

TEST(Auth, WhichEndpointsAreGuarded) {
  ManualLoop loop;
  const auto guarded = [&](AuthMode mode, bool secure, bool guide) {
    AuthOptions options;
    options.mode = mode;
    options.secure = secure;
    options.guide = guide;
    const auto auth = Auth::make(std::move(options), loop).value();
    std::string names;
    for (const Route route : std::initializer_list<Route>{
             routes::upload, routes::info, routes::redelivery, routes::health, routes::version,
             routes::metrics, routes::root, routes::oauth, routes::jwks}) {
      if (auth->guards(route)) names += std::string(route.name()) + " ";
    }
    return names;
  };
  EXPECT_EQ(guarded(AuthMode::none, false, true), "");
  EXPECT_EQ(guarded(AuthMode::opaque, false, false), "upload info redelivery ");
  EXPECT_EQ(guarded(AuthMode::opaque, false, true), "upload info redelivery health ");
  EXPECT_EQ(guarded(AuthMode::opaque, true, false), "upload info redelivery version metrics ");
}

class SecureLogIn : public testing::Test {
 protected:
  SecureLogIn() {
    AuthOptions options;
    options.mode = AuthMode::opaque;
    options.secure = true;
    options.users = Users::parse(R"({"users": [{"username": "lab", "password": "right"},
                                               {"username": "clinic", "password": "right"}]})",
                                 "users")
                        .value();
    auth_ = Auth::make(std::move(options), loop_).value();
  }
  Reply log_in(const std::string& name, const std::string& password) {
    return auth_->oauth(post(), "username=" + name + "&password=" + password);
  }
  void guess(const std::string& name, int times) {
    for (int i = 0; i < times; ++i) EXPECT_EQ(log_in(name, "wrong").status, 400) << i;
  }

  ManualLoop loop_;
  std::unique_ptr<Auth> auth_;
};

TEST_F(SecureLogIn, TheSixthWrongPasswordWithinAMinuteHasToWait) {
  guess("lab", 5);
  const auto sixth = log_in("lab", "wrong");
  EXPECT_EQ(sixth.status, 429);
  EXPECT_EQ(sixth.fields.find("Retry-After"), "60");
  EXPECT_EQ(sixth.fields.find("Cache-Control"), "no-store");
  EXPECT_EQ(oauth::parse_token_error(sixth.body)->error, "temporarily_unavailable") << sixth.body;
  EXPECT_EQ(log_in("lab", "right").status, 429) << "or it would be told from the wrong ones";
  EXPECT_EQ(log_in("clinic", "right").status, 200) << "others are not slowed";
  loop_.advance(Milliseconds{60'000});
  EXPECT_EQ(log_in("lab", "right").status, 200);
}

TEST_F(SecureLogIn, NothingTellsAUserFromANameThatIsNone) {
  const auto all = [&](const std::string& name) {
    std::string answers;
    for (int i = 0; i < 7; ++i) {
      const auto reply = log_in(name, "wrong");
      answers += std::to_string(reply.status) + reply.body +
                 std::string(reply.fields.find("Retry-After").value_or("")) + "\n";
    }
    return answers;
  };
  EXPECT_EQ(all("lab"), all("nobody"));
}

TEST_F(SecureLogIn, RefreshTokensAreNotConcernedAndRightPasswordsDoNotCount) {
  std::string refresh;
  for (int i = 0; i < 10; ++i) refresh = tokens_in(log_in("lab", "right")).refresh_token;
  guess("lab", 5);
  EXPECT_EQ(log_in("lab", "right").status, 429);
  EXPECT_EQ(auth_->refresh(post(), "refresh_token=" + refresh).status, 200);
  auth_->forget_guesses();
  EXPECT_EQ(log_in("lab", "right").status, 200);
}

TEST(Auth, SecureNeedsTokens) {
  ManualLoop loop;
  AuthOptions options;
  options.secure = true;
  const auto auth = Auth::make(std::move(options), loop);
  ASSERT_FALSE(auth);
  EXPECT_EQ(auth.error().where, "--secure");
}

}  // namespace
}  // namespace mock
