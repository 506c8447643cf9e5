#include "dex/upload_configs.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "files/files.hpp"
#include "files/temporary_folder.hpp"

namespace mock {
namespace {

using Errors = std::vector<std::string>;

std::optional<std::string> environment(const std::string& name) {
  return name == "SENDER" ? std::optional<std::string>("lab") : std::nullopt;
}

dex::Manifest stream(const std::string& id, const std::string& route) {
  return {{"data_stream_id", id}, {"data_stream_route", route}};
}

class Configs : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(replace_file(folder_.path() / name, text));
  }

  TemporaryFolder folder_;
  UploadConfigs configs_{folder_.path(), environment};
};

constexpr const char* demands_sender =
    R"({"metadata_config": {"fields": [{"field_name": "sender_id", "required": true}]}})";
constexpr const char* demands_nothing = R"({"metadata_config": {"fields": []}})";

TEST(BuiltInConfigs, JudgeTheTestingStream) {
  UploadConfigs configs(std::nullopt, environment);
  auto manifest = stream("dextesting", "testevent1");
  for (const char* field : {"sender_id", "data_producer_id", "jurisdiction", "received_filename"}) {
    EXPECT_FALSE(configs.validate(manifest).value().empty());
    manifest.insert_or_assign(field, "any value");
  }
  EXPECT_EQ(configs.validate(manifest).value(), Errors{});
  EXPECT_EQ(configs.validate(stream("other", "stream")).value().back(),
            "manifest validation config file not found");
}

TEST_F(Configs, DEX_META_001_002_TheStreamComesFirst) {
  EXPECT_EQ(configs_.validate({}).value(),
            (Errors{"validation failure", "field data_stream_id was missing"}));
  EXPECT_EQ(configs_.validate({{"data_stream_id", "x"}}).value(),
            (Errors{"validation failure", "field data_stream_route was missing"}));
}

TEST_F(Configs, DEX_META_003_RequiredFields) {
  put("a_b.json", demands_sender);
  EXPECT_EQ(configs_.validate(stream("a", "b")).value(),
            (Errors{"validation failure", "field sender_id was missing"}));
}

TEST_F(Configs, DEX_META_007_NoConfig) {
  EXPECT_EQ(configs_.validate(stream("dextesting", "nope")).value(),
            (Errors{"open dextesting_nope.json: no such file or directory", "validation failure",
                    "manifest validation config file not found"}));
}

TEST_F(Configs, DEX_META_011_LookupIgnoresCase) {
  put("dextesting_testevent1.json",
      R"({"metadata_config": {"fields": [
          {"field_name": "data_stream_id", "required": true, "allowed_values": ["dextesting"]}]}})");
  EXPECT_EQ(configs_.validate(stream("DEXTESTING", "TestEvent1")).value(),
            (Errors{"validation failure", "data_stream_id had disallowed value DEXTESTING"}));
}

TEST_F(Configs, DEX_META_012_PathTricksStayInTheFolder) {
  ASSERT_TRUE(replace_file(folder_.path() / "inner" / "x", ""));
  put("x_testevent1.json", demands_nothing);
  UploadConfigs inner(folder_.path() / "inner", environment);
  EXPECT_EQ(inner.validate(stream("../x", "testevent1")).value().front(),
            "open ../x_testevent1.json: invalid argument");
}

TEST_F(Configs, ANameThatCannotBeAFileIsMissing) {
  EXPECT_EQ(configs_.validate(stream(std::string(300, 'x'), "b")).value().back(),
            "manifest validation config file not found");
  put("file", "");
  EXPECT_EQ(configs_.validate(stream("file/x", "b")).value().size(), 3U);
}

TEST_F(Configs, DEX_META_022_ABrokenConfigIsAnError) {
  put("a_b.json", "{");
  const auto broken = configs_.validate(stream("a", "b"));
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().line().find("a_b.json"), std::string::npos);
  put("c_d.json", R"({"metadata_config": {"fields": [{"required": true}]}})");
  EXPECT_FALSE(configs_.validate(stream("c", "d")));
  std::filesystem::create_directory(folder_.path() / "e_f.json");
  EXPECT_FALSE(configs_.validate(stream("e", "f")));
  ASSERT_EQ(::mkfifo((folder_.path() / "g_h.json").c_str(), 0600), 0);
  EXPECT_FALSE(configs_.validate(stream("g", "h"))) << "and without waiting for a writer";
}

TEST_F(Configs, AreCheckedAtTheStart) {
  put("a_b.json", demands_sender);
  put("upload-config.schema.json", "{");  // no manifest can name it
  EXPECT_TRUE(check_upload_configs(folder_.path(), environment));
  put("c_d.json", R"({"metadata_config": {"fields": [{"required": true}]}})");
  const auto broken = check_upload_configs(folder_.path(), environment);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().line().find((folder_.path() / "c_d.json").string()), std::string::npos);
  EXPECT_NE(broken.error().line().find("metadata_config.fields[0]"), std::string::npos)
      << broken.error().line();
}

TEST_F(Configs, DEX_META_023_HitsAreCachedMissesAreNot) {
  EXPECT_EQ(configs_.validate(stream("a", "b")).value().size(), 3U);
  put("a_b.json", demands_sender);
  EXPECT_EQ(configs_.validate(stream("a", "b")).value().size(), 2U);
  put("a_b.json", demands_nothing);
  EXPECT_EQ(configs_.validate(stream("a", "b")).value().size(), 2U);
}

TEST_F(Configs, DEX_CFG_001_TheEnvironmentIsExpanded) {
  put("a_b.json", R"({"metadata_config": {"fields": [
      {"field_name": "sender_id", "allowed_values": ["${SENDER}"]}]},
      "copy_config": {"filename_suffix": "upload_id"}})");
  auto manifest = stream("a", "b");
  manifest["sender_id"] = "lab";
  EXPECT_EQ(configs_.validate(manifest).value(), Errors{});
  manifest["sender_id"] = "${SENDER}";
  EXPECT_FALSE(configs_.validate(manifest).value().empty());
}

}  // namespace
}  // namespace mock
