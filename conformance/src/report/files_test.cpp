#include "report/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "protocol/json/encode.hpp"
#include "report/evidence.hpp"
#include "report/terminal.hpp"
#include "testkit/temp_folder.hpp"

namespace conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;
  std::vector<Element> children;
  [[nodiscard]] std::vector<const Element*> all(const std::string& wanted) const {
    std::vector<const Element*> out;
    for (const Element& child : children) {
      if (child.name == wanted) out.push_back(&child);
      for (const Element* e : child.all(wanted)) out.push_back(e);
    }
    return out;
  }
};

/// A reader of the part of XML that JUnit files use; strict: whatever it does not know throws.
class Xml {
 public:
  explicit Xml(std::string_view text) : text_(text) {}
  Element document() {
    if (!json::is_utf8(text_)) fail("not UTF-8");
    expect("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    Element root = element();
    expect("\n");
    if (at_ != text_.size()) fail("bytes after the root");
    return root;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error(why + " at " + std::string(text_.substr(at_, 60)));
  }
  void expect(std::string_view what) {
    if (text_.substr(at_, what.size()) != what) fail("expected " + std::string(what));
    at_ += what.size();
  }
  bool next_is(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  std::string name() {
    const std::size_t end = text_.find_first_not_of("abcdefghijklmnopqrstuvwxyz", at_);
    if (end == at_) fail("expected a name");
    std::string out(text_.substr(at_, end - at_));
    at_ = end;
    return out;
  }
  std::string characters(char end) {
    std::string out;
    while (at_ < text_.size() && text_[at_] != end) {
      const char c = text_[at_];
      const auto byte = static_cast<unsigned char>(c);
      if (c == '<' || (byte < 0x20 && c != '\n' && c != '\t')) fail("bad character");
      if (c != '&') {
        out += c;
        ++at_;
        continue;
      }
      for (const auto& [entity, character] :
           {std::pair{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"", '\0'}}) {
        if (*entity == '\0') fail("bad entity");
        if (next_is(entity)) {
          out += character;
          at_ += std::string_view(entity).size();
          break;
        }
      }
    }
    return out;
  }
  Element element() {
    Element out;
    expect("<");
    out.name = name();
    while (next_is(" ")) {
      expect(" ");
      const std::string key = name();
      expect("=\"");
      if (!out.attributes.emplace(key, characters('"')).second) fail("attribute twice");
      expect("\"");
    }
    if (next_is("/>")) {
      expect("/>");
      return out;
    }
    expect(">");
    for (;;) {
      out.text += characters('<');
      if (next_is("</")) break;
      out.children.push_back(element());
    }
    expect("</" + out.name + ">");
    return out;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

const std::vector<Requirement>& rows() {
  static const std::vector<Requirement> r = [] {
    std::vector<Requirement> two = {
        {"TUS-A-001", "a-area", "tus", Level::must, "s & \"q\"", "r <1>", "t", {}, {}, {}},
        {"TUS-B-001", "b-area", "http", Level::should, "s", "r2", "t", {}, {}, {}}};
    two[0].name = "first-of-two-rules";
    two[1].name = "second-of-two-rules";
    return two;
  }();
  return r;
}

Judgement judgement(std::size_t row, Outcome::Kind kind, std::string got,
                    std::string transcript = {}) {
  CaseResult result;
  result.row = &rows()[row];
  const bool skip = kind == Outcome::Kind::not_offered;
  result.outcome = {kind, skip ? "" : "expected \"<this>\"", std::move(got)};
  result.verdict = verdict_of(result.outcome, result.row->level);
  result.transcript = std::move(transcript);
  result.duration = Milliseconds{12};
  return judge(std::move(result), "", nullptr, {});
}

RunReport example() {
  RunReport r;
  r.version = "1";
  r.run_id = "abcd";
  r.target.url = "http://h/files?a=1&b=2";
  r.judgements = {
      judgement(0, Outcome::Kind::broken, "got \x01\x1b[31m\xff & ]]>\n\tline", "> PATCH /\n"),
      judgement(0, Outcome::Kind::holds, ""),
      judgement(1, Outcome::Kind::not_offered, "no <extension>"),
      judgement(1, Outcome::Kind::blocked, "no upload"),
      judgement(1, Outcome::Kind::broken, "a broken SHOULD")};
  r.unchecked = {&rows()[1]};
  return r;
}

TEST(JUnit, IsWhatCiServersRead) {
  RunReport report = example();
  report.missing_extensions = {"checksum"};
  const Element root = Xml(junit_xml(report)).document();
  EXPECT_EQ(root.name, "testsuites");
  EXPECT_EQ(root.attributes.at("tests"), "6");
  EXPECT_EQ(root.attributes.at("failures"), "2");
  EXPECT_EQ(root.attributes.at("errors"), "1");
  EXPECT_EQ(root.attributes.at("skipped"), "1");
  ASSERT_EQ(root.children.size(), 3U);
  for (const char* count : {"tests", "failures", "errors", "skipped"}) {
    int sum = 0;
    for (const Element& suite : root.children) sum += std::stoi(suite.attributes.at(count));
    EXPECT_EQ(std::to_string(sum), root.attributes.at(count)) << count;
  }
  EXPECT_EQ(root.all("testcase").size(), 6U);
  EXPECT_EQ(root.all("error").size(), 1U);
  EXPECT_EQ(root.all("skipped")[0]->attributes.at("message"), "no <extension>");
  const Element& first = *root.all("testcase")[0];
  EXPECT_EQ(first.attributes.at("name"), "TUS-A-001");
  EXPECT_EQ(first.attributes.at("classname"), "tus.a-area");
  EXPECT_EQ(first.attributes.at("time"), "0.012");
  std::map<std::string, std::string> properties;
  for (const Element* p : first.all("property")) {
    properties[p->attributes.at("name")] = p->attributes.at("value");
  }
  EXPECT_EQ(properties.at("name"), "first-of-two-rules");
  EXPECT_EQ(properties.at("requirement"), "r <1>");
  EXPECT_EQ(properties.at("level"), "MUST");
  EXPECT_EQ(properties.at("verdict"), "fail");
  const Element& failure = *first.all("failure")[0];
  EXPECT_THAT(failure.attributes.at("message"), HasSubstr("\\x1b[31m\\xff & ]]>"));
  EXPECT_THAT(failure.text, HasSubstr("> PATCH /"));
}

TEST(JUnit, AWarningIsAPassWithAProperty) {
  const Element root = Xml(junit_xml(example())).document();
  const Element& last = *root.all("testcase").back();
  EXPECT_TRUE(last.all("failure").empty());
  EXPECT_THAT(junit_xml(example()), HasSubstr("name=\"verdict\" value=\"warn\""));
}

TEST(JUnit, AnEmptyRunIsWellFormed) {
  EXPECT_EQ(Xml(junit_xml({})).document().attributes.at("tests"), "0");
}

TEST(JsonReport, HoldsEverything) {
  const auto root = nlohmann::json::parse(json_report(example()));
  EXPECT_EQ(root.at("exit_code"), 1);
  EXPECT_EQ(root.at("counts").at("fail"), 1);
  EXPECT_EQ(root.at("counts").at("red"), 2);
  EXPECT_EQ(root.at("counts").at("not_checked"), 1);
  ASSERT_EQ(root.at("results").size(), 5U);
  EXPECT_EQ(root.at("results")[0].at("id"), "TUS-A-001");
  EXPECT_EQ(root.at("results")[0].at("name"), "first-of-two-rules");
  EXPECT_EQ(root.at("results")[0].at("transcript"), "> PATCH /\n");
  EXPECT_EQ(root.at("not_checked")[0], "TUS-B-001");
}

TEST(Evidence, IsOneFilePerRowThatExchangedAnything) {
  const testkit::TempFolder folder;
  const std::string out = (folder.path() / "deep" / "er").string();
  RunReport report = example();
  ASSERT_TRUE(open_evidence(out));
  ASSERT_TRUE(write_transcripts(report, out));
  EXPECT_THAT(folder.read("deep/er/TUS-A-001.txt"),
              HasSubstr("# TUS-A-001 fail\n# first-of-two-rules: r <1>\n"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "deep/er/TUS-B-001.txt"));
  const std::string file = folder.write("file", "");
  const auto bad = open_evidence(file + "/x");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().line(), HasSubstr("--evidence"));
}

TEST(Reports, FaultsAreToldBeforeTheRun) {
  const testkit::TempFolder folder;
  const std::string file = folder.write("file", "former");
  EXPECT_THAT(Reports::open({.junit = "/no/such/folder/x.xml"}).error().line(),
              HasSubstr("--junit: \"/no/such/folder/x.xml\" cannot be written: No such file"));
  EXPECT_THAT(Reports::open({.junit = file, .json = folder.path().string()}).error().line(),
              HasSubstr("--json"));
  EXPECT_THAT(Reports::open({.evidence = file}).error().line(), HasSubstr("--evidence"));
  EXPECT_TRUE(Reports::open({}));
  EXPECT_EQ(folder.read("file"), "former");
}

TEST(Reports, OneThatCannotBeWrittenIsToldAndNeverExitCode0) {
  const testkit::TempFolder folder;
  RunReport report = example();
  report.judgements = {judgement(0, Outcome::Kind::holds, "")};
  ASSERT_EQ(exit_code(report), ExitCode::conformant);
  const auto junit = folder.path() / "r.xml";
  auto reports =
      Reports::open({.junit = junit.string(), .json = (folder.path() / "r.json").string()});
  ASSERT_TRUE(reports);
  std::filesystem::create_directory(junit);
  std::ostringstream err;
  reports->write(report, {}, err);
  EXPECT_EQ(err.str(), "dex-conformance: --junit: \"" + junit.string() +
                           "\" cannot be written: Is a directory\n");
  EXPECT_EQ(exit_code(report), ExitCode::harness);
  EXPECT_EQ(nlohmann::json::parse(folder.read("r.json")).at("exit_code"), 4);
}

TEST(Reports, ARunThatWasStoppedSaysSo) {
  RunReport report;
  report.target.url = "http://h/files";
  report.stopped = RunReport::Stopped{ExitCode::unreachable, "http://h: <refused>"};
  EXPECT_EQ(exit_code(report), ExitCode::unreachable);
  const Element root = Xml(junit_xml(report)).document();
  EXPECT_EQ(root.attributes.at("tests"), "1");
  EXPECT_EQ(root.attributes.at("errors"), "1");
  const Element& error = root.children.at(0).children.at(1).children.at(0);
  EXPECT_EQ(error.name, "error");
  EXPECT_EQ(error.attributes.at("type"), "unreachable");
  EXPECT_EQ(error.attributes.at("message"), "http://h: <refused>");
  const auto json = nlohmann::json::parse(json_report(report));
  EXPECT_EQ(json.at("exit_code"), 3);
  EXPECT_EQ(json.at("stopped").at("kind"), "unreachable");
  EXPECT_EQ(json.at("stopped").at("why"), "http://h: <refused>");
  EXPECT_TRUE(json.at("results").empty());
}

std::string printed(const RunReport& report, const TerminalStyle& style) {
  std::ostringstream out;
  TerminalReport terminal(out, style);
  terminal.begin(report.target, report.run_id, report.judgements.size());
  for (const Judgement& j : report.judgements) terminal.judged(j);
  terminal.end(report);
  return out.str();
}

TEST(Terminal, AFailureSaysAllAReaderNeeds) {
  TerminalStyle style;
  style.rerun = "dex-conformance run --url http://h/files";
  const std::string text = printed(example(), style);
  for (const char* part :
       {"fail TUS-A-001 first-of-two-rules  [MUST, s & \"q\"]", "r <1>",
        "expected:  expected \"<this>\"", "got:       got ", "> PATCH /",
        "rerun:     dex-conformance run --url http://h/files --select TUS-A-001",
        "warn TUS-B-001 second-of-two-rules", "skipped   1  no <extension>",
        "not checked: 1 requirements", "1 pass, 1 fail, 1 warn, 0 note, 1 skip, 1 blocked, 0 error",
        "NOT CONFORMANT (2 red)"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_TRUE(text.ends_with("NOT CONFORMANT (2 red), but no stored byte was compared\n"));
}

TEST(Terminal, WithoutColourNoEscapeGetsThrough) {
  EXPECT_THAT(printed(example(), {}), Not(HasSubstr("\x1b")));
  TerminalStyle style;
  style.colour = true;
  EXPECT_THAT(printed(example(), style), HasSubstr("\x1b[31;1mfail\x1b[0m"));
  // What a target sent is escaped in any case.
  EXPECT_THAT(printed(example(), style), HasSubstr("\\x1b[31m"));
}

TEST(Terminal, WhatWasNotRunIsCountedOnce) {
  RunReport r;
  for (int i = 0; i < 3; ++i) {
    r.judgements.push_back(judgement(0, Outcome::Kind::error, "not run: gone"));
    r.judgements.back().result.ran = false;
  }
  const std::string text = printed(r, {});
  EXPECT_THAT(text, HasSubstr("not run   3  not run: gone"));
  EXPECT_THAT(text, Not(HasSubstr("TUS-A-001")));
}

TEST(Terminal, NotesAreCountedOrPrinted) {
  RunReport r;
  r.judgements = {judgement(0, Outcome::Kind::observed, "a free choice")};
  EXPECT_THAT(printed(r, {}), HasSubstr("noted     1  what this server does"));
  EXPECT_THAT(printed(r, {}), Not(HasSubstr("a free choice")));
  TerminalStyle style;
  style.notes = true;
  EXPECT_THAT(printed(r, style), HasSubstr("note TUS-A-001 first-of-two-rules  a free choice"));
}

TEST(Terminal, EveryEndHasItsWord) {
  RunReport r;
  EXPECT_THAT(printed(r, {}), HasSubstr("NOTHING WAS JUDGED"));
  r.judgements = {judgement(0, Outcome::Kind::holds, "")};
  EXPECT_THAT(printed(r, {}), testing::EndsWith("\nCONFORMANT, but no stored byte was compared\n"));
  r.target.downloads = true;
  EXPECT_THAT(printed(r, {}), testing::EndsWith("\nCONFORMANT\n"));
  r.judgements.push_back(judgement(0, Outcome::Kind::error, "x"));
  EXPECT_THAT(printed(r, {}), HasSubstr("HARNESS ERROR"));
  r.interrupted = true;
  EXPECT_THAT(printed(r, {}), HasSubstr("INTERRUPTED"));
}

}  // namespace
}  // namespace conformance
