#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dex/routes.hpp"
#include "system/identity_routes.hpp"
#include "system/registered.hpp"
#include "tus/routes.hpp"

namespace mock {
namespace {

using testing::EndsWith;
using testing::StartsWith;

RouteMatch match_route(std::string_view path, Ids ids = Ids::segments) {
  static const auto table = [] {
    RouteTable all;
    for (const auto& patterns : registered_routes()) EXPECT_TRUE(all.add(patterns));
    return all;
  }();
  return table.match(path, ids);
}

struct Row {
  std::string path;
  RouteMatch expected;
};

TEST(Route, BothUrlShapesNameTheSameEndpoints) {
  const Row rows[] = {
      {"/", {routes::root, "", ""}},
      {"/files", {routes::creation, "", "/files"}},
      {"/files/", {routes::creation, "", "/files"}},
      {"/upload", {routes::creation, "", "/upload"}},
      {"/upload/", {routes::creation, "", "/upload"}},
      {"/files/abc", {routes::upload, "abc", "/files"}},
      {"/upload/abc", {routes::upload, "abc", "/upload"}},
      {"/files/a%2Fb", {routes::upload, "a/b", "/files"}},
      {"/files/a%20b+c", {routes::upload, "a b+c", "/files"}},
      {"/info/abc", {routes::info, "abc", ""}},
      {"/upload/info/abc", {routes::info, "abc", ""}},
      {"/files/info", {routes::upload, "info", "/files"}},
      {"/health", {routes::health, "", ""}},
      {"/upload/health", {routes::health, "", ""}},
      {"/version", {routes::version, "", ""}},
      {"/upload/version", {routes::version, "", ""}},
      {"/metrics", {routes::metrics, "", ""}},
      {"/oauth", {routes::oauth, "", ""}},
      {"/oauth/refresh", {routes::oauth_refresh, "", ""}},
      {"/oauth/.well-known/openid-configuration", {routes::oidc_configuration, "", ""}},
      {"/.well-known/openid-configuration", {routes::oidc_configuration, "", ""}},
      {"/oauth/jwks", {routes::jwks, "", ""}},
      {"/route/abc", {routes::redelivery, "abc", ""}},
      {"/_mock", {routes::control, "", ""}},
      {"/_mock/rules/x", {routes::control, "", ""}},
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
      {"/files", {routes::creation, "", "/files"}},
      {"/files/", {routes::creation, "", "/files"}},
      {"/files/%2F", {routes::creation, "", "/files"}},
      {"/files/a", {routes::upload, "a", "/files"}},
      {"/files/a/", {routes::upload, "a", "/files"}},
      {"/files/a%2F", {routes::upload, "a", "/files"}},
      {"/files/a/b", {routes::upload, "a/b", "/files"}},
      {"/files/%2e%2e/a", {routes::upload, "../a", "/files"}},
      {"/files/a%00", {routes::upload, "a\0"s, "/files"}},
      {"/upload/a/b/", {routes::upload, "a/b", "/upload"}},
      {"/upload/info/a", {routes::info, "a", ""}},
      {"/upload/health", {routes::health, "", ""}},
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
  EXPECT_EQ(Route(routes::creation).name(), "creation");
  EXPECT_EQ(Route(routes::oauth_refresh).name(), "oauth_refresh");
  EXPECT_EQ(Route{}.name(), "unknown");
}

TEST(Route, EveryNameIsUnderstood) {
  EXPECT_EQ(parse_route("jwks"), Route(routes::jwks));
  EXPECT_EQ(parse_route("unknown"), Route{});
  const auto wrong = parse_route("uplod");
  ASSERT_FALSE(wrong);
  // Those of further systems are between them.
  EXPECT_THAT(wrong.error().what,
              StartsWith("creation, upload, info, health, version, redelivery, root, "));
  EXPECT_THAT(wrong.error().what,
              EndsWith(", oauth, oauth_refresh, oidc_configuration, jwks, metrics, unknown"));
}

TEST(Route, TwoSystemsCannotShareAPath) {
  static constexpr Endpoint other{.name = "other"};
  const auto refused = [](const RoutePattern& pattern) {
    RouteTable table;
    EXPECT_TRUE(table.add(tus_routes));
    const auto added = table.add({&pattern, 1});
    return added ? std::string() : added.error().line();
  };
  static constexpr RoutePattern same{"/files/{id}", other};
  EXPECT_EQ(refused(same),
            "route /files/{id}: leads to both upload and other (a lane's systems must not share a "
            "path)");
  static constexpr RoutePattern below{"/files/new", other};
  EXPECT_EQ(refused(below), "");
  static constexpr RoutePattern longer{"/files/new/{id}", other};
  EXPECT_EQ(refused(longer), "");
}

}  // namespace
}  // namespace mock
