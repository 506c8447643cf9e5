// What a run writes for people: the page, the summary, the badge, and the evidence folder with all
// of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>

#include "programs.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using nlohmann::json;
using programs::judge;
using programs::Mock;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testkit::Peer;
using testkit::ScriptedServer;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// `text` as it is escaped in a page.
std::string in_html(std::string text) {
  for (const auto& [from, to] :
       {std::pair{"&", "&amp;"}, std::pair{"<", "&lt;"}, std::pair{">", "&gt;"},
        std::pair{"\"", "&quot;"}, std::pair{"'", "&#39;"}}) {
    text = replaced(std::move(text), from, to);
  }
  return text;
}

std::string last_line_with(const std::string& text, const std::string& words) {
  const auto at = text.rfind(words);
  if (at == std::string::npos) return {};
  const auto from = text.rfind('\n', at) + 1;
  return text.substr(from, text.find('\n', at) - from);
}

/// Expects that a page loads no other file and runs nothing.
void expect_harmless(const std::string& page) {
  for (const char* no :
       {"<script", "javascript:", " src=", "<link", "<iframe", " onload=", "url("}) {
    EXPECT_EQ(page.find(no), std::string::npos) << no;
  }
  for (const char byte : page) {
    const auto c = static_cast<unsigned char>(byte);
    if (c < 0x20 && byte != '\n' && byte != '\t') FAIL() << "a control byte: " << int{c};
  }
}

class Pages : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file(const char* name) const {
    return (folder_.path() / name).string();
  }
  testkit::TempFolder folder_;
};

TEST_F(Pages, EvidenceHoldsAllOfIt) {
  const Mock mock({"--profile", "tus", "--store", "memory", "--defect", "version-400"});
  const auto run =
      judge(mock.creation_url(), {"--system", "tus", "--select", "core-version", "--select",
                                  "core-head", "--evidence", file("e"), "--html", file("page.html"),
                                  "--badge", file("badge.json"), "--junit", file("j.xml")});
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  const auto page = folder_.read("e/report.html");
  EXPECT_EQ(page, folder_.read("page.html"));
  EXPECT_EQ(folder_.read("e/junit.xml"), folder_.read("j.xml"));
  EXPECT_EQ(json::parse(folder_.read("e/results.json")), run.report);
  EXPECT_EQ(folder_.read("e/badge.json"), folder_.read("badge.json"));
  EXPECT_TRUE(std::filesystem::exists(file("e/record.json")));
  EXPECT_THAT(folder_.read("e/TUS-CORE-VER-003.txt"), HasSubstr("# TUS-CORE-VER-003 fail\n"));

  expect_harmless(page);
  // The page begins with the verdict of the last lines, then has the causes, then the rest.
  const auto verdict = last_line_with(run.out, "NOT CONFORMANT (");
  EXPECT_THAT(page, HasSubstr(verdict.substr(0, verdict.find(')') + 1)));
  EXPECT_LT(page.find("NOT CONFORMANT ("), page.find("<h2 id=\"causes\">"));
  EXPECT_LT(page.find("<h2 id=\"causes\">"), page.find("<h2 id=\"areas\">"));
  for (const auto& cause : run.report.at("causes")) {
    EXPECT_THAT(page, HasSubstr(in_html(cause.at("what"))));
    EXPECT_THAT(page, HasSubstr(in_html(cause.at("to_do"))));
  }
  // Each row has an anchor, and a command that runs it again.
  for (const auto& [id, row] : run.results) {
    std::string slug = id;
    for (char& c : slug) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_THAT(page, HasSubstr(fmt::format("<details id=\"{}\">", slug)));
    EXPECT_THAT(page, HasSubstr(" --select " + id + "</pre>"));
  }
  const auto summary = folder_.read("e/summary.md");
  EXPECT_TRUE(summary.starts_with("# dex-conformance: http&#58;//127.0.0.1&#58;")) << summary;
  EXPECT_THAT(summary, HasSubstr("**NOT CONFORMANT "));
  EXPECT_THAT(summary, HasSubstr("| fail | "));
  const auto badge = json::parse(folder_.read("badge.json"));
  EXPECT_EQ(badge.at("schemaVersion"), 1);
  EXPECT_EQ(badge.at("label"), "tus");
  EXPECT_EQ(badge.at("color"), "red");
  EXPECT_EQ(badge.at("message"),
            fmt::format("{} red", run.report.at("counts").at("red").get<int>()));
  const auto environment = json::parse(folder_.read("e/environment.json"));
  EXPECT_EQ(environment.at("version"), run.report.at("version"));
  EXPECT_THAT(environment.at("libraries").get<std::string>(), HasSubstr("libcurl/"));
  EXPECT_EQ(environment.at("target").at("extensions"), run.report.at("target").at("extensions"));
}

/// The page has the words of `explain`.
TEST_F(Pages, SayWhatExplainSays) {
  const Mock mock({"--profile", "tus", "--store", "memory"});
  const std::string id = "TUS-CORE-HEAD-004";
  const auto run =
      judge(mock.creation_url(), {"--system", "tus", "--select", id, "--html", file("page.html")});
  EXPECT_EQ(run.exit_code, 0) << run.out;
  const auto page = folder_.read("page.html");
  const auto explained = testkit::run({DEX_CONFORMANCE, "explain", id}).out;
  std::size_t lines = 0;
  std::istringstream in(explained);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (line.empty() || line.ends_with(':') || colon == std::string::npos) continue;
    const auto name = line.substr(0, colon);
    const auto text = line.substr(line.find_first_not_of(' ', colon + 1));
    EXPECT_THAT(page, HasSubstr(in_html(name)));
    EXPECT_THAT(page, HasSubstr(in_html(text))) << name;
    ++lines;
  }
  EXPECT_GE(lines, 3U) << explained;
  EXPECT_THAT(page, HasSubstr("CONFORMANT"));
}

TEST_F(Pages, OfARunThatWasStoppedSaysWhy) {
  const auto run = judge("http://127.0.0.1:1/files",
                         {"--system", "tus", "--evidence", file("e"), "--badge", file("b.json")});
  EXPECT_EQ(run.exit_code, 3);
  const auto page = folder_.read("e/report.html");
  EXPECT_THAT(page, HasSubstr("STOPPED: http://127.0.0.1:1"));
  EXPECT_THAT(page, Not(HasSubstr("It offers"))) << "nobody has asked it";
  expect_harmless(page);
  EXPECT_EQ(json::parse(folder_.read("b.json")).at("message"), "not judged");
  EXPECT_THAT(folder_.read("e/summary.md"), HasSubstr("STOPPED"));
  EXPECT_FALSE(std::filesystem::exists(file("e/record.json")));
}

TEST_F(Pages, ShowWhatChanged) {
  const Mock before({"--profile", "tus", "--store", "memory"});
  const std::vector<std::string> rows{"--system", "tus", "--select", "core-version"};
  auto first = rows;
  first.insert(first.end(), {"--record", file("good.json")});
  EXPECT_EQ(judge(before.creation_url(), first).exit_code, 0);
  const Mock after({"--profile", "tus", "--store", "memory", "--defect", "version-400"});
  auto second = rows;
  second.insert(second.end(), {"--against", file("good.json"), "--evidence", file("e")});
  EXPECT_EQ(judge(after.creation_url(), second).exit_code, 1);
  const auto page = folder_.read("e/report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("What changed"), HasSubstr("Rows that are not as on record"),
                          HasSubstr("<a href=\"#tus-core-ver-003\">TUS-CORE-VER-003</a>")));
  EXPECT_THAT(folder_.read("e/summary.md"), HasSubstr("| TUS\\-CORE\\-VER\\-003 | pass"));
}

/// A server whose answers hold markup, links and control sequences of terminals.
TEST_F(Pages, WhatAServerSaysIsText) {
  const std::string evil =
      "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`|**bold** [x](javascript:alert(3)) "
      "@everyone \x1b[31m\x07";
  ScriptedServer server([&](Peer& peer) {
    const auto request = peer.read_request();
    if (request.empty()) return;
    std::string fields = "Tus-Resumable: 1.0.0\r\nTus-Version: 1.0.0\r\nX-Evil: " + evil +
                         "\r\nConnection: close\r\n";
    if (request.starts_with("OPTIONS")) {
      peer.send("HTTP/1.1 204 No Content\r\nTus-Extension: creation\r\n" + fields + "\r\n");
    } else if (request.starts_with("POST")) {
      peer.send("HTTP/1.1 201 Created\r\nLocation: /files/<script>1\r\n" + fields +
                "Content-Length: 0\r\n\r\n");
    } else {
      peer.send("HTTP/1.1 500 " + evil + "\r\n" + fields +
                "Content-Length: " + std::to_string(request.starts_with("HEAD") ? 0 : evil.size()) +
                "\r\n\r\n" + (request.starts_with("HEAD") ? "" : evil));
    }
  });
  const auto run =
      judge(server.url("/files"),
            {"--system", "tus", "--select", "core-head", "--select", "TUS-CREATE-00*", "--patience",
             "200ms", "--evidence", file("e"), "--record", file("r.json")});
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  const auto page = folder_.read("e/report.html");
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;")) << "it is told";
  for (const char* no : {"<script", "<img", " onerror=alert(2)>\"", "href=\"javascript"}) {
    EXPECT_EQ(page.find(no), std::string::npos) << no;
  }
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  const auto summary = folder_.read("e/summary.md");
  for (const char* no : {"<script", "<img", "**bold**", "](javascript", "@everyone", "\x1b"}) {
    EXPECT_EQ(summary.find(no), std::string::npos) << no << "\n" << summary;
  }
  for (const char* name : {"e/environment.json", "e/badge.json", "e/results.json", "r.json"}) {
    EXPECT_EQ(folder_.read(name).find('\x1b'), std::string::npos) << name;
    EXPECT_FALSE(json::parse(folder_.read(name), nullptr, false).is_discarded()) << name;
  }
}

/// Expects that `value` has only keys that the schema allows, and all that it requires.
void hold_to(const json& schema, const json& root, const json& value, const std::string& at) {
  if (schema.contains("$ref")) {
    const auto pointer = schema.at("$ref").get<std::string>().substr(1);
    return hold_to(root.at(json::json_pointer(pointer)), root, value, at);
  }
  if (schema.contains("enum")) {
    const auto& all = schema.at("enum");
    EXPECT_NE(std::find(all.begin(), all.end(), value), all.end()) << at << ": " << value;
  }
  if (value.is_array() && schema.contains("items")) {
    for (const auto& one : value) hold_to(schema.at("items"), root, one, at + "[]");
  }
  if (!value.is_object() || !schema.contains("properties")) return;
  for (const auto& [key, one] : value.items()) {
    const auto known = schema.at("properties").find(key);
    if (known != schema.at("properties").end()) {
      hold_to(*known, root, one, at + "." + key);
    } else {
      EXPECT_NE(schema.value("additionalProperties", json(true)), false) << at << "." << key;
    }
  }
  for (const auto& key : schema.at("required")) EXPECT_TRUE(value.contains(key)) << at << key;
}

TEST_F(Pages, ResultsAreAsTheirSchemaHasThem) {
  const auto schema =
      json::parse(testkit::run({DEX_CONFORMANCE, "--print-schema", "run-report"}).out);
  const Mock mock({"--profile", "tus", "--store", "memory", "--defect", "version-400"});
  const auto url = mock.creation_url();
  const std::vector<std::string> rows{"--system", "tus", "--select", "core-version"};
  auto more = rows;
  more.insert(more.end(), {"--repeat", "2", "--record", file("r.json")});
  hold_to(schema, schema, judge(url, more).report, "");
  more = rows;
  more.insert(more.end(), {"--against", file("r.json"), "--baseline", "tusd-2.10"});
  hold_to(schema, schema, judge(url, more).report, "");
  hold_to(schema, schema, judge("http://127.0.0.1:1/files", rows).report, "");
}

}  // namespace
