#include "systems/dex/case_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "scenario/file.hpp"
#include "testkit/temp_folder.hpp"

namespace loadgen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CaseFile : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const auto path = (folder_.path() / name).string();
    std::ofstream(path) << text;
    return path;
  }
  Scenario read(const std::string& file) {
    Scenario scenario;
    const auto done = apply_scenario(scenario, file, notes_);
    EXPECT_TRUE(done) << done.error().line();
    scenario.settings.url = "http://127.0.0.1:1/files";
    const auto whole = complete(scenario);
    EXPECT_TRUE(whole) << whole.error().line();
    return scenario;
  }
  testkit::TempFolder folder_;
  std::vector<std::string> notes_;
};

// As its tests have them: letters of keys in any case, MiB as fractions, durations as Go has them.
constexpr const char* random_file = R"({"Chunk": 0.5, "Size": 1.5,
  "Manifest": {"version": "2.0", "data_stream_id": "dextesting", "data_stream_route": "testevent1",
               "received_filename": "test", "sender_id": "s", "data_producer_id": "p",
               "jurisdiction": "test"},
  "time_limit": "1m11s", "expected_delivery_targets": ["edav"],
  "expected_reports": [{"stageInfo": {"action": "upload-status"}}]})";

TEST_F(CaseFile, IsAGroupOfPartners) {
  const Scenario s = read(write("test default.json", random_file));
  ASSERT_EQ(s.groups.size(), 1U);
  const Settings& of = s.groups.at(0).settings;
  EXPECT_EQ(s.groups.at(0).name, "test-default");
  EXPECT_EQ(of.chunk, Bytes{512U << 10U});
  EXPECT_EQ(of.size.text(), "1572864");
  EXPECT_THAT(of.own.at("deliver-timeout"), ElementsAre("71000ms"));
  EXPECT_THAT(of.own.at("expect-target"), ElementsAre("edav"));
  EXPECT_EQ((*client_of(of, "r"))->options().metadata.at("jurisdiction"), "test");
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("expected_reports")));
}

TEST_F(CaseFile, OfATemplateSendsMessagesOfOurOwnAndSaysSo) {
  const Scenario s = read(write("t.json", R"({"Chunk": 5, "manifest": {"filename": "test"},
    "templatefile": "examples/test.hl7", "templates": [{"name": "obx", "repetitions": 12}],
    "repetitions": 2})"));
  EXPECT_EQ(s.groups.at(0).settings.payload, PayloadKind::hl7);
  EXPECT_EQ(s.groups.at(0).settings.size.text(), "1MiB");
  EXPECT_THAT(s.groups.at(0).settings.own.at("expect-target"), ElementsAre("none"));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("\"examples/test.hl7\" is not filled in")));
}

TEST_F(CaseFile, AFolderOfThemIsAMix) {
  write("a.json", random_file);
  write("b.json", random_file);
  const Scenario s = read(folder_.path().string());
  ASSERT_EQ(s.groups.size(), 2U);
  EXPECT_EQ(s.groups.at(1).name, "b");
}

TEST_F(CaseFile, MistakesAreOneLine) {
  const auto error = [&](const char* text) {
    Scenario scenario;
    const auto done = apply_scenario(scenario, write("c.json", text), notes_);
    EXPECT_FALSE(done) << text;
    return done ? std::string() : done.error().line();
  };
  EXPECT_THAT(error(R"({"Chunk": 1, "Manifest": {}})"), HasSubstr("\"Size\" is missing"));
  EXPECT_THAT(error(R"({"Chunk": 0, "Size": 1, "Manifest": {}})"), HasSubstr("Chunk: at least"));
  EXPECT_THAT(error(R"({"Chunk": 1, "Size": 1, "Manifest": {}, "time_limit": "11"})"),
              HasSubstr("as in 11s"));
  EXPECT_THAT(error(R"({"Chunk": 1, "Size": 1, "Manifest": {"a b": "c"}})"), HasSubstr("a b"));
  EXPECT_FALSE(read_case_file(R"({"uploads": 1})", "s").has_value());
  EXPECT_FALSE(read_case_file("{", "s").has_value());
}

}  // namespace
}  // namespace loadgen
