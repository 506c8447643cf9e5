// --record and --against see a change that a baseline hides, and name a verdict that changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "programs.hpp"
#include "testkit/temp_folder.hpp"
#include "verdicts/record.hpp"

namespace {

using programs::judge;
using programs::Mock;
using testing::HasSubstr;
using testing::Not;
using Arguments = std::vector<std::string>;

Arguments with(Arguments first, const Arguments& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// A tus server that is right but for this rule.
class Ruled {
 public:
  explicit Ruled(const std::string& rule)
      : mock_({"--profile", "tus", "--store", "memory", "--rules",
               folder_.write("rules.json", rule)}) {}
  [[nodiscard]] std::string url() const { return mock_.creation_url(); }

 private:
  testkit::TempFolder folder_;
  Mock mock_;
};

/// A rule: an unknown version is answered with `status` instead of 412.
std::string unknown_version_is(const std::string& status) {
  return R"({"when": {"reply": {"status": 412}}, "then": {"reply": {"status": )" + status + "}}}";
}

const Arguments versions{"--system", "tus", "--select", "core-version"};

class Records : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file(const char* name) const {
    return (folder_.path() / name).string();
  }
  testkit::TempFolder folder_;
};

TEST_F(Records, FindADefectThatABaselineHides) {
  const Ruled before(unknown_version_is("400"));
  const auto first = judge(before.url(), with(versions, {"--update-baseline", file("known.json")}));
  EXPECT_EQ(first.exit_code, 1);
  const Arguments known{"--baseline", file("known.json")};
  const auto good =
      judge(before.url(), with(with(versions, known), {"--record", file("good.json")}));
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;

  const Ruled after(unknown_version_is("403"));
  EXPECT_EQ(judge(after.url(), with(versions, known)).exit_code, 0) << "the baseline hides it";
  const auto seen =
      judge(after.url(), with(with(versions, known), {"--against", file("good.json"), "--record",
                                                      file("bad.json"), "--junit", file("j.xml")}));
  EXPECT_EQ(seen.exit_code, 1) << seen.out << seen.err;
  EXPECT_THAT(seen.out, HasSubstr("changed TUS-CORE-VER-003\n  recorded:  "));
  EXPECT_THAT(seen.out, HasSubstr("NOT AS ON RECORD ("));
  EXPECT_THAT(seen.out, HasSubstr("\nnext: dex-conformance run --url "));
  EXPECT_FALSE(seen.report.at("against").at("changes").empty());
  EXPECT_THAT(folder_.read("j.xml"), HasSubstr("<testsuite name=\"against\""));
  // A server that has not changed is as on record.
  const auto same =
      judge(before.url(), with(with(versions, known), {"--against", file("good.json")}));
  EXPECT_EQ(same.exit_code, 0) << same.out;

  const auto diff = [&](const char* a, const char* b, const Arguments& more = {}) {
    return testkit::run(with({DEX_CONFORMANCE, "diff", file(a), file(b)}, more));
  };
  const auto found = diff("good.json", "bad.json");
  EXPECT_EQ(found.exit_code, 1) << found.err;
  EXPECT_THAT(found.out, HasSubstr("TUS-CORE-VER-003 is answered otherwise"));
  EXPECT_EQ(diff("good.json", "bad.json", {"--verdicts-only"}).exit_code, 0);
  EXPECT_EQ(diff("good.json", "good.json").exit_code, 0);
  const auto no_record = diff("good.json", "known.json");
  EXPECT_EQ(no_record.exit_code, 2);
  EXPECT_THAT(no_record.err, HasSubstr("neither a record (--record) nor a report (--json)"));
}

/// `diff` compares two reports of --json as it compares records.
TEST_F(Records, ReportsAreComparedToo) {
  const Ruled a(unknown_version_is("400"));
  const Ruled b(unknown_version_is("403"));
  const auto write = [&](const Ruled& server, const char* name) {
    const auto run = judge(server.url(), versions);
    folder_.write(name, run.report.dump());
  };
  write(a, "a.json");
  write(a, "again.json");
  write(b, "b.json");
  const auto diff = [&](const char* one, const char* other) {
    return testkit::run({DEX_CONFORMANCE, "diff", file(one), file(other)});
  };
  EXPECT_EQ(diff("a.json", "again.json").exit_code, 0) << diff("a.json", "again.json").out;
  const auto found = diff("a.json", "b.json");
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.out, HasSubstr("TUS-CORE-VER-003"));
}

TEST_F(Records, RepeatNamesVerdictsThatChange) {
  const std::string rule = R"({"when": {"method": "HEAD", "nth": 1},
                               "then": {"reply": {"headers": {"drop": ["Upload-Offset"]}}}})";
  const Arguments one{"--system", "tus", "--select", "TUS-CORE-HEAD-001"};
  const Ruled server(rule);
  const auto run = judge(server.url(), with(one, {"--repeat", "3", "--record", file("r.json"),
                                                  "--update-baseline", file("b.json")}));
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("its verdict changes by itself: fail, pass, pass (--repeat)"));
  EXPECT_THAT(run.out, HasSubstr("changing by themselves, of 3 times:\n  TUS-CORE-HEAD-001 "));
  EXPECT_EQ(run.results.at("TUS-CORE-HEAD-001").at("verdicts"),
            nlohmann::json({"fail", "pass", "pass"}));
  EXPECT_EQ(verdicts::load(file("r.json")).rows.at("TUS-CORE-HEAD-001").verdicts,
            (std::set<std::string>{"fail", "pass"}));
  // A baseline excuses a verdict that changes by itself, and against a record of it nothing
  // changed.
  const Ruled same(rule);
  const auto known = judge(same.url(), with(one, {"--repeat", "2", "--baseline", file("b.json"),
                                                  "--against", file("r.json")}));
  EXPECT_EQ(known.exit_code, 0) << known.out << known.err;
}

TEST_F(Records, OfARunThatJudgedNothingAreLeftAsTheyWere) {
  folder_.write("r.json", "former");
  const auto run = judge("http://127.0.0.1:1/files", with(versions, {"--record", file("r.json")}));
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(folder_.read("r.json"), "former");
  const auto bad = judge("http://127.0.0.1:1/files", with(versions, {"--against", file("r.json")}));
  EXPECT_EQ(bad.exit_code, 2) << "before anything is sent";
  EXPECT_THAT(bad.err, HasSubstr("r.json"));
}

}  // namespace
