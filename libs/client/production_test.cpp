#include "client/production.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace client {
namespace {

TEST(Production, AHostIsKnownInEverySpellingAndBelowIt) {
  for (const char* url :
       {"https://API.CDC.gov/upload", "http://api.cdc.gov.:8080/x", "https://eu.api.cdc.gov/"}) {
    const auto* const host = production_host(url);
    ASSERT_NE(host, nullptr) << url;
    EXPECT_EQ(host->what, "CDC's DEX in production");
  }
  for (const char* url : {"https://cdc.gov/", "https://xapi.cdc.gov/", "nonsense"}) {
    EXPECT_EQ(production_host(url), nullptr) << url;
  }
}

TEST(Production, AListIsRefusedWhereItsSchemaRefusesIt) {
  std::ifstream in(DEX_FIXTURES "/../tests/wrong_documents.json");
  for (const auto& wrong : nlohmann::json::parse(in).at("hosts")) {
    const auto hosts = parse_hosts(wrong.at("document").dump(), "hosts.json");
    ASSERT_FALSE(hosts) << wrong.at("document");
    EXPECT_THAT(hosts.error().line(), testing::HasSubstr(wrong.at("says").get<std::string>()));
  }
}

}  // namespace
}  // namespace client
