#include "record/journal.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "record/journal_json.hpp"
#include "record/test_record.hpp"

namespace mock {
namespace {

using test::Exchanged;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Journal, TellsOffsetsAsTheyWereTold) {
  Journal journal;
  Exchanged{.fields = {{"Upload-Offset", "5"}}, .reply = {{"Upload-Offset", "12"}}, .received = 7}
      .tell(journal);
  ASSERT_EQ(journal.entries().size(), 1U);
  const auto& entry = journal.entries().front();
  EXPECT_EQ(entry.ordinal, 1U);
  EXPECT_EQ(entry.upload, "u1");
  EXPECT_EQ(entry.offset_before, Bytes{5});
  EXPECT_EQ(entry.offset_after, Bytes{12});
  EXPECT_EQ(entry.declared, Bytes{7});
  EXPECT_EQ(entry.received, Bytes{7});
}

TEST(Journal, AnErrorTellsNoNewOffset) {
  Journal journal;
  Exchanged{.fields = {{"Upload-Offset", "5"}}, .status = 409, .reply = {{"Upload-Offset", "12"}}}
      .tell(journal);
  EXPECT_FALSE(journal.entries().front().offset_after);
}

TEST(Journal, KnowsTheUploadThatACreationMade) {
  Journal journal;
  Exchanged{.method = "POST",
            .path = "/files",
            .status = 201,
            .reply = {{"Location", "http://h/files/a%2Bb?x=1"}, {"Upload-Offset", "3"}},
            .received = 3}
      .tell(journal);
  const auto& entry = journal.entries().front();
  EXPECT_EQ(entry.upload, "a+b");
  EXPECT_EQ(entry.offset_before, Bytes{0});
}

TEST(Journal, TheOverrideIsTheMethodOnUploadsOnly) {
  Journal journal;
  const ::http::Fields fields{{"X-HTTP-Method-Override", "PATCH"}};
  Exchanged{.method = "POST", .fields = fields}.tell(journal);
  Exchanged{.method = "POST", .path = "/oauth", .fields = fields}.tell(journal);
  EXPECT_EQ(journal.entries()[0].method, "PATCH");
  EXPECT_EQ(journal.entries()[0].wire_method, "POST");
  EXPECT_EQ(journal.entries()[1].method, "POST");
}

TEST(Journal, KeepsNoSecret) {
  Journal journal;
  Exchanged{.path = "/oauth",
            .fields = {{"authorization", "Bearer s3cret"}, {"Cookie", "phdo_session=s3cret"}},
            .query = "password=s3cret"}
      .tell(journal);
  Exchanged{.fields = {{"Authorization", "s3cret"}}}.tell(journal);
  Exchanged{.fields = {{"Authorization", "s3cret of mine"}}}.tell(journal);
  std::string text;
  for (const auto& entry : journal.entries()) text += to_json(entry).dump();
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  EXPECT_THAT(text, HasSubstr("Bearer [redacted]"));
  EXPECT_THAT(text, HasSubstr("/oauth?[redacted]"));
}

TEST(Journal, KeepsNoKeyInWhateverWayItIsPresented) {
  Journal journal;
  Exchanged{.fields = {{"Authorization", "Basic czNjcmV0Og=="}, {"X-API-Key", "s3cret"}},
            .query = "access_token=s3cret"}
      .tell(journal);
  const auto text = to_json(journal.entries().front()).dump();
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  EXPECT_THAT(text, Not(HasSubstr("czNjcmV0")));
  EXPECT_THAT(text, HasSubstr("Basic [redacted]"));
}

TEST(Journal, LeavesNoFieldOut) {
  Journal journal;
  Exchanged{.fields = {{"origin", "http://app.test"},
                       {"Access-Control-Request-Headers", "upload-offset"},
                       {"Cookie", "sid=s3cret"},
                       {"X-Trace", "7"},
                       {"Upload-Offset", "0"},
                       {"upload-offset", "5"}},
            .reply = {{"Access-Control-Allow-Origin", "*"}, {"X-Custom", "v"}}}
      .tell(journal);
  const auto entry = to_json(journal.entries().front());
  EXPECT_EQ(entry.at("request_headers"),
            nlohmann::ordered_json::parse(R"({"Origin": "http://app.test",
                "Access-Control-Request-Headers": "upload-offset", "Cookie": "sid=[redacted]",
                "X-Trace": "[redacted]", "Upload-Offset": ["0", "5"]})"));
  EXPECT_EQ(entry.at("reply_headers"),
            nlohmann::ordered_json::parse(
                R"({"Access-Control-Allow-Origin": "*", "X-Custom": "[redacted]"})"));
}

TEST(Journal, TellsWhatWasSentAndWhatRulesMadeOfIt) {
  Request sent;
  sent.method = "HEAD";
  sent.path = "/files/u1";
  sent.fields = {{"Tus-Resumable", "1.0.0"}, {"Upload-Offset", "0"}, {"Authorization", "Bearer x"}};
  sent.addressed = test::addressed(sent);
  const auto tell = [&](const Request& seen) {
    Journal journal;
    const test::Fired intercept({"r"}, &sent);
    const ::http::Fields reply{{"Upload-Offset", "9"}};
    journal.on_exchange({seen, 200, &reply, &intercept, Bytes{0}, std::chrono::microseconds{1}});
    return to_json(journal.entries().front());
  };
  auto seen = sent;
  EXPECT_FALSE(tell(seen).contains("edited"));
  seen.method = "GET";
  seen.path = "/files/u2";
  seen.query = "password=secret";
  seen.fields.remove("Tus-Resumable");
  seen.fields.set("Upload-Offset", "7");
  seen.addressed = test::addressed(seen);
  const auto entry = tell(seen);
  EXPECT_EQ(entry.at("method"), "HEAD");
  EXPECT_EQ(entry.at("target"), "/files/u1");
  EXPECT_EQ(entry.at("upload"), "u1");
  EXPECT_EQ(entry.at("offset").at("before"), 0);
  EXPECT_EQ(entry.at("request_headers").at("Tus-Resumable"), "1.0.0");
  EXPECT_EQ(entry.at("edited"), nlohmann::ordered_json::parse(R"({"method": "GET",
      "target": "/files/u2?[redacted]",
      "request_headers": {"Upload-Offset": "7", "Authorization": "Bearer [redacted]"}})"));
}

TEST(Journal, DoesNotRecordItsReaders) {
  Journal journal;
  Exchanged{.method = "GET", .path = "/_mock/journal"}.tell(journal);
  EXPECT_THAT(journal.entries(), IsEmpty());
}

TEST(Journal, ForgetsTheOldestAndSaysSo) {
  Journal journal(Journal::Limits{.entries = 3});
  for (int i = 0; i < 5; ++i) Exchanged{}.tell(journal);
  EXPECT_EQ(journal.entries().size(), 3U);
  EXPECT_EQ(journal.entries().front().ordinal, 3U);
  EXPECT_EQ(journal.dropped(), 2U);
  EXPECT_TRUE(journal.incomplete(0));
  EXPECT_TRUE(journal.incomplete(1));
  EXPECT_FALSE(journal.incomplete(2));
}

TEST(Journal, LongHeadersCannotFillTheMemory) {
  Journal journal(Journal::Limits{.entries = 1000, .bytes = Bytes{100'000}, .value_bytes = 50});
  for (int i = 0; i < 1000; ++i) {
    Exchanged{.path = "/files/" + std::string(10'000, 'x'),
              .fields = {{"Upload-Metadata", std::string(60'000, 'm')}}}
        .tell(journal);
  }
  EXPECT_LT(journal.entries().size(), 20U);
  EXPECT_EQ(journal.entries().size() + journal.dropped(), 1000U);
  const auto kept = journal.entries().back().request_fields.all();
  EXPECT_EQ(kept.front().value.size(), 53U);
  EXPECT_THAT(std::string(kept.front().value), EndsWith("..."));
}

TEST(Journal, AnEntryThatIsWrittenOverLeavesNothingBehind) {
  Journal journal(Journal::Limits{.entries = 1});
  Exchanged{.fields = {{"Upload-Offset", "1"}, {"Upload-Metadata", "a"}},
            .reply = {{"Upload-Offset", "2"}},
            .fired = {"r"},
            .received = 9,
            .aborted = true}
      .tell(journal);
  Journal fresh;
  Exchanged{.method = "HEAD", .status = 0}.tell(journal);
  Exchanged{.method = "HEAD", .status = 0}.tell(fresh);
  auto reused = to_json(journal.entries().back());
  reused["ordinal"] = 1;
  EXPECT_EQ(reused, to_json(fresh.entries().back()));
}

TEST(Journal, ClearingKeepsCounting) {
  Journal journal;
  Exchanged{}.tell(journal);
  journal.clear();
  EXPECT_THAT(journal.entries(), IsEmpty());
  Exchanged{}.tell(journal);
  EXPECT_EQ(journal.entries().front().ordinal, 2U);
}

TEST(Journal, AResetBeginsTheCountAnew) {
  Journal journal(Journal::Limits{.entries = 1});
  for (int i = 0; i < 3; ++i) Exchanged{}.tell(journal);
  journal.reset();
  EXPECT_EQ(journal.dropped(), 0U);
  EXPECT_FALSE(journal.incomplete(0));
  Exchanged{}.tell(journal);
  EXPECT_EQ(journal.entries().front().ordinal, 1U);
}

TEST(Journal, TellsWatchersUntilTheyGo) {
  Journal journal;
  std::vector<std::uint64_t> seen;
  auto watch = journal.watch([&seen](const JournalEntry* added) {
    seen.push_back(added != nullptr ? added->ordinal : 0);
  });
  Exchanged{}.tell(journal);
  journal.clear();
  watch.reset();
  Exchanged{}.tell(journal);
  EXPECT_THAT(seen, ElementsAre(1U, 0U));
}

TEST(Journal, TellsMetadataDecoded) {
  Journal journal;
  Exchanged{.method = "POST",
            .path = "/files",
            .fields = {{"Upload-Metadata", "name YSxi,empty"}, {"x-amz-meta-Colour", "red"}}}
      .tell(journal);
  EXPECT_EQ(to_json(journal.entries().front()).at("metadata"),
            nlohmann::ordered_json::parse(R"({"name": "a,b", "empty": "", "colour": "red"})"));
}

Result<JournalMatch> match(std::string_view json) { return json::decode(json, "body", read_match); }

/// "name" is "a,b", "empty" is there.
const ::http::Fields asked{{"Upload-Offset", "5"},
                           {"upload-offset", "7"},
                           {"Origin", "http://app.test"},
                           {"X-Partner", "lab-7"},
                           {"Authorization", "Bearer s3cret"},
                           {"Upload-Metadata", "name YSxi,empty"}};

TEST(JournalMatch, EveryConditionCounts) {
  Journal journal;
  Exchanged{.fields = asked,
            .status = 423,
            .reply = {{"Access-Control-Allow-Origin", "*"}},
            .fired = {"busy"},
            .received = 300}
      .tell(journal);
  const auto& entry = journal.entries().front();
  for (const char* holds :
       {R"({})",
        R"({"method": "PATCH"})",
        R"({"method": ["HEAD", "PATCH"]})",
        R"({"route": "upload"})",
        R"({"upload": "u1"})",
        R"({"status": 423})",
        R"({"status": "4xx"})",
        R"({"status": ["204", "420-430"]})",
        R"({"fault": "busy"})",
        R"({"faults": true})",
        R"({"aborted": false})",
        R"({"refused": false})",
        R"({"offset": 5})",
        R"({"since": 0})",
        R"({"headers": {"origin": "http://app.test"}})",
        R"({"headers": {"Origin": true, "Cookie": false}})",
        R"({"headers": {"Origin": {"regex": "^http://[a-z]+"}}})",
        R"({"headers": {"X-Partner": "lab-7"}})",
        R"({"headers": {"Upload-Offset": "7"}})",
        R"({"headers": {"Upload-Offset": {"above": 6}}})",
        R"({"headers": {"Upload-Offset": ["5", {"regex": "."}]}})",
        R"({"headers": {"Authorization": {"regex": "^Bearer "}}})",
        R"({"reply_headers": {"Access-Control-Allow-Origin": "*", "Set-Cookie": false}})",
        R"({"metadata": {"name": "a,b", "empty": "", "other": false}})",
        R"({"body": {"length": 300}})",
        R"({"body": {"length": {"below": "1KiB"}}})"}) {
    const auto parsed = match(holds);
    ASSERT_TRUE(parsed) << holds << parsed.error().line();
    EXPECT_TRUE(parsed->holds(entry)) << holds;
  }
  for (const char* fails : {R"({"method": "HEAD"})",
                            R"({"route": ["creation", "info"]})",
                            R"({"upload": "u2"})",
                            R"({"status": 204})",
                            R"({"status": "2xx"})",
                            R"({"fault": "other"})",
                            R"({"faults": false})",
                            R"({"aborted": true})",
                            R"({"refused": true})",
                            R"({"offset": 6})",
                            R"({"since": 1})",
                            R"({"headers": {"Origin": "http://other.test"}})",
                            R"({"headers": {"Origin": true, "Cookie": true}})",
                            R"({"headers": {"Origin": false}})",
                            R"({"headers": {"Origin": {"above": 5}}})",
                            R"({"headers": {"Upload-Offset": ["5"]}})",
                            R"({"headers": {"Upload-Offset": ["7", "5"]}})",
                            R"({"headers": {"Cookie": ["a=1"]}})",
                            R"({"headers": {"Authorization": "Bearer s3cret"}})",
                            R"({"reply_headers": {"Origin": true}})",
                            R"({"metadata": {"name": "a"}})",
                            R"({"metadata": {"Name": true}})",
                            R"({"body": {"length": {"above": 300}}})"}) {
    const auto parsed = match(fails);
    ASSERT_TRUE(parsed) << fails << parsed.error().line();
    EXPECT_FALSE(parsed->holds(entry)) << fails;
  }
}

TEST(JournalMatch, IsToldConditionByCondition) {
  Journal journal;
  Exchanged{.fields = asked, .status = 423, .fired = {"busy"}, .received = 3}.tell(journal);
  const auto& entry = journal.entries().front();
  const auto shown = to_json(entry);
  const auto conditions = json::decode(
      R"({"since": 0, "method": ["HEAD"], "status": "4xx", "fault": "busy", "refused": true,
          "headers": {"x-partner": "lab-8", "Upload-Offset": "7", "Cookie": false},
          "metadata": {"name": "b"}, "body": {"length": 4, "sha256": ")" +
          std::string(64, 'a') + R"("}})",
      "body", conditions_of);
  ASSERT_TRUE(conditions) << conditions.error().line();
  std::vector<std::string> told;
  for (const auto& one : *conditions) {
    told.push_back(one.field + " wanted " + one.wanted.dump().substr(0, 9) + " got " +
                   found_at(one, shown).dump() + (one.alone.holds(entry) ? "" : ": no"));
  }
  EXPECT_THAT(
      told,
      ElementsAre(R"(method wanted ["HEAD"] got "PATCH": no)", R"(status wanted "4xx" got 423)",
                  R"(fault wanted "busy" got ["busy"])", R"(refused wanted true got false: no)",
                  R"(headers.Cookie wanted false got null)",
                  R"(headers.Upload-Offset wanted "7" got ["5","7"])",
                  R"(headers.x-partner wanted "lab-8" got "[redacted]": no)",
                  R"(metadata.name wanted "b" got "a,b": no)", R"(body.length wanted 4 got 3: no)",
                  R"(body.sha256 wanted "aaaaaaaa got null)"));
}

TEST(JournalMatch, AnExpressionThatExplodesIsGivenUp) {
  Journal journal;
  Exchanged{.fields = {{"X-Long", std::string(2000, 'a') + "b"}}}.tell(journal);
  const auto parsed = match(R"({"headers": {"X-Long": {"regex": "^(a|aa)+\\1$"}}})");
  ASSERT_TRUE(parsed) << parsed.error().line();
  MatchWork work;
  EXPECT_FALSE(parsed->holds(journal.entries().front(), work));
  EXPECT_TRUE(work.gave_up);
}

TEST(JournalMatch, RefusesWhatItDoesNotUnderstand) {
  for (const auto& [json, complaint] : std::vector<std::pair<const char*, const char*>>{
           {R"({"methd": "PATCH"})", "methd"},
           {R"({"method": []})", "at least one"},
           {R"({"method": 1})", "method"},
           {R"({"route": "uploads"})", "creation, upload"},
           {R"({"status": "40x"})", "4xx"},
           {R"({"status": 99})", "status"},
           {R"({"status": "500-400"})", "status"},
           {R"({"status": true})", "status"},
           {R"({"offset": -1})", "offset"},
           {R"({"headers": {}})", "names nothing"},
           {R"({"headers": {"no name": true}})", "not a header name"},
           {R"({"headers": {"Origin": {"regx": "x"}}})", "did you mean regex"},
           {R"({"headers": {"Origin": {"regex": "("}}})", "headers.Origin.regex"},
           {R"({"headers": {"Origin": []}})", "at least one"},
           {R"({"headers": {"Origin": [false]}})", "headers.Origin[0]"},
           {R"({"headers": {"Upload-Offset": {"above": "{length}"}}})", "for rules only"},
           {R"({"header": {"Origin": true}})", "did you mean headers"},
           {R"({"metadata": {"name": 1}})", "metadata.name"},
           {R"({"metadata": {}})", "names nothing"},
           {R"({"body": {}})", "length or sha256"},
           {R"({"body": {"length": "x"}})", "body.length"},
           {R"({"body": {"sha256": "abc"}})", "64 hexadecimal digits"},
           {R"([])", "body"}}) {
    const auto parsed = match(json);
    ASSERT_FALSE(parsed) << json;
    EXPECT_THAT(parsed.error().line(), HasSubstr(complaint));
  }
}

TEST(JournalQuery, SaysTheSameInAUrl) {
  const auto query = parse_journal_query(
      "method=PATCH,POST&route=upload&status=4xx,0&upload=u%2B1&fault=busy&faults=true&aborted="
      "false"
      "&offset=5&since=7&limit=20&digests=true");
  ASSERT_TRUE(query) << query.error().line();
  EXPECT_THAT(query->match.methods, ElementsAre("PATCH", "POST"));
  EXPECT_EQ(query->match.status.size(), 2U);
  EXPECT_EQ(query->match.upload, "u+1");
  EXPECT_EQ(query->match.since, 7U);
  EXPECT_EQ(query->limit, 20U);
  EXPECT_TRUE(query->digests);
  EXPECT_TRUE(query->forward);
}

TEST(JournalQuery, RefusesWhatItDoesNotUnderstand) {
  for (const char* query : {"methd=PATCH", "limit=0", "limit=10001", "limit=-1", "limit=",
                            "since=x", "faults=yes", "route=x", "status=", "method=%zz"}) {
    EXPECT_FALSE(parse_journal_query(query)) << query;
  }
}

}  // namespace
}  // namespace mock
