#include "protocol/dex/upload_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/json/decode.hpp"

namespace {

using dex::FieldRule;
using dex::Manifest;
using dex::UploadConfig;
using testing::ElementsAre;
using testing::IsEmpty;

const UploadConfig testevent1{{
    {"sender_id", true, {}, ""},
    {"jurisdiction", true, {}, ""},
    {"received_filename", true, {}, ""},
    {"data_stream_id", true, {"dextesting"}, ""},
    {"data_stream_route", true, {"testevent1"}, ""},
}};

Manifest valid() {
  return {{"data_stream_id", "dextesting"},
          {"data_stream_route", "testevent1"},
          {"sender_id", "test sender"},
          {"jurisdiction", "test jurisdiction"},
          {"received_filename", "test.csv"}};
}

Manifest without(std::initializer_list<const char*> keys) {
  Manifest manifest = valid();
  for (const char* key : keys) manifest.erase(key);
  return manifest;
}

Manifest with(const std::string& key, const std::string& value) {
  Manifest manifest = valid();
  manifest[key] = value;
  return manifest;
}

TEST(DexValidate, AValidManifestHasNoErrors) {
  EXPECT_THAT(dex::validate_stream(valid()), IsEmpty());
  EXPECT_THAT(dex::validate(valid(), testevent1), IsEmpty());
  EXPECT_THAT(dex::validate(with("custom", "1"), testevent1), IsEmpty()) << "DEX-META-015";
  EXPECT_THAT(dex::validate(with("sender_id", ""), testevent1), IsEmpty()) << "DEX-META-016";
}

// DEX-META-001, -002
TEST(DexValidate, TheStreamComesFirst) {
  EXPECT_THAT(dex::validate_stream(without({"data_stream_id"})),
              ElementsAre("validation failure", "field data_stream_id was missing"));
  EXPECT_THAT(dex::validate_stream(without({"data_stream_route"})),
              ElementsAre("validation failure", "field data_stream_route was missing"));
  EXPECT_THAT(dex::validate_stream({}),
              ElementsAre("validation failure", "field data_stream_id was missing"));
}

// DEX-META-003, -004, -018
TEST(DexValidate, MissingFieldsAreReportedTogetherInConfigOrder) {
  EXPECT_THAT(dex::validate(without({"jurisdiction", "sender_id"}), testevent1),
              ElementsAre("validation failure", "field sender_id was missing", "validation failure",
                          "field jurisdiction was missing"));
  Manifest capital = without({"jurisdiction"});
  capital["Jurisdiction"] = "x";
  EXPECT_THAT(dex::validate(capital, testevent1),
              ElementsAre("validation failure", "field jurisdiction was missing"));
}

// DEX-META-005, -011
TEST(DexValidate, DisallowedValues) {
  EXPECT_THAT(dex::validate(with("data_stream_id", "DEXTESTING"), testevent1),
              ElementsAre("validation failure", "data_stream_id had disallowed value DEXTESTING"));
}

// DEX-META-006
TEST(DexValidate, AnOptionalFieldWithAllowedValuesIsInFactRequired) {
  const UploadConfig config{{{"opt", false, {"a", "b"}, ""}}};
  EXPECT_THAT(dex::validate({}, config),
              ElementsAre("validation failure", "opt had disallowed value "));
  EXPECT_THAT(dex::validate({{"opt", "b"}}, config), IsEmpty());
  EXPECT_THAT(dex::validate({}, UploadConfig{{{"opt", false, {}, ""}}}), IsEmpty());
}

// DEX-META-008, -009, -010
TEST(DexValidate, SlashesInFileNames) {
  EXPECT_THAT(dex::validate(with("received_filename", "test/-file"), testevent1),
              ElementsAre("invalid character found in test/-file validation failure"));
  EXPECT_THAT(dex::validate(with("filename", "a/b"), testevent1), IsEmpty())
      << "the config does not list it";
  EXPECT_THAT(dex::validate(with("sender_id", "a/b"), testevent1), IsEmpty());
  EXPECT_THAT(dex::validate(with("received_filename", "..\\\x01"), testevent1), IsEmpty());
  const UploadConfig allowed{{{"filename", true, {"a/b"}, ""}}};
  EXPECT_THAT(dex::validate({{"filename", "a/b"}}, allowed), IsEmpty());
  for (const char* name :
       {"filename", "original_filename", "meta_ext_filename", "received_filename"}) {
    EXPECT_EQ(dex::validate({{name, "/"}}, UploadConfig{{{name, false, {}, ""}}}).size(), 1U);
  }
}

TEST(DexValidate, ANewlineInAValueMakesOneMoreEntry) {
  EXPECT_THAT(dex::validate(with("data_stream_id", "a\nb"), testevent1),
              ElementsAre("validation failure", "data_stream_id had disallowed value a", "b"));
}

// DEX-META-007, -012
TEST(DexValidate, ConfigNotFound) {
  EXPECT_THAT(dex::config_not_found_errors("dextesting_nope.json"),
              ElementsAre("open dextesting_nope.json: no such file or directory",
                          "validation failure", "manifest validation config file not found"));
  EXPECT_THAT(dex::config_not_found_errors("../x_testevent1.json"),
              ElementsAre("open ../x_testevent1.json: invalid argument", "validation failure",
                          "manifest validation config file not found"));
}

TEST(DexUploadConfig, Filename) {
  EXPECT_EQ(dex::upload_config_filename(valid()), "dextesting_testevent1.json");
  EXPECT_EQ(dex::upload_config_filename(with("data_stream_id", "DEXTesting")),
            "dextesting_testevent1.json");
  EXPECT_EQ(dex::upload_config_filename({}), "_.json");
}

TEST(DexUploadConfig, LocalPaths) {
  for (const std::string_view path : {"a", "a_b.json", "a/b", "..a", "a..", "..."}) {
    EXPECT_TRUE(dex::is_local_path(path)) << path;
  }
  for (const std::string_view path :
       {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "./a", "\xFF"}) {
    EXPECT_FALSE(dex::is_local_path(path)) << path;
  }
  EXPECT_FALSE(dex::is_local_path(std::string_view("a\0b", 3)));
}

TEST(DexUploadConfig, Parse) {
  const auto config = dex::parse_upload_config(R"({
    "metadata_config": {"fields": [
      {"field_name": "a", "required": true, "allowed_values": null, "description": "A", "new": 1},
      {"field_name": "b", "required": false, "allowed_values": ["x", "y"]},
      {"field_name": "c"}]},
    "copy_config": {"targets": ["edav"]}})",
                                               "c.json");
  ASSERT_TRUE(config.has_value()) << config.error().line();
  EXPECT_EQ(
      *config,
      (UploadConfig{{{"a", true, {}, "A"}, {"b", false, {"x", "y"}, ""}, {"c", false, {}, ""}}}));
}

TEST(DexUploadConfig, EarlierFormsLoadAsTheyWereMeant) {
  const auto version_1 = dex::parse_upload_config(R"({
    "metadata_config": {"version": "1.0", "fields": [
      {"fieldname": "a", "required": "true", "allowed_values": "x", "compat_field_name": null},
      {"field_name": "b", "fieldname": "c", "required": "false", "default_value": "y"}]},
    "compat_config_filename": "v2/a-b.json"})",
                                                  "c.json");
  ASSERT_TRUE(version_1.has_value()) << version_1.error().line();
  EXPECT_EQ(*version_1, (UploadConfig{{{"a", true, {"x"}, ""}, {"b", false, {}, ""}}}));
  const auto first = dex::parse_upload_config(
      R"({"FilenameMetadataField": "filename", "FilenameSuffix": "", "FolderStructure": "root"})",
      "c.json");
  ASSERT_TRUE(first.has_value()) << first.error().line();
  EXPECT_EQ(*first, UploadConfig{});
}

TEST(DexUploadConfig, TheEnvironmentIsExpandedBeforeParsing) {
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SENDER") return "east";
    return std::nullopt;
  };
  const auto config = dex::parse_upload_config(
      R"({"metadata_config":{"fields":[
           {"field_name":"sender_id","allowed_values":["${SENDER}","${NONE}"]}]}})",
      "c.json", environment);
  ASSERT_TRUE(config.has_value()) << config.error().line();
  EXPECT_THAT(config->fields.at(0).allowed_values, ElementsAre("east", ""));
}

TEST(DexUploadConfig, BadConfigsNameThePlace) {
  struct Case {
    std::string_view text;
    std::string_view error;
  };
  constexpr Case cases[] = {
      {"{}", "c.json: \"metadata_config\" is missing"},
      {R"({"metadata_config":{}})", "c.json: metadata_config: \"fields\" is missing"},
      {R"({"metadata_config":{"fields":{}}})",
       "c.json: metadata_config.fields: expected an array, found an object"},
      {R"({"metadata_config":{"fields":[{}]}})",
       "c.json: metadata_config.fields[0]: \"field_name\" is missing"},
      {R"({"metadata_config":{"fields":[{"field_name":""}]}})",
       "c.json: metadata_config.fields[0].field_name: is empty, expected the name of a field"},
      {R"({"metadata_config":{"fields":[{"field_name":"a","required":"yes"}]}})",
       "c.json: metadata_config.fields[0].required: expected true or false, found a string"},
      {R"({"metadata_config":{"fields":[{"field_name":"a","allowed_values":[1]}]}})",
       "c.json: metadata_config.fields[0].allowed_values[0]: expected a string, found a number"},
  };
  for (const auto& c : cases) {
    const auto config = dex::parse_upload_config(c.text, "c.json");
    ASSERT_FALSE(config.has_value()) << c.text;
    EXPECT_EQ(config.error().line(), c.error);
  }
}

TEST(DexUploadConfig, EveryConfigOfTheFixturesLoads) {
  int configs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(DEX_UPLOAD_CONFIGS)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".json") || name.ends_with(".schema.json")) continue;
    const auto text = json::detail::read_file(entry.path());
    ASSERT_TRUE(text.has_value());
    const auto config = dex::parse_upload_config(*text, name);
    ASSERT_TRUE(config.has_value()) << config.error().line();
    ++configs;

    // The file's own name must be the one that its stream is looked up under.
    Manifest manifest;
    for (const FieldRule& rule : config->fields) {
      EXPECT_TRUE(tus::is_metadata_key(rule.name)) << name;
      EXPECT_FALSE(rule.description.empty()) << name << ": " << rule.name;
      if (rule.required) {
        manifest[rule.name] = rule.allowed_values.empty() ? "any" : rule.allowed_values.front();
      } else if (!rule.allowed_values.empty()) {
        ADD_FAILURE() << name << ": " << rule.name
                      << " is optional but has allowed_values, which DEX treats as required";
      }
    }
    EXPECT_EQ(dex::upload_config_filename(manifest), name);
    EXPECT_THAT(dex::validate_stream(manifest), IsEmpty()) << name;
    EXPECT_THAT(dex::validate(manifest, *config), IsEmpty()) << name;
  }
  EXPECT_GE(configs, 4);
}

TEST(DexRefusal, BytesAndBack) {
  const dex::ManifestRefusal refusal{"id", {"validation failure", "field <a> was missing"}};
  EXPECT_EQ(
      dex::to_json(refusal),
      R"({"upload_id":"id","validation_errors":["validation failure","field \u003ca\u003e was missing"]})");
  EXPECT_EQ(dex::parse_manifest_refusal(dex::to_json(refusal)), refusal);
  for (const std::string_view text :
       {"{}", R"({"upload_id":"id"})", R"({"upload_id":"id","validation_errors":null})",
        R"({"upload_id":"id","validation_errors":[1]})",
        R"({"upload_id":"id","validation_errors":[],"more":1})"}) {
    EXPECT_FALSE(dex::parse_manifest_refusal(text).has_value()) << text;
  }
}

}  // namespace
