// The JSON Schemas: the tools print them, the mock serves them, and each is complete by itself. The
// programs refuse what the schemas refuse (wrong_documents.json, which scripts/interop.sh gives to
// a validator).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "control_client.hpp"
#include "recorded_replies.hpp"
#include "request_list.hpp"
#include "testkit/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using programs::ControlClient;
using programs::Mock;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json parsed(const fs::path& file) {
  std::ifstream in(file);
  return json::parse(in);
}

/// The schemas in fixtures, by name.
const std::map<std::string, json>& in_fixtures() {
  static const auto all = [] {
    std::map<std::string, json> found;
    for (const auto& entry : fs::recursive_directory_iterator(DEX_FIXTURES)) {
      const auto name = entry.path().filename().string();
      if (name != "schema.json" && !name.ends_with(".schema.json")) continue;
      auto schema = parsed(entry.path());
      const auto id = schema.value("$id", entry.path().string());
      EXPECT_TRUE(id.starts_with("urn:dex-upload-harness:schema:")) << id;
      EXPECT_TRUE(found.emplace(id.substr(id.rfind(':') + 1), std::move(schema)).second) << id;
    }
    return found;
  }();
  return all;
}

/// Adds the references in `node` that lead out of `root`, its document.
void collect_outside(const json& node, const json& root, std::set<std::string>& outside) {
  if (node.is_object() && node.contains("$ref") && node.at("$ref").is_string()) {
    const auto& target = node.at("$ref").get_ref<const std::string&>();
    const bool inside =
        target.starts_with("#/") && root.contains(json::json_pointer(target.substr(1)));
    if (!inside) outside.insert(target);
  }
  for (const auto& child : node) {
    if (child.is_structured()) collect_outside(child, root, outside);
  }
}

TEST(Schemas, EachIsCompleteByItself) {
  EXPECT_GE(in_fixtures().size(), 11U);
  for (const auto& [name, schema] : in_fixtures()) {
    std::set<std::string> outside;
    collect_outside(schema, schema, outside);
    EXPECT_THAT(outside, IsEmpty()) << name;
    EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema") << name;
  }
}

TEST(Schemas, ThoseOfProfilesHoldThoseOfRules) {
  const auto& profiles = in_fixtures().at("profile").at("$defs");
  for (const auto& [name, rule] : in_fixtures().at("rule").at("$defs").items()) {
    EXPECT_EQ(profiles.value(name, json()), rule) << name << ": run scripts/profile_schema.py";
  }
}

TEST(Schemas, EachToolPrintsThemAndSaysWhichItReads) {
  const std::pair<const char*, std::vector<std::string>> tools[] = {
      {DEX_MOCK_SERVER, {"profile", "rule", "upload-config"}},
      {DEX_CONFORMANCE, {"baseline", "requirement", "run-report", "verdicts"}},
      {DEX_LOADGEN, {"hosts", "network", "results", "scenario"}}};
  for (const auto& [tool, names] : tools) {
    const auto list = testkit::run({tool, "--print-schema"});
    EXPECT_EQ(list.exit_code, 0) << list.err;
    std::string rest = list.out;
    for (const auto& name : names) {
      EXPECT_TRUE(rest.starts_with(name + " ")) << tool << " " << name << ": " << rest;
      rest = rest.substr(rest.find('\n') + 1);
      const auto printed = testkit::run({tool, "--print-schema", name});
      EXPECT_EQ(json::parse(printed.out, nullptr, false), in_fixtures().at(name)) << name;
    }
    EXPECT_TRUE(rest.starts_with("of other files: ")) << rest;
  }
  const auto wrong = testkit::run({DEX_MOCK_SERVER, "--print-schema", "ruel"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("rule"));
}

TEST(Schemas, AreServed) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  ControlClient client(mock.url());
  const auto list = client.get("/_mock/schemas/").json.at("schemas");
  EXPECT_EQ(list, client.get("/_mock/schemas").json.at("schemas"));
  std::set<std::string> names;
  for (const auto& one : list) {
    const auto name = one.at("name").get<std::string>();
    names.insert(name);
    const auto answer = client.get(one.at("url"));
    EXPECT_EQ(answer.header("Content-Type"), "application/schema+json");
    EXPECT_EQ(answer.json, in_fixtures().at(name));
    EXPECT_EQ(one.at("id"), answer.json.at("$id"));
    EXPECT_EQ(one.at("title"), answer.json.at("title"));
  }
  EXPECT_EQ(names.size(), in_fixtures().size());
}

/// Gives a document to a program; returns its complaint, or "" when the program takes the document.
using Reader = std::function<std::string(const json& document)>;

Reader of_tool(const fs::path& file, std::vector<std::string> command) {
  return [file, command = std::move(command)](const json& document) {
    std::ofstream(file) << document.dump();
    const auto done = testkit::run(command);
    return done.exit_code == 2 ? done.err : std::string();
  };
}

template <class T>
std::string error_of(const Result<T>& read) {
  return read ? std::string() : read.error().line();
}

/// These are compiled into the programs, so no command reads such a file: catalogue_test and
/// production_test do.
const std::set<std::string> built_in{"costs", "hosts", "requirement"};

/// Documents in which an unknown key is no error. The schema of scenarios leaves room for further
/// systems; the reader of upload configs takes unknown keys, as DEX does.
const std::set<std::string> open{"run-report", "scenario", "upload-config"};

TEST(Schemas, WhatTheyRefuseTheProgramsRefuse) {
  const auto wrong = parsed(fs::path(DEX_TESTS) / "wrong_documents.json");
  Mock mock({"--profile", "tus", "--store", "memory"});
  ControlClient client(mock.url());
  const auto refusal = [](const programs::Answer& answer) {
    return answer.status == 400 ? answer.json.at("error").get<std::string>() : std::string();
  };
  const auto lane = [&](const json& config) {
    return refusal(client.put("/_mock/lanes/wrong", config.dump()));
  };
  testkit::TempFolder folder;
  const auto file = (folder.path() / "document.json").string();
  const std::string nobody = "http://127.0.0.1:9/files";
  const std::map<std::string, Reader> readers{
      {"rule", [&](const json& rule) { return refusal(client.post("/_mock/rules", rule.dump())); }},
      {"profile",
       [&](const json& profile) {
         return lane({{"profile", profile}});
       }},
      {"upload-config",
       [&](const json& config) {
         return lane({{"profile", "dex"}, {"upload_configs", {{"a_b", config}}}});
       }},
      {"baseline", of_tool(file, {DEX_CONFORMANCE, "run", "--url", nobody, "--baseline", file})},
      {"scenario", of_tool(file, {DEX_LOADGEN, "run", file, "--url", nobody})},
      {"results", of_tool(file, {DEX_LOADGEN, "report", file, "--out", "/dev/null"})},
      {"network", of_tool(file, {DEX_LOADGEN, "run", "--url", nobody, "--network", file})},
      {"request-list",
       [](const json& list) { return error_of(replies::parse_list(list.dump(), "list")); }},
      {"recorded-replies",
       [](const json& record) {
         return error_of(replies::parse_recorded(record.dump(), "record"));
       }},
      {"run-report", of_tool(file, {DEX_CONFORMANCE, "diff", file, file})},
      {"verdicts", of_tool(file, {DEX_CONFORMANCE, "diff", file, file})},
  };
  for (const auto& [name, schema] : in_fixtures()) {
    EXPECT_GE(wrong.value(name, json::array()).size(), 2U) << name;
    EXPECT_TRUE(readers.contains(name) || built_in.contains(name)) << name << " has no reader";
    const auto slips = std::ranges::count_if(wrong.at(name), [](const json& one) {
      return one.at("says").get<std::string>().find("did you mean") != std::string::npos;
    });
    EXPECT_TRUE(slips > 0 || open.contains(name)) << name << ": no misspelt key";
  }
  for (const auto& [name, read] : readers) {
    for (const auto& one : wrong.at(name)) {
      EXPECT_THAT(read(one.at("document")), HasSubstr(one.at("says").get<std::string>()))
          << name << " " << one.at("document");
    }
  }
}

}  // namespace
