#include "report/masked.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/files.hpp"
#include "report/terminal.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testing::Not;

const Requirement row{"TUS-A-001", "a", "tus", Level::must, "s", "r", "t", {}, {}, {}};

TEST(Masked, NoPartOfAReportHoldsASecret) {
  redact::Secrets secrets;
  secrets.add("the-secret-itself");
  RunReport report;
  report.target.url = "http://u:the-secret-itself@h/files?code=the-secret-itself&v=1";
  report.target.extensions = {"the-secret-itself"};
  report.remarks = {"a the-secret-itself b"};
  report.uploads_left = {"http://h/files/the-secret-itself"};
  Judgement judgement;
  judgement.red = true;
  judgement.why_red = "the-secret-itself";
  judgement.result.row = &row;
  judgement.result.verdict = Verdict::fail;
  judgement.result.outcome = broken("the-secret-itself", "got \"the-secret-itself");
  judgement.result.transcript = "> Authorization: the-secret-itself\n";
  report.judgements = {judgement};

  const RunReport shown = masked(report, secrets);
  EXPECT_EQ(shown.target.url, "http://***@h/files?code=***&v=***");
  for (const std::string& text : {junit_xml(shown), json_report(shown)}) {
    EXPECT_THAT(text, Not(HasSubstr("the-secret-itself")));
    EXPECT_THAT(text, HasSubstr("***"));
  }
}

}  // namespace
}  // namespace conformance
