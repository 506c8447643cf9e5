#include "safety/production.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "upload/options.hpp"

namespace loadgen {
namespace {

TEST(Production, IsRefusedInEverySpelling) {
  std::ifstream in(DEX_FIXTURES "/hosts/production.json");
  const auto document = nlohmann::json::parse(in);
  ASSERT_EQ(document.at("hosts").size(), 3U);
  for (const auto& item : document.at("hosts")) {
    const auto host = item.at("host").get<std::string>();
    for (const auto& url : {"https://" + host + "/files", "http://" + host + ":8080",
                            "https://" + host + "./", "https://a." + host + "/"}) {
      EXPECT_FALSE(not_production(url)) << url;
    }
    EXPECT_TRUE(not_production("https://x" + host + "/")) << "another host";
  }
  EXPECT_FALSE(not_production("https://API.CDC.gov/upload"));
  for (const char* url : {"http://127.0.0.1:1/files", "https://cdc.gov/", "nonsense"}) {
    EXPECT_TRUE(not_production(url)) << url;
  }
}

TEST(Production, NoLocationLeadsThereEither) {
  UploadOptions options;
  options.create_url = "http://127.0.0.1:1/files";
  options.any_origin = true;
  options.trusted.add("https://api.cdc.gov/");
  EXPECT_TRUE(options.may_lead_to("http://192.0.2.1/files"));
  EXPECT_FALSE(options.may_lead_to("https://api.cdc.gov/upload/1"));
}

}  // namespace
}  // namespace loadgen
