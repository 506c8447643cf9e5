#include "auth/users.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

TEST(Users, StartWithDemo) {
  const Users users;
  ASSERT_NE(users.authenticate("demo", "demo"), nullptr);
  EXPECT_EQ(users.authenticate("demo", "demo")->scopes, default_scopes());
}

TEST(Users, RefuseAnythingButTheRightPair) {
  const Users users;
  for (const auto& [name, password] : std::vector<std::pair<std::string, std::string>>{
           {"demo", "Demo"}, {"demo", ""}, {"demo", "demo "}, {"Demo", "demo"}, {"", ""}}) {
    EXPECT_EQ(users.authenticate(name, password), nullptr) << name << " / " << password;
  }
}

TEST(Users, AreReadFromJson) {
  const auto users = Users::parse(R"({"users": [
      {"username": "lab", "password": "p:w", "scopes": ["dex:status"]},
      {"username": "other", "password": "x"}]})",
                                  "users.json");
  ASSERT_TRUE(users) << users.error().line();
  ASSERT_EQ(users->all().size(), 2U);
  ASSERT_NE(users->authenticate("lab", "p:w"), nullptr);
  EXPECT_EQ(users->authenticate("lab", "p:w")->scopes, std::vector<std::string>{"dex:status"});
  EXPECT_EQ(users->authenticate("other", "x")->scopes, default_scopes());
  EXPECT_EQ(users->authenticate("demo", "demo"), nullptr) << "a file replaces the default user";
}

struct Bad {
  const char* text;
  const char* said;
};
class BadUsers : public testing::TestWithParam<Bad> {};

TEST_P(BadUsers, AreRefusedNamingThePlace) {
  const auto users = Users::parse(GetParam().text, "users.json");
  ASSERT_FALSE(users);
  EXPECT_NE(users.error().line().find("users.json"), std::string::npos) << users.error().line();
  EXPECT_NE(users.error().line().find(GetParam().said), std::string::npos) << users.error().line();
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadUsers,
    testing::Values(
        Bad{"demo:demo", ""}, Bad{R"({"users": []})", "at least one user"},
        Bad{R"({"user": []})", "user"}, Bad{R"({"users": [{"username": "a"}]})", "password"},
        Bad{R"({"users": [{"username": "", "password": "x"}]})", "must not be empty"},
        Bad{R"({"users": [{"username": "a", "password": 1}]})", "users[0].password"},
        Bad{R"({"users": [{"username": "a", "password": "x", "role": 1}]})", "unknown key"},
        Bad{R"({"users": [{"username": "a", "password": "x", "scopes": ["b c"]}]})", "scopes[0]"},
        Bad{R"({"users": [{"username": "a", "password": "x"},
                          {"username": "a", "password": "y"}]})",
            "earlier user"}));

TEST(Users, AMissingFileIsAnError) {
  const auto users = Users::load("/nonexistent/users.json");
  ASSERT_FALSE(users);
  EXPECT_NE(users.error().line().find("/nonexistent/users.json"), std::string::npos);
}

}  // namespace
}  // namespace mock
