#include "protocol/dex/health.hpp"

#include <gtest/gtest.h>

namespace {

TEST(DexHealth, TheBytesOfTheServer) {
  const dex::Health health{"DEGRADED",
                           {{"File Storage", "UP", "None reported"},
                            {"File Delivery Target edav", "DOWN", "stat x: <none>"}}};
  EXPECT_EQ(dex::to_json(health),
            R"({"status":"DEGRADED","services":[{"service":"File Storage","status":"UP",)"
            R"("health_issue":"None reported"},{"service":"File Delivery Target edav",)"
            R"("status":"DOWN","health_issue":"stat x: \u003cnone\u003e"}]})");
  EXPECT_EQ(dex::parse_health(dex::to_json(health)), health);
}

TEST(DexHealth, NoServicesAreNull) {
  EXPECT_EQ(dex::to_json(dex::Health{"UP", {}}), R"({"status":"UP","services":null})");
  EXPECT_EQ(dex::parse_health(R"({"status":"UP","services":null})"), (dex::Health{"UP", {}}));
  EXPECT_EQ(dex::parse_health(R"({"status":"UP","services":[]})"), (dex::Health{"UP", {}}));
}

TEST(DexHealth, TheShapeIsExact) {
  for (const std::string_view text :
       {"", "{}", R"({"status":"UP"})", R"({"status":1,"services":[]})",
        R"({"status":"UP","services":{}})", R"({"status":"UP","services":[],"x":1})",
        R"({"status":"UP","services":[{"service":"a","status":"UP"}]})",
        R"({"status":"UP","services":[{"service":"a","status":"UP","health_issue":null}]})"}) {
    EXPECT_FALSE(dex::parse_health(text).has_value()) << text;
  }
}

TEST(DexVersion, BytesAndBack) {
  const dex::VersionInfo version{"CDCgov/data-exchange-upload", "v2.8.0", "38563ce0"};
  EXPECT_EQ(dex::to_json(version),
            R"({"repo":"CDCgov/data-exchange-upload","latest_release_version":"v2.8.0",)"
            R"("git_short_sha":"38563ce0"})"
            "\n");
  EXPECT_EQ(dex::parse_version(dex::to_json(version)), version);
  EXPECT_FALSE(dex::parse_version(R"({"repo":"r"})").has_value());
  EXPECT_FALSE(dex::parse_version(R"({"repo":1,"latest_release_version":"","git_short_sha":""})")
                   .has_value());
}

}  // namespace
