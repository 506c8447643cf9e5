#include "app/server_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "loop/manual_loop.hpp"
#include "record/test_record.hpp"

namespace mock {
namespace {

using test::Exchanged;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr Milliseconds second{1000};

class ServerLogs : public testing::Test {
 protected:
  /// The lines that `what` writes to stderr; those for people without their time.
  std::vector<std::string> lines_of(const std::function<void()>& what) {
    testing::internal::CaptureStderr();
    what();
    std::istringstream text(testing::internal::GetCapturedStderr());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  std::vector<std::string> told(const Exchanged& exchange) {
    return lines_of([&] { exchange.tell(log_); });
  }
  void many_404(int count) {
    for (int i = 0; i < count; ++i) Exchanged{.status = 404}.tell(log_);
  }

  ManualLoop loop_;
  ServerLog log_{loop_};
};

TEST_F(ServerLogs, AtInfoWhatIsRefusedOrFailsIsTold) {
  start_log(LogLevel::info);
  EXPECT_THAT(told({.status = 204}), IsEmpty());
  EXPECT_THAT(told({.method = "GET", .status = 304}), IsEmpty());
  EXPECT_THAT(told({.status = 404}), ElementsAre(HasSubstr("info  PATCH /files/u1 404 0 B in ")));
  EXPECT_THAT(told({.status = 507, .received = 9}), ElementsAre(HasSubstr("/u1 507 9 B in ")));
  EXPECT_THAT(told({.status = 0}), ElementsAre(HasSubstr("/u1 - 0 B in ")));
  EXPECT_THAT(told({.status = 204, .aborted = true}), ElementsAre(EndsWith(", aborted")));
  EXPECT_THAT(told({.method = "", .path = "", .status = 400}),
              ElementsAre(HasSubstr("(no request head) 400")));
}

TEST_F(ServerLogs, AtDebugEveryRequestIsToldAndNoneWithheld) {
  start_log(LogLevel::debug);
  EXPECT_THAT(told({.status = 204}), ElementsAre(HasSubstr("debug")));
  EXPECT_THAT(told({.status = 404}), ElementsAre(HasSubstr("info")));
  EXPECT_THAT(lines_of([&] { many_404(100); }), SizeIs(100));
}

TEST_F(ServerLogs, AtWarningNoRequestAndNoRuleIsTold) {
  start_log(LogLevel::warning);
  EXPECT_THAT(told({.status = 500}), IsEmpty());
  EXPECT_THAT(lines_of([&] { log_.rule_fired("lost-ack", "u1", ""); }), IsEmpty());
  EXPECT_THAT(lines_of([&] {
                log_.notices()({"store", "blue", "u1", "the store failed"});
              }),
              ElementsAre(EndsWith("warning the store failed, upload u1, lane blue")));
  start_log(LogLevel::off);
  EXPECT_THAT(lines_of([&] { log_.notices()({"store", "", "", "the store failed"}); }), IsEmpty());
}

TEST_F(ServerLogs, AStormIsCountedAlsoWhenNothingFollows) {
  start_log(LogLevel::info);
  EXPECT_THAT(lines_of([&] { many_404(322); }), SizeIs(10));
  EXPECT_THAT(lines_of([&] { loop_.advance(second - Milliseconds{1}); }), IsEmpty());
  EXPECT_THAT(lines_of([&] { loop_.advance(Milliseconds{1}); }),
              ElementsAre(EndsWith(
                  "info ... and 312 more of this kind in the last second: 404, route upload")));
  EXPECT_THAT(lines_of([&] { loop_.advance(Milliseconds{60'000}); }), IsEmpty());
}

TEST_F(ServerLogs, TheCountComesBeforeWhatFollows) {
  start_log(LogLevel::info);
  // The loop was busy: the second is over, and its timer has not run.
  class Late : public ManualLoop {
   public:
    [[nodiscard]] TimePoint now() const override { return ManualLoop::now() + by; }
    Milliseconds by{0};
  } late;
  ServerLog log(late);
  const auto lines = lines_of([&] {
    for (int i = 0; i < 11; ++i) Exchanged{.status = 404}.tell(log);
    late.by = second;
    Exchanged{.status = 404}.tell(log);
  });
  ASSERT_THAT(lines, SizeIs(12));
  EXPECT_THAT(lines[10], HasSubstr("... and 1 more"));
  EXPECT_THAT(lines[11], HasSubstr("404 0 B"));
}

TEST_F(ServerLogs, AtTheEndTheRestIsTold) {
  start_log(LogLevel::info);
  EXPECT_THAT(lines_of([&] {
                many_404(12);
                for (int i = 0; i < 13; ++i) log_.notices()({"store", "", "", "failed"});
              }),
              SizeIs(20));
  EXPECT_THAT(lines_of([&] { log_.finish(); }),
              ElementsAre(HasSubstr("2 more of this kind in the last second: 404, route upload"),
                          HasSubstr("3 more of this kind in the last second: store")));
  EXPECT_THAT(lines_of([&] { loop_.advance(Milliseconds{60'000}); }), IsEmpty());
}

TEST_F(ServerLogs, KindsAreCountedApart) {
  start_log(LogLevel::info);
  EXPECT_THAT(lines_of([&] {
                many_404(20);
                for (int i = 0; i < 20; ++i) Exchanged{.path = "/info/u", .status = 404}.tell(log_);
                for (int i = 0; i < 20; ++i) Exchanged{.status = 409}.tell(log_);
                for (int i = 0; i < 20; ++i) log_.rule_fired("a", "", "");
                for (int i = 0; i < 20; ++i) log_.rule_fired("b", "", "");
              }),
              SizeIs(50));
}

TEST_F(ServerLogs, NoValueOfAClientIsToldAndNothingSteersATerminal) {
  start_log(LogLevel::info);
  const Exchanged hostile{
      .method = "GET\x1b[2J",
      .path = "/files/\x1b[31m\nfake line\xff",
      .fields = {{"Authorization", "Bearer s3cret"}, {"Upload-Metadata", "filename czNjcmV0"}},
      .status = 403,
      .query = "password=s3cret"};
  const auto lines = told(hostile);
  ASSERT_THAT(lines, SizeIs(1)) << "one line whatever is sent";
  EXPECT_THAT(lines[0], Not(HasSubstr("s3cret")));
  EXPECT_THAT(lines[0], Not(HasSubstr("czNjcmV0")));
  EXPECT_THAT(lines[0], Not(HasSubstr("\x1b")));
  EXPECT_THAT(lines[0], HasSubstr("\\x1b[31m\\x0afake line\\xff"));
  for (const char* format : {"human", "json"}) {
    start_log(LogLevel::info, format == std::string("json") ? LogFormat::json : LogFormat::human);
    const auto longest = told({.method = std::string(16'000, '\x1f'),
                               .path = "/files/" + std::string(16'000, '\x1f'),
                               .status = 404});
    ASSERT_THAT(longest, SizeIs(1));
    EXPECT_LE(longest[0].size(), 4096U);
  }
}

TEST_F(ServerLogs, ProgramsFindTheSameFieldsInEveryLine) {
  start_log(LogLevel::info, LogFormat::json, "run.1");
  const auto lines = lines_of([&] {
    Exchanged{.status = 404, .fired = {"lost-ack"}}.tell(log_);
    log_.rule_fired("lost-ack", "u1", "blue");
    log_.notices()({"store", "blue", "u1", "the store failed"});
    log_.notices()({"accept", "", "", "connections wait"});
    for (int i = 0; i < 12; ++i) log_.rule_fired("busy", "", "");
    log_.finish();
    log_warning("something else");
  });
  ASSERT_THAT(lines, SizeIs(16));
  const auto json = [&](std::size_t i) { return nlohmann::json::parse(lines[i]); };
  const auto exchange = json(0);
  EXPECT_EQ(exchange.at("event"), "exchange");
  EXPECT_EQ(exchange.at("level"), "info");
  EXPECT_EQ(exchange.at("run_id"), "run.1");
  EXPECT_EQ(exchange.at("status"), 404);
  EXPECT_EQ(exchange.at("upload"), "u1");
  EXPECT_EQ(exchange.at("rules"), nlohmann::json({"lost-ack"}));
  const auto rule = json(1);
  EXPECT_EQ(rule.at("event"), "rule");
  EXPECT_EQ(rule.at("rule"), "lost-ack");
  EXPECT_EQ(rule.at("upload"), "u1");
  EXPECT_EQ(rule.at("lane"), "blue");
  EXPECT_EQ(rule.at("message"), "rule lost-ack fired, upload u1, lane blue");
  const auto notice = json(2);
  EXPECT_EQ(notice.at("event"), "store");
  EXPECT_EQ(notice.at("level"), "warning");
  EXPECT_EQ(notice.at("upload"), "u1");
  EXPECT_EQ(notice.at("lane"), "blue");
  EXPECT_EQ(json(3).at("upload"), nullptr);
  const auto withheld = json(14);
  EXPECT_EQ(withheld.at("event"), "withheld");
  EXPECT_EQ(withheld.at("kind"), "rule busy");
  EXPECT_EQ(withheld.at("count"), 2);
  EXPECT_EQ(json(15).at("event"), "message");
  EXPECT_EQ(json(15).at("message"), "something else");
}

TEST_F(ServerLogs, NoticesComeFromAnyThread) {
  start_log(LogLevel::info);
  const auto notify = log_.notices();
  EXPECT_THAT(lines_of([&] {
                std::thread([&] { notify({"store", "", "u1", "the store failed"}); }).join();
              }),
              IsEmpty());
  EXPECT_THAT(lines_of([&] { loop_.run(); }), ElementsAre(HasSubstr("upload u1")));
}

}  // namespace
}  // namespace mock
