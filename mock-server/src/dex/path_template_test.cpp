#include "dex/path_template.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

dex::Manifest manifest_with(const std::string& filename) {
  return {{"received_filename", filename},
          {"data_stream_id", "dextesting"},
          {"data_stream_route", "testevent1"},
          {"dex_ingest_datetime", "2026-01-02T03:04:05.678Z"}};
}

std::string rendered(const std::string& text, const dex::Manifest& manifest) {
  const auto path_template = PathTemplate::parse(text);
  EXPECT_TRUE(path_template) << path_template.error().line();
  if (!path_template) return {};
  const auto path = path_template->render("the-id", manifest);
  EXPECT_TRUE(path) << path.error().line();
  return path ? path->string() : std::string{};
}

TEST(PathTemplate, DEX_DELIV_009_EveryPlaceholder) {
  const auto manifest = manifest_with("rf.txt");
  EXPECT_EQ(
      rendered("{{.Year}}/{{.Month}}/{{.Day}}/{{.Hour}}/{{.Filename}}_{{.UploadId}}", manifest),
      "2026/01/02/03/rf_the-id.txt");
  EXPECT_EQ(rendered("{{.DataStreamID}}-{{.DataStreamRoute}}/{{.Filename}}", manifest),
            "dextesting-testevent1/rf.txt");
  EXPECT_EQ(rendered("a{{.Prefix}}b{{.Suffix}}c", manifest), "abc.txt");
  EXPECT_EQ(rendered("{{ .Filename }}", manifest), "rf.txt");
}

TEST(PathTemplate, DEX_DELIV_009_TheDateIsUtc) {
  auto manifest = manifest_with("a");
  manifest["dex_ingest_datetime"] = "2026-01-01T23:30:00-01:00";
  EXPECT_EQ(rendered("{{.Day}}/{{.Hour}}/{{.Filename}}", manifest), "02/00/a");
}

TEST(PathTemplate, DEX_DELIV_010_Default) {
  const auto path = PathTemplate().render("the-id", manifest_with("rf.txt"));
  ASSERT_TRUE(path);
  EXPECT_EQ(path->string(), "2026/01/02/rf.txt");
}

TEST(PathTemplate, DEX_DELIV_011_WhichNameWins) {
  auto manifest = manifest_with("4.txt");
  EXPECT_EQ(rendered("{{.Filename}}", manifest), "4.txt");
  manifest["meta_ext_filename"] = "3.txt";
  EXPECT_EQ(rendered("{{.Filename}}", manifest), "3.txt");
  manifest["original_filename"] = "2.txt";
  EXPECT_EQ(rendered("{{.Filename}}", manifest), "2.txt");
  manifest["filename"] = "1.txt";
  EXPECT_EQ(rendered("{{.Filename}}", manifest), "1.txt");
}

/// "name..ext" would be the defect double-dot-extension (fixtures/misbehaviours).
TEST(PathTemplate, H05_ExtensionsKeepTheirOneDot) {
  const std::string with_id = "{{.Filename}}_{{.UploadId}}";
  for (const auto& [name, expected] :
       std::vector<std::pair<std::string, std::string>>{{"a.txt", "a_the-id.txt"},
                                                        {"a.tar.gz", "a.tar_the-id.gz"},
                                                        {"plain", "plain_the-id"},
                                                        {"dot.", "dot_the-id."},
                                                        {".hidden", "_the-id.hidden"},
                                                        {"v1.2/file", "v1.2/file_the-id"}}) {
    EXPECT_EQ(rendered(with_id, manifest_with(name)), expected);
  }
}

TEST(PathTemplate, DEX_SEC_003_NothingLeavesTheTarget) {
  for (const std::string& name : {std::string("../x.csv"), std::string("../../../escape/x.csv"),
                                  std::string("a/../../x"), std::string("/etc/passwd"),
                                  std::string("nul\0byte", 8), std::string(".."), std::string()}) {
    const auto path = PathTemplate::parse("{{.Filename}}")->render("the-id", manifest_with(name));
    EXPECT_FALSE(path) << name << " became " << *path;
  }
  auto manifest = manifest_with("x");
  manifest["data_stream_id"] = "..";
  EXPECT_FALSE(PathTemplate::parse("{{.DataStreamID}}/{{.Filename}}")->render("the-id", manifest));
  EXPECT_EQ(rendered("{{.Filename}}", manifest_with("a/./b//c.txt")), "a/b/c.txt");
}

TEST(PathTemplate, WithoutAnIngestTimeThereIsNoPath) {
  for (const char* time : {"", "yesterday", "2026-13-01T00:00:00Z"}) {
    auto manifest = manifest_with("x");
    manifest["dex_ingest_datetime"] = time;
    const auto path = PathTemplate().render("the-id", manifest);
    ASSERT_FALSE(path) << time;
    EXPECT_NE(path.error().line().find("bad ingest timestamp"), std::string::npos);
  }
}

TEST(PathTemplate, WhatItDoesNotKnowIsRefused) {
  for (const char* text : {"{{.Minute}}", "{{Year}}", "{{.year}}", "{{if .Year}}", "{{.Year",
                           "{{}}", "{{- .Year -}}"}) {
    EXPECT_FALSE(PathTemplate::parse(text)) << text;
  }
  EXPECT_NE(PathTemplate::parse("{{.Minute}}").error().line().find("{{.Hour}}"), std::string::npos);
}

TEST(ClimbsOut, NeedsASlashAndDots) {
  EXPECT_TRUE(climbs_out("../x"));
  EXPECT_TRUE(climbs_out("a/../../x"));
  EXPECT_TRUE(climbs_out("x/.."));
  EXPECT_FALSE(climbs_out(".."));
  EXPECT_FALSE(climbs_out("a..b/c"));
  EXPECT_FALSE(climbs_out("a/b"));
  EXPECT_FALSE(climbs_out("..\\x"));
}

}  // namespace
}  // namespace mock
