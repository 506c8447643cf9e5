#include "network/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "network/cuts.hpp"

namespace loadgen {
namespace {

const std::filesystem::path folder = std::filesystem::path(DEX_FIXTURES) / "networks";

TEST(Networks, EveryFileIsBuiltInUnderItsName) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(".json") || name == "network.schema.json") continue;
    ++files;
    const auto stem = entry.path().stem().string();
    const auto network = load_network(stem);
    ASSERT_TRUE(network) << stem;
    EXPECT_EQ(network->name, stem);
    EXPECT_FALSE(network->description.empty());
    EXPECT_TRUE(load_network(entry.path().string()));
  }
  EXPECT_EQ(files, built_in_networks().size());
}

TEST(Networks, TheSchemaNamesEveryKeyThatIsRead) {
  std::ifstream in(folder / "network.schema.json");
  const auto schema = nlohmann::json::parse(in);
  for (const auto& [key, value] : schema.at("properties").items()) {
    // A value of the wrong type is refused at that key; an unknown key would be refused as such.
    nlohmann::json document{{"name", "n"}, {"description", "d"}};
    document[key] = nullptr;
    const auto text = document.dump();
    const auto network = parse_network(text, "test");
    if (key == "$schema") continue;
    ASSERT_FALSE(network) << key;
    EXPECT_THAT(network.error().line(), testing::HasSubstr(key));
  }
}

class BadNetwork : public testing::TestWithParam<std::pair<const char*, const char*>> {};
TEST_P(BadNetwork, NamesTheFileAndTheField) {
  const auto network = parse_network(GetParam().first, "net.json");
  ASSERT_FALSE(network);
  EXPECT_THAT(network.error().line(), testing::HasSubstr("net.json"));
  EXPECT_THAT(network.error().line(), testing::HasSubstr(GetParam().second));
}
INSTANTIATE_TEST_SUITE_P(
    All, BadNetwork,
    testing::Values(
        std::pair("", ""), std::pair("[]", ""), std::pair("{}", "name"),
        std::pair(R"({"name":"","description":"d"})", "name"),
        std::pair(R"({"name":"n","description":"d","cut_probability":1})", "cut_probability"),
        std::pair(R"({"name":"n","description":"d","cut_probability":-0.1})", "cut_probability"),
        std::pair(R"({"name":"n","description":"d","silent_share":2})", "silent_share"),
        std::pair(R"({"name":"n","description":"d","stall_timeout":"1ms"})", "stall_timeout"),
        std::pair(R"({"name":"n","description":"d","upload_rate":"10"})", "upload_rate"),
        std::pair(R"({"name":"n","description":"d","round_trip":"2h"})", "round_trip"),
        std::pair(R"({"name":"n","description":"d","jitter":"2s"})", "jitter")));

std::vector<PlannedCut> plan(const Network& network, std::uint64_t seed, std::uint64_t upload,
                             Bytes size) {
  std::vector<PlannedCut> cuts;
  CutPlan p(network, seed, upload, size);
  while (p.next()) {
    cuts.push_back(*p.next());
    p.advance();
  }
  EXPECT_EQ(p.happened(), cuts.size());
  return cuts;
}

TEST(CutPlan, IsAPureFunctionOfSeedAndUpload) {
  const auto network = *load_network("flaky");
  int differences = 0;
  for (std::uint64_t upload = 0; upload < 100; ++upload) {
    const auto first = plan(network, 7, upload, Bytes{8U << 20U});
    EXPECT_EQ(first, plan(network, 7, upload, Bytes{8U << 20U}));
    differences += first == plan(network, 8, upload, Bytes{8U << 20U}) ? 0 : 1;
  }
  EXPECT_GT(differences, 20);
}

TEST(CutPlan, CutsOneConnectionInFive) {
  const auto network = *load_network("flaky");
  std::size_t cuts = 0;
  constexpr std::uint64_t uploads = 20'000;
  for (std::uint64_t i = 0; i < uploads; ++i) {
    for (const auto& cut : plan(network, 1, i, Bytes{1U << 20U})) {
      ++cuts;
      EXPECT_EQ(cut.kind, transport::Cut::Kind::reset);
    }
  }
  // Every upload ends with one connection that is not cut.
  const double share = static_cast<double>(cuts) / static_cast<double>(cuts + uploads);
  EXPECT_NEAR(share, 0.2, 0.01);
}

TEST(CutPlan, PositionsNeverGoBackAndStayBelowTheEnd) {
  Network network;
  network.cut_probability = 0.9;
  network.silent_share = 0.5;
  for (const std::uint64_t size : {1ULL, 2ULL, 1000ULL, 1ULL << 40U}) {
    for (std::uint64_t upload = 0; upload < 200; ++upload) {
      Bytes before;
      for (const auto& cut : plan(network, 3, upload, Bytes{size})) {
        EXPECT_GE(cut.at, before);
        EXPECT_LT(cut.at, Bytes{size});
        before = cut.at;
      }
    }
  }
  EXPECT_TRUE(plan(network, 3, 1, Bytes{0}).empty());
}

TEST(CutPlan, FingerprintsTellCutsApart) {
  const PlannedCut a{Bytes{10}, transport::Cut::Kind::reset};
  const PlannedCut b{Bytes{11}, transport::Cut::Kind::reset};
  const PlannedCut c{Bytes{10}, transport::Cut::Kind::silent};
  EXPECT_NE(fingerprint(1, 0, a), fingerprint(1, 0, b));
  EXPECT_NE(fingerprint(1, 0, a), fingerprint(1, 0, c));
  EXPECT_NE(fingerprint(1, 0, a), fingerprint(2, 0, a));
  EXPECT_NE(fingerprint(1, 0, a), fingerprint(1, 1, a));
  EXPECT_EQ(fingerprint(1, 0, a), fingerprint(1, 0, a));
}
}  // namespace
}  // namespace loadgen
