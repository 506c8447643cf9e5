#include "http/route.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace mock {
namespace {

struct Row {
  std::string path;
  RouteMatch expected;
};

TEST(Route, BothUrlShapesNameTheSameEndpoints) {
  const Row rows[] = {
      {"/", {Route::root, "", ""}},
      {"/files", {Route::creation, "", "/files"}},
      {"/files/", {Route::creation, "", "/files"}},
      {"/upload", {Route::creation, "", "/upload"}},
      {"/upload/", {Route::creation, "", "/upload"}},
      {"/files/abc", {Route::upload, "abc", "/files"}},
      {"/upload/abc", {Route::upload, "abc", "/upload"}},
      {"/files/a%2Fb", {Route::upload, "a/b", "/files"}},
      {"/files/a%20b+c", {Route::upload, "a b+c", "/files"}},
      {"/info/abc", {Route::info, "abc", ""}},
      {"/upload/info/abc", {Route::info, "abc", ""}},
      {"/files/info", {Route::upload, "info", "/files"}},
      {"/health", {Route::health, "", ""}},
      {"/upload/health", {Route::health, "", ""}},
      {"/version", {Route::version, "", ""}},
      {"/upload/version", {Route::version, "", ""}},
      {"/metrics", {Route::metrics, "", ""}},
      {"/oauth", {Route::oauth, "", ""}},
      {"/oauth/refresh", {Route::oauth_refresh, "", ""}},
      {"/oauth/.well-known/openid-configuration", {Route::oidc_configuration, "", ""}},
      {"/.well-known/openid-configuration", {Route::oidc_configuration, "", ""}},
      {"/oauth/jwks", {Route::jwks, "", ""}},
      {"/route/abc", {Route::redelivery, "abc", ""}},
      {"/_mock", {Route::control, "", ""}},
      {"/_mock/rules/x", {Route::control, "", ""}},
  };
  for (const auto& row : rows) EXPECT_EQ(match_route(row.path), row.expected) << row.path;
}

TEST(Route, EverythingElseIsUnknown) {
  // DEX-ROUTE-005 and -007, and what could name a file outside a store.
  for (const std::string path : {"",           "*",         "files",        "/nope",
                                 "/info",      "/info/",    "/info/a/b",    "/route",
                                 "/route/",    "/health/",  "/upload/info", "/upload/info/",
                                 "//health",   "/files//",  "/files/a/b",   "/files/%",
                                 "/files/%zz", "/files/%2", "/files/a%00b", "/_mocking",
                                 "/oauth/",    "/oauth/x"}) {
    EXPECT_EQ(match_route(path), RouteMatch{}) << path;
  }
}

TEST(Route, AllBelowFilesIsAnIdWhereTheLaneHasItSo) {
  using namespace std::string_literals;
  const Row rows[] = {
      {"/files", {Route::creation, "", "/files"}},
      {"/files/", {Route::creation, "", "/files"}},
      {"/files/%2F", {Route::creation, "", "/files"}},
      {"/files/a", {Route::upload, "a", "/files"}},
      {"/files/a/", {Route::upload, "a", "/files"}},
      {"/files/a%2F", {Route::upload, "a", "/files"}},
      {"/files/a/b", {Route::upload, "a/b", "/files"}},
      {"/files/%2e%2e/a", {Route::upload, "../a", "/files"}},
      {"/files/a%00", {Route::upload, "a\0"s, "/files"}},
      {"/upload/a/b/", {Route::upload, "a/b", "/upload"}},
      {"/upload/info/a", {Route::info, "a", ""}},
      {"/upload/health", {Route::health, "", ""}},
      {"/filesystem", {}},
      {"/info/a/b", {}},
      {"/files/%zz", {}},
  };
  for (const auto& row : rows)
    EXPECT_EQ(match_route(row.path, Ids::rest), row.expected) << row.path;
  EXPECT_EQ(match_route("/files/a/b"), RouteMatch{});
}

TEST(Route, PathsAreCleaned) {
  const std::pair<std::string, std::string> rows[] = {
      {"/", "/"},
      {"/files", "/files"},
      {"/files/", "/files/"},
      {"//", "/"},
      {"//files//a", "/files/a"},
      {"/files//", "/files/"},
      {"/./files", "/files"},
      {"/files/.", "/files"},
      {"/files/a/..", "/files"},
      {"/../../a", "/a"},
      {"/..", "/"},
      {"/a/../b/", "/b/"},
      {"/...", "/..."},
      {"/%2e%2e/a", "/%2e%2e/a"},
  };
  for (const auto& [path, clean] : rows) EXPECT_EQ(clean_path(path), clean) << path;
}

TEST(Route, EveryNameIsTold) {
  EXPECT_EQ(route_name(Route::creation), "creation");
  EXPECT_EQ(route_name(Route::oauth_refresh), "oauth_refresh");
  EXPECT_EQ(route_name(Route::unknown), "unknown");
}

}  // namespace
}  // namespace mock
