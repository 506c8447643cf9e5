// The control API /_mock/, used as the tests of some client would use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "control_client.hpp"
#include "testkit/exposition.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/raw_connection.hpp"

namespace {

using programs::Answer;
using programs::ControlClient;
using programs::Mock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Arguments = std::vector<std::string>;

class Control : public ::testing::Test {
 protected:
  Mock mock{{"--profile", "tus", "--store", "memory"}};
  ControlClient client{mock.url()};

  std::string verify(const std::string& id, const std::string& count) {
    return R"({"match": {"method": "PATCH", "upload": ")" + id + R"("}, "count": )" + count + "}";
  }
};

TEST_F(Control, ARuleIsAddedSeenToFireAndTakenAway) {
  const auto added = client.post("/_mock/rules",
                                 R"({"name": "busy", "when": {"method": "PATCH"}, "times": 1,
          "then": {"reply": {"early": true, "status": 503}}})");
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(added.header("Location"), "/_mock/rules/busy");

  const auto upload = client.create(5);
  const auto before = client.get("/_mock/rules").json.at("rules").at(0);
  EXPECT_EQ(before.at("fired"), 0);
  EXPECT_THAT(before.at("near_miss").at("why").get<std::string>(), HasSubstr("method"));

  EXPECT_EQ(client.patch(upload, 0, "hello").status, 503);
  EXPECT_EQ(client.patch(upload, 0, "hello").status, 204);
  const auto after = client.get("/_mock/rules/busy").json.at("rules").at(0);
  EXPECT_EQ(after.at("fired"), 1);
  EXPECT_EQ(after.at("exhausted"), true);
  EXPECT_EQ(after.at("rule").at("then").at("reply").at("status"), 503);

  EXPECT_EQ(client.get("/_mock/journal?fault=busy").json.at("entries").size(), 1U);
  EXPECT_EQ(client.remove("/_mock/rules/busy").status, 204);
  EXPECT_EQ(client.get("/_mock/rules/busy").status, 404);
  EXPECT_EQ(client.get("/_mock/rules").json.at("rules").size(), 0U);
}

TEST_F(Control, BuiltInFaultsAndDefectsGoByTheirNames) {
  EXPECT_EQ(client.post("/_mock/rules", R"({"fault": "lost-ack"})").status, 201);
  const auto defect = client.post("/_mock/rules", R"({"defect": "bytes-corrupted"})");
  ASSERT_EQ(defect.status, 201) << defect.body;
  EXPECT_EQ(client.post("/_mock/rules", R"({"fault": "lost-ack"})").status, 409);
  const auto unknown = client.post("/_mock/rules", R"({"fault": "lost-akc"})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.json.at("hint").get<std::string>(), HasSubstr("lost-ack"));
  const auto upload = client.create(5);
  EXPECT_EQ(client.patch(upload, 0, "hello").status, 204);
  EXPECT_EQ(client.remove("/_mock/rules").status, 204);
}

TEST_F(Control, ARuleTellsWhatItWantedAndWhatItGot) {
  ASSERT_EQ(client
                .post("/_mock/rules", R"({"name": "picky", "when": {"method": "PATCH",
                    "query": {"key": "a"}, "headers": {"X-Partner": "lab-7",
                    "Authorization": "Bearer a", "Upload-Offset": "1"}, "upload": {"offset": 3}},
                    "then": {"socket": "rst"}})")
                .status,
            201);
  const auto upload = client.create(5);
  client.patch(upload + "?key=secret", 0, "hello",
               {{"X-Partner", "lab-8"}, {"Authorization", "Bearer secret"}});
  const auto near = client.get("/_mock/rules/picky").json.at("rules").at(0).at("near_miss");
  EXPECT_EQ(near.at("method"), "PATCH");
  EXPECT_EQ(near.at("target"), "/files/" + ControlClient::id_of(upload));
  EXPECT_EQ(near.at("conditions"), nlohmann::json::parse(R"([
      {"field": "method", "wanted": "PATCH", "got": "PATCH", "matched": true},
      {"field": "query.key", "wanted": "a", "got": "[redacted]", "matched": false},
      {"field": "headers.Authorization", "wanted": "Bearer a", "got": "Bearer [redacted]",
       "matched": false},
      {"field": "headers.Upload-Offset", "wanted": "1", "got": "0", "matched": false},
      {"field": "headers.X-Partner", "wanted": "lab-7", "got": "[redacted]", "matched": false},
      {"field": "upload.offset", "wanted": 3, "got": 0, "matched": false}])"));
}

TEST_F(Control, AnExpressionThatExplodesStopsNobody) {
  ASSERT_EQ(
      client
          .post("/_mock/rules",
                R"({"name": "slow", "when": {"path": "(a*)\\1*b"}, "then": {"socket": "rst"}})")
          .status,
      201);
  ASSERT_EQ(
      client
          .post("/_mock/rules",
                R"({"name": "linear", "when": {"path": "(a*)*b"}, "then": {"socket": "rst"}})")
          .status,
      201);
  EXPECT_EQ(client.get("/" + std::string(15UL << 10U, 'a')).status, 404);
  const auto slow = client.get("/_mock/rules/slow").json.at("rules").at(0);
  EXPECT_EQ(slow.at("gave_up"), 1);
  EXPECT_THAT(slow.at("near_miss").at("why").get<std::string>(), HasSubstr("takes too long"));
  const auto linear = client.get("/_mock/rules/linear").json.at("rules").at(0);
  EXPECT_FALSE(linear.contains("gave_up"));
  EXPECT_EQ(linear.at("near_miss").at("why"), "path");
  const auto bomb =
      client.post("/_mock/rules",
                  R"({"when": {"path": "((a{1000}){1000}){1000}"}, "then": {"socket": "rst"}})");
  EXPECT_EQ(bomb.status, 400);
  EXPECT_THAT(bomb.json.at("error").get<std::string>(), HasSubstr("more than a million"));
}

// A document of `count` rules that match no request.
std::string many_rules(int count) {
  std::string text = R"({"name": "many", "rules": [)";
  for (int i = 0; i < count; ++i) {
    text += std::string(i == 0 ? "" : ",") + R"({"when": {"headers": {"X": ")" + std::to_string(i) +
            R"("}}, "then": {"reply": {"status": 418}}})";
  }
  return text + "]}";
}

TEST_F(Control, RulesAreBoundedAndThousandsOfThemHoldNobodyUp) {
  const auto added = client.post("/_mock/rules", many_rules(9'990));
  ASSERT_EQ(added.status, 201) << added.body.substr(0, 200);
  EXPECT_EQ(added.json.at("rules").size(), 9'990U);
  const std::string one = R"({"then": {"pace": {"reply": "1ms"}}})";
  for (int i = 1; i <= 10; ++i) {
    const auto another = client.post("/_mock/rules", one);
    ASSERT_EQ(another.status, 201);
    EXPECT_EQ(another.header("Location"), "/_mock/rules/rule-" + std::to_string(i));
  }
  const auto refused = client.post("/_mock/rules", one);
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.json.at("error").get<std::string>(), HasSubstr("at most 10000"));
  EXPECT_EQ(client.post("/_mock/rules", many_rules(10'001)).status, 400);
  EXPECT_EQ(client.send("GET", "/files/x", {{"X", "9989"}}).status, 418);
  const auto fired = client.get("/_mock/rules/many%239990");
  ASSERT_EQ(fired.status, 200) << fired.body;
  EXPECT_EQ(fired.json.at("rules").at(0).at("fired"), 1);
  EXPECT_EQ(client.get("/_mock/rules").json.at("rules").size(), 10'000U);
  EXPECT_EQ(client.remove("/_mock/rules/many").status, 204);
  EXPECT_EQ(client.get("/_mock/rules").json.at("rules").size(), 10U);
  EXPECT_EQ(client.post("/_mock/rules", one).status, 201);
}

TEST(ControlRules, TooManyInFilesAreRefusedWithOneLine) {
  testkit::TempFolder folder;
  const auto file = (folder.path() / "many.json").string();
  const auto start = [&](int count, const Arguments& more) {
    std::ofstream(file) << many_rules(count);
    Arguments command{DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store",
                      "memory",        "--rules",  file};
    command.insert(command.end(), more.begin(), more.end());
    return testkit::run(command);
  };
  const auto in_one = start(10'001, {});
  const auto in_all = start(10'000, {"--fault", "lost-ack"});
  for (const auto& finished : {in_one, in_all}) {
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_THAT(finished.err, HasSubstr("at most 10000"));
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
  }
}

TEST_F(Control, TheFirstRuleIsTheOneThatWasPutFirst) {
  const auto rule = [](int status) {
    return R"({"when": {"method": "HEAD", "route": "upload"}, "then": {"reply": {"early": true, "status": )" +
           std::to_string(status) + "}}}";
  };
  ASSERT_EQ(client.post("/_mock/rules", rule(500)).status, 201);
  ASSERT_EQ(client.post("/_mock/rules", rule(501)).status, 201);
  const auto upload = client.create(1);
  EXPECT_EQ(client.head(upload).status, 500);
  ASSERT_EQ(client.post("/_mock/rules?place=first", rule(502)).status, 201);
  EXPECT_EQ(client.head(upload).status, 502);
  EXPECT_EQ(client.post("/_mock/rules?place=middle", rule(503)).status, 400);
}

TEST_F(Control, ExactlyThreePatches) {
  const auto upload = client.create(6);
  const auto other = client.create(2);
  const auto id = ControlClient::id_of(upload);
  EXPECT_EQ(client.patch(upload, 0, "ab").status, 204);
  EXPECT_EQ(client.patch(other, 0, "xy").status, 204);
  EXPECT_EQ(client.patch(upload, 2, "cd").status, 204);
  EXPECT_EQ(client.patch(upload, 4, "ef").status, 204);

  const auto three = client.post("/_mock/journal/verify", verify(id, R"({"exactly": 3})")).json;
  EXPECT_EQ(three.at("ok"), true) << three;
  EXPECT_EQ(three.at("count"), 3);
  EXPECT_FALSE(three.contains("near"));
  const auto two = client.post("/_mock/journal/verify", verify(id, R"({"exactly": 2})")).json;
  EXPECT_EQ(two.at("ok"), false);
  const auto four = client.post("/_mock/journal/verify", verify(id, R"({"at_least": 4})")).json;
  EXPECT_EQ(four.at("ok"), false);
  // The nearest miss is the PATCH of the other upload.
  const auto near = four.at("near").at(0);
  EXPECT_THAT(near.at("differs").at(0).get<std::string>(),
              AllOf(HasSubstr(ControlClient::id_of(other)), HasSubstr(id)));
  EXPECT_EQ(client.post("/_mock/journal/verify", verify(id, R"({"at_least": 1, "at_most": 3})"))
                .json.at("ok"),
            true);
}

TEST_F(Control, AVerificationKnowsFieldsMetadataAndBodies) {
  const auto upload = client.create(5, {{"Upload-Metadata", "filename YS5jc3Y="},
                                        {"Origin", "http://app.test"},
                                        {"X-Partner", "lab-7"}});
  client.patch(upload, 0, "hello");
  const auto count_of = [&](const std::string& match) {
    const auto answer = client.post("/_mock/journal/verify",
                                    R"({"match": )" + match + R"(, "count": {"exactly": 1}})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json.value("count", -1);
  };
  EXPECT_EQ(count_of(R"({"headers": {"Origin": "http://app.test", "X-Partner": "lab-7"},
                         "reply_headers": {"Access-Control-Allow-Origin": true}})"),
            1);
  EXPECT_EQ(count_of(R"({"metadata": {"filename": {"regex": "[.]csv$"}}})"), 1);
  EXPECT_EQ(count_of(R"({"headers": {"Upload-Offset": ["0"]}, "body": {"length": 5}})"), 1);
  const std::string hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  EXPECT_EQ(count_of(R"({"method": "PATCH", "body": {"sha256": ")" + hello + R"("}})"), 1);
  const auto none = client
                        .post("/_mock/journal/verify",
                              R"({"match": {"method": "PATCH", "headers": {"Origin": true},
                                  "body": {"sha256": ")" +
                                  hello + R"("}}})")
                        .json;
  EXPECT_EQ(none.at("ok"), false);
  EXPECT_EQ(none.at("near_miss").at("conditions"), nlohmann::json::parse(R"([
      {"field": "method", "wanted": "PATCH", "got": "PATCH", "matched": true},
      {"field": "headers.Origin", "wanted": true, "got": null, "matched": false},
      {"field": "body.sha256", "wanted": ")" + hello + R"(", "got": null, "matched": false}])"));
}

TEST_F(Control, TheJournalTellsWhatAClientSentWhateverRulesMadeOfIt) {
  const auto upload = client.create(5);
  const auto added = client.post("/_mock/rules", R"({"when": {"method": "PATCH"}, "then":
      {"request": {"headers": {"set": {"Upload-Offset": "0"}, "drop": "X-Partner"}}}})");
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(client.patch(upload, 3, "hello", {{"X-Partner", "lab-7"}}).status, 204);
  const auto entry =
      client.get("/_mock/journal?method=PATCH&digests=true").json.at("entries").at(0);
  EXPECT_EQ(entry.at("request_headers").at("Upload-Offset"), "3");
  EXPECT_TRUE(entry.at("request_headers").contains("X-Partner"));
  EXPECT_EQ(entry.at("offset").at("before"), 3);
  EXPECT_EQ(entry.at("edited").at("request_headers").at("Upload-Offset"), "0");
  EXPECT_FALSE(entry.at("edited").at("request_headers").contains("X-Partner"));
  EXPECT_FALSE(entry.at("edited").contains("method"));
  EXPECT_EQ(entry.at("sha256"), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
      << "of where the handler put them";
  const auto asked =
      client.post("/_mock/journal/verify", R"({"match": {"headers": {"Upload-Offset": "3"}}})");
  EXPECT_EQ(asked.json.at("count"), 1);
}

TEST_F(Control, ADigestIsOfWhatIsStoredAndSaysSo) {
  const auto upload = client.create(5);
  client.patch(upload, 0, "hello");
  const std::string other(64, '0');
  const auto ask = [&](const std::string& digest, const std::string& count) {
    return client
        .post("/_mock/journal/verify", R"({"match": {"method": "PATCH", "body": {"sha256": ")" +
                                           digest + R"("}}, "count": )" + count + "}")
        .json;
  };
  const auto wrong = ask(other, R"({"exactly": 1})");
  EXPECT_EQ(wrong.at("ok"), false);
  EXPECT_FALSE(wrong.contains("why"));
  EXPECT_EQ(wrong.at("near_miss").at("conditions").at(1).at("got"),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(ask(other, R"({"at_most": 0})").at("ok"), true);

  client.remove("/_mock/uploads/" + ControlClient::id_of(upload));
  const auto gone = ask(other, R"({"at_most": 0})");
  EXPECT_EQ(gone.at("ok"), false) << "nobody knows what it was";
  EXPECT_THAT(gone.at("why").get<std::string>(), HasSubstr("not stored"));

  // Digests are also computed for uploads that arrive while a verification waits.
  const auto later = client.create(3);
  Answer answer;
  std::thread waiting([&] {
    ControlClient mine(mock.url());
    answer = mine.post("/_mock/journal/verify", R"({"match": {"status": "2xx", "upload": ")" +
                                                    ControlClient::id_of(later) +
                                                    R"(", "body": {"length": 3, "sha256":
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}, "within": "20s"})");
  });
  client.patch(later, 0, "abc");
  waiting.join();
  EXPECT_EQ(answer.json.at("ok"), true) << answer.body;
}

TEST_F(Control, AVerificationWaitsForWhatIsToCome) {
  const auto upload = client.create(2);
  const auto id = ControlClient::id_of(upload);
  Answer answer;
  std::thread waiting([&] {
    ControlClient mine(mock.url());
    answer = mine.post("/_mock/journal/verify",
                       R"({"match": {"method": "PATCH", "upload": ")" + id +
                           R"(", "status": 204}, "count": {"exactly": 2}, "within": "20s"})");
  });
  EXPECT_EQ(client.patch(upload, 0, "a").status, 204);
  EXPECT_EQ(client.patch(upload, 1, "b").status, 204);
  waiting.join();
  EXPECT_EQ(answer.json.at("ok"), true) << answer.body;
  EXPECT_EQ(answer.json.at("count"), 2);
}

TEST_F(Control, AVerificationEndsWhenItsTimeIsUpOrItCannotHold) {
  const auto late =
      client.post("/_mock/journal/verify", R"({"match": {"method": "DELETE"}, "within": "50ms"})");
  EXPECT_EQ(late.json.at("ok"), false);
  client.head(client.create(1));
  // A HEAD was sent, so "at most 0" cannot hold any more: it answers at once, not in five minutes.
  const auto hopeless =
      client.post("/_mock/journal/verify",
                  R"({"match": {"method": "HEAD"}, "count": {"at_most": 0}, "within": "5m"})");
  EXPECT_EQ(hopeless.json.at("ok"), false);
  const auto unknown =
      client.post("/_mock/journal/verify", R"({"match": {"verb": "PATCH"}, "count": {}})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.json.at("error").get<std::string>(),
              AllOf(HasSubstr("verb"), HasSubstr("method")));
}

TEST_F(Control, TheJournalTellsOffsetsAndDigestsAndNoBody) {
  const auto upload = client.create(8);
  client.patch(upload, 0, "hello");
  client.patch(upload, 9, "x");
  const auto answer = client.get("/_mock/journal?digests=true&route=upload");
  const auto entries = answer.json.at("entries");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].at("offset"), (nlohmann::json{{"before", 0}, {"after", 5}}));
  EXPECT_EQ(entries[0].at("sha256"),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(entries[1].at("status"), 409);
  EXPECT_EQ(entries[1].at("sha256"), nullptr);
  EXPECT_THAT(answer.body, Not(HasSubstr("hello")));
  EXPECT_EQ(client.get("/_mock/journal?status=4xx").json.at("entries").size(), 1U);

  const auto page = client.get("/_mock/journal?since=0&limit=2").json;
  EXPECT_EQ(page.at("more"), true);
  const auto rest =
      client.get("/_mock/journal?since=" + std::to_string(page.at("last").get<int>())).json;
  EXPECT_EQ(rest.at("entries").size(), 1U);
  EXPECT_EQ(client.remove("/_mock/journal").status, 204);
  EXPECT_EQ(client.get("/_mock/journal").json.at("entries").size(), 0U);
}

/// Sends `bytes` to the listener at `url` and waits until it closes the connection.
void send_raw(const std::string& url, const std::string& bytes) {
  auto raw = transport::RawConnection::open(url, {}, std::chrono::seconds{10});
  ASSERT_TRUE(raw) << url;
  ASSERT_TRUE(raw->send(bytes, std::chrono::seconds{10}));
  static_cast<void>(raw->wait_for_close(std::chrono::seconds{10}));
}

TEST_F(Control, AHeadThatIsRefusedIsInTheJournalOfItsListenersLane) {
  const auto own = client.put("/_mock/lanes/own", R"({"listen": "127.0.0.1:0"})").json;
  send_raw(mock.url(), "PATCH /files/1?key=s3cret HTTP/1.1\r\n\r\n");
  send_raw(own.at("listener"), "GET /long/" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n");
  const auto here = client.get("/_mock/journal?refused=true").json.at("entries");
  ASSERT_EQ(here.size(), 1U);
  EXPECT_EQ(here[0].at("method"), "PATCH");
  EXPECT_EQ(here[0].at("target"), "/files/1?[redacted]");
  EXPECT_EQ(here[0].at("status"), 400);
  EXPECT_THAT(here[0].at("refused").get<std::string>(), HasSubstr("one Host header"));
  const auto there = client.get("/_lane/own/_mock/journal").json.at("entries");
  ASSERT_EQ(there.size(), 1U);
  EXPECT_EQ(there[0].at("status"), 414);
  EXPECT_THAT(there[0].at("target").get<std::string>(), ::testing::StartsWith("/long/xxx"));
  EXPECT_EQ(there[0].at("refused"), "the request-line is too long");
  EXPECT_EQ(client.get("/_mock/journal?refused=false").json.at("entries").size(), 0U);
}

TEST_F(Control, UploadsAreListedDescribedAndRemoved) {
  const auto first = ControlClient::id_of(client.create(5, {{"Upload-Metadata", "name ZmlsZQ=="}}));
  const auto upload = client.create(5);
  client.patch(upload, 0, "hello");
  const auto list = client.get("/_mock/uploads").json.at("uploads");
  ASSERT_EQ(list.size(), 2U);
  const auto created = client.get("/_mock/uploads/" + first).json;
  EXPECT_EQ(created.at("state"), "created");
  EXPECT_EQ(created.at("metadata").at("name"), "file");
  const auto one = client.get("/_mock/uploads/" + ControlClient::id_of(upload)).json;
  EXPECT_EQ(one.at("state"), "complete");
  EXPECT_EQ(one.at("sha256"), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  const auto fast = client.get("/_mock/uploads/" + ControlClient::id_of(upload) + "?digest=xxh128");
  EXPECT_EQ(fast.json.at("xxh128"), "b5e9c1ad071b3e7fc779cfaa5e523818");
  EXPECT_EQ(fast.json.at("sha256"), nullptr);
  const auto page = client.get("/_mock/uploads?limit=1").json;
  EXPECT_EQ(page.at("next"), page.at("uploads").at(0).at("id"));
  EXPECT_EQ(client.get("/_mock/uploads?after=" + page.at("next").get<std::string>())
                .json.at("uploads")
                .size(),
            1U);
  EXPECT_EQ(client.remove("/_mock/uploads/" + ControlClient::id_of(upload)).status, 204);
  EXPECT_THAT(client.head(upload).status, ::testing::AnyOf(404, 410));
}

TEST(ControlReset, MakesTheLaneNew) {
  testkit::TempFolder folder;
  Mock mock({"--profile", "dex", "--auth", "jwt", "--store", folder.path().string()});
  ControlClient client(mock.url());
  const auto keys = client.get("/oauth/jwks").json;
  const auto token = client.post("/_mock/tokens").json.at("access_token").get<std::string>();
  const http::Fields bearer{{"Authorization", "Bearer " + token}};
  http::Fields creation = bearer;
  creation.add("Upload-Metadata",
               "data_stream_id ZGV4dGVzdGluZw==,data_stream_route dGVzdGV2ZW50MQ==,sender_id bGFi,"
               "data_producer_id bGFi,jurisdiction Tlk=,received_filename YS5jc3Y=,version Mi4w");
  const auto upload = client.create(5, creation);
  EXPECT_EQ(client.patch(upload, 0, "hello", bearer).status, 204);
  const auto deliveries = folder.path() / "deliveries";
  const auto delivered = [&] {
    std::error_code none;  // the folders are made with the first file
    auto entry = std::filesystem::recursive_directory_iterator(deliveries, none);
    for (; !none && entry != decltype(entry)(); entry.increment(none)) {
      if (entry->is_regular_file(none)) return true;
    }
    return false;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!delivered() && std::chrono::steady_clock::now() < deadline) {
  }
  ASSERT_TRUE(delivered());
  client.post("/_mock/rules", R"({"name": "m", "sets": "m", "survives_restart": true,
      "when": {"method": "HEAD"}, "then": {"reply": {"status": 599}}})");
  EXPECT_EQ(client.send("HEAD", upload, bearer).status, 599);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "rules.json"));
  client.post("/_mock/keys");
  client.post("/_mock/clock", R"({"freeze": true, "advance": "2h"})");

  ASSERT_EQ(client.post("/_mock/reset").status, 204);
  EXPECT_EQ(client.get("/_mock/uploads").json.at("uploads").size(), 0U);
  EXPECT_EQ(client.get("/_mock/rules").json.at("rules").size(), 0U);
  EXPECT_EQ(client.get("/_mock/journal").json.at("entries").size(), 0U);
  EXPECT_THAT(client.get("/_mock/metrics").body, Not(HasSubstr("dex_mock_requests_total{")));
  const auto clock = client.get("/_mock/clock").json;
  EXPECT_EQ(clock.at("frozen"), false);
  EXPECT_EQ(clock.at("shift_ms"), 0);
  EXPECT_FALSE(delivered());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "rules.json"));
  EXPECT_EQ(client.send("HEAD", upload, bearer).status, 401) << "its tokens are void";
  EXPECT_EQ(client.get("/_mock/journal").json.at("entries").at(0).at("ordinal"), 1);
  EXPECT_EQ(client.get("/oauth/jwks").json, keys);
}

TEST_F(Control, LanesComeAndGoAndDoNotSeeEachOther) {
  const auto blue = client.put("/_mock/lanes/blue", R"({"profile": "dex", "auth": "jwt"})");
  ASSERT_EQ(blue.status, 201) << blue.body;
  EXPECT_EQ(blue.json.at("url"), mock.url() + "/_lane/blue");
  EXPECT_EQ(client.put("/_mock/lanes/blue").status, 409);
  EXPECT_EQ(client.put("/_mock/lanes/red", R"({"profle": "dex"})").status, 400);
  EXPECT_EQ(client.put("/_mock/lanes/no%2Fname").status, 400);
  const auto own = client.put("/_mock/lanes/own", R"({"listen": "127.0.0.1:0"})");
  ASSERT_EQ(own.status, 201) << own.body;
  const auto listener = own.json.at("listener").get<std::string>();
  EXPECT_EQ(client.get(listener + "/_mock/health").json.at("lane"), "own");

  client.post("/_lane/blue/_mock/rules", R"({"fault": "lost-ack"})");
  client.post("/_lane/blue/_mock/clock", R"({"freeze": true})");
  EXPECT_EQ(client.send("GET", "/_mock/rules", {{"X-Dex-Lane", "blue"}}).json.at("rules").size(),
            1U);
  EXPECT_EQ(client.get("/_mock/rules").json.at("rules").size(), 0U);
  EXPECT_EQ(client.get("/_mock/clock").json.at("frozen"), false);
  client.create(5);
  EXPECT_EQ(client.get("/_lane/blue/_mock/journal").json.at("entries").size(), 0U);

  EXPECT_EQ(client.remove("/_lane/blue/_mock/lanes/blue").status, 409);
  EXPECT_EQ(client.remove("/_mock/lanes/blue").status, 204);
  EXPECT_EQ(client.get("/_mock/lanes/blue").status, 404);
}

TEST(ControlClock, TokensExpireWithoutWaiting) {
  Mock mock({"--auth", "jwt", "--store", "memory"});
  ControlClient client(mock.url());
  const auto minted = client.post("/_mock/tokens", R"({"username": "demo"})");
  ASSERT_EQ(minted.status, 201) << minted.body;
  const http::Fields bearer{
      {"Authorization", "Bearer " + minted.json.at("access_token").get<std::string>()}};
  const auto allowed = [&] { return client.send("GET", "/info/none", bearer).status != 401; };
  EXPECT_TRUE(allowed());
  ASSERT_EQ(client.post("/_mock/clock", R"({"freeze": true, "advance": "2h"})").status, 200);
  EXPECT_FALSE(allowed());
  ASSERT_EQ(client.post("/_mock/clock", R"({"reset": true})").status, 200);
  EXPECT_TRUE(allowed());
  ASSERT_EQ(client
                .post("/_mock/tokens/revoke",
                      nlohmann::json{{"token", minted.json.at("access_token")}}.dump())
                .status,
            204);
  EXPECT_FALSE(allowed());
  const auto expired = client.post("/_mock/tokens", R"({"expires_in": -60})");
  ASSERT_EQ(expired.status, 201);
  EXPECT_EQ(
      client
          .send("GET", "/info/none",
                {{"Authorization", "Bearer " + expired.json.at("access_token").get<std::string>()}})
          .status,
      401);
}

TEST(ControlClock, UploadsExpireWithoutWaiting) {
  Mock mock({"--profile", "tus", "--expire-after", "1h", "--store", "memory"});
  ControlClient client(mock.url());
  const auto upload = client.create(5);
  ASSERT_EQ(client.post("/_mock/clock", R"({"advance": "59min"})").status, 200);
  EXPECT_EQ(client.head(upload).status, 200);
  ASSERT_EQ(client.post("/_mock/clock", R"({"advance": "2min"})").status, 200);
  EXPECT_THAT(client.head(upload).status, ::testing::AnyOf(404, 410));
  EXPECT_EQ(client.patch(upload, 0, "hello").status, client.head(upload).status);
}

TEST(ControlAccess, NoWebPageCanReachIn) {
  Mock mock({"--store", "memory"});
  ControlClient client(mock.url());
  EXPECT_EQ(client.send("GET", "/_mock/health", {{"Host", "evil.example"}}).status, 403);
  // A browser sends these Content-Types to another origin without a preflight request.
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=x", "text/json"}) {
    http::Fields headers{{"Origin", "http://evil.example"}};
    if (*type != '\0') headers.add("Content-Type", type);
    EXPECT_EQ(client.send("POST", "/_mock/reset", headers, "").status, 415) << type;
  }
  const auto preflight =
      client.send("OPTIONS", "/_mock/rules",
                  {{"Origin", "http://evil.example"}, {"Access-Control-Request-Method", "DELETE"}});
  EXPECT_EQ(preflight.status, 405);
  for (const auto& field : preflight.headers) {
    EXPECT_FALSE(field.name.starts_with("Access-Control")) << field.name;
  }
  EXPECT_EQ(
      client.send("POST", "/_mock/reset", {{"Content-Type", "Application/JSON; charset=utf-8"}}, "")
          .status,
      204);
}

testkit::ChildProcess::Options with_token() {
  testkit::ChildProcess::Options options;
  options.environment = {{"DEX_TEST_CONTROL_TOKEN", "s3cret"}};
  return options;
}

TEST(ControlAccess, OtherAddressesThanLoopbackNeedAToken) {
  testkit::ChildProcess closed({DEX_MOCK_SERVER, "--listen", "0.0.0.0:0", "--store", "memory"});
  auto url = closed.wait_ready();
  const auto port = url.substr(url.rfind(':'));
  ControlClient nobody("http://127.0.0.1" + port);
  EXPECT_EQ(nobody.get("/_mock/health").status, 404);
  EXPECT_EQ(nobody.get("/health").status, 200);

  testkit::ChildProcess open({DEX_MOCK_SERVER, "--listen", "0.0.0.0:0", "--store", "memory",
                              "--control-token-env", "DEX_TEST_CONTROL_TOKEN"},
                             with_token());
  url = open.wait_ready();
  ControlClient client("http://127.0.0.1" + url.substr(url.rfind(':')));
  EXPECT_EQ(client.get("/_mock/health").status, 401);
  EXPECT_EQ(client.send("GET", "/_mock/health", {{"Authorization", "Bearer s3cret"}}).status, 200);
  EXPECT_EQ(client.send("GET", "/_mock/health", {{"Authorization", "Bearer wrong"}}).status, 401);
}

TEST(ControlAccess, AListenerOfItsOwn) {
  testkit::ChildProcess process({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--control",
                                 "127.0.0.1:0", "--store", "memory"});
  const auto line = process.wait_line("control ");
  const auto main = process.wait_ready();
  ControlClient client(line.substr(line.find("http")));
  EXPECT_EQ(client.get("/_mock/health").status, 200);
  EXPECT_EQ(client.get("/health").status, 404);
  EXPECT_EQ(client.get(main + "/_mock/health").status, 404);
  EXPECT_EQ(client.get(main + "/health").status, 200);
  // A lane is made at the control listener, and served at the main one.
  const auto lane = client.put("/_mock/lanes/blue", "{}");
  EXPECT_EQ(lane.json.at("url"), main + "/_lane/blue");
  EXPECT_EQ(client.get("/_mock/lanes").json.at("lanes").at(0).at("url"), main);
  EXPECT_EQ(client.get(main + "/_lane/blue/health").status, 200);
}

TEST(ControlAccess, AListenerOfItsOwnBesideAllHosts) {
  testkit::ChildProcess process(
      {DEX_MOCK_SERVER, "--listen", "0.0.0.0:0", "--control", "127.0.0.1:0", "--store", "memory"});
  const auto line = process.wait_line("control ");
  const auto main = process.wait_ready();
  ControlClient client(line.substr(line.find("http")));
  EXPECT_EQ(client.put("/_mock/lanes/blue", "{}").json.at("url"),
            "http://127.0.0.1" + main.substr(main.rfind(':')) + "/_lane/blue");
}

constexpr const char* deaf = R"({"name": "deaf", "then": {"connection": {"end": "rst"}}})";
constexpr const char* away =
    R"({"name": "away", "when": {"route": "info"}, "then": {"server": {"outage": "1h"}}})";

TEST_F(Control, ARuleDoesNotLockItsAuthorOutUnlessItSaysSo) {
  for (const auto* rule : {deaf, away}) {
    const auto refused = client.post("/_mock/rules", rule);
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_THAT(refused.json.at("hint").get<std::string>(), HasSubstr("--control"));
  }
  // The same holds for a lane with a listener of its own on loopback.
  const auto lane = client.put(
      "/_mock/lanes/own", std::string(R"({"listen": "127.0.0.1:0", "rules": [)") + deaf + "]}");
  EXPECT_EQ(lane.status, 400);
  EXPECT_THAT(lane.json.at("hint").get<std::string>(), HasSubstr("--control"));
  // In a lane without a listener the rule has no connections to act on, so it is taken.
  EXPECT_EQ(client.put("/_mock/lanes/blue", std::string(R"({"rules": [)") + deaf + "]}").status,
            201);
  EXPECT_EQ(client.get("/_mock/rules").json.at("rules").size(), 0U);
  EXPECT_EQ(client
                .post("/_mock/rules",
                      R"({"name": "meant", "when": {"connection": {"nth": 999999}},
                          "then": {"connection": {"end": "rst"}}, "control": true})")
                .status,
            201);
  for (const auto* fault :
       {"reset-on-accept", "outage", "silent-accept", "slow-accept", "tls-handshake-failure"}) {
    testkit::ChildProcess process(
        {DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store", "memory", "--fault", fault});
    EXPECT_FALSE(process.wait_ready().empty()) << fault;
  }
}

TEST(ControlAccess, RulesAboutConnectionsAreTakenWhereControlIsElsewhere) {
  testkit::TempFolder folder;
  const auto file = (folder.path() / "deaf.json").string();
  std::ofstream(file) << deaf;
  const auto refused = testkit::run(
      {DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store", "memory", "--rules", file});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("'deaf'"), HasSubstr("--control")));
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;

  testkit::ChildProcess elsewhere({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--control",
                                   "127.0.0.1:0", "--store", "memory", "--rules", file});
  const auto line = elsewhere.wait_line("control ");
  ControlClient client(line.substr(8));
  EXPECT_EQ(client.post("/_mock/rules", away).status, 201);

  // Beyond loopback there is no /_mock/ to be locked out of.
  testkit::ChildProcess closed(
      {DEX_MOCK_SERVER, "--listen", "0.0.0.0:0", "--store", "memory", "--rules", file});
  EXPECT_FALSE(closed.wait_ready().empty());
}

TEST(ControlAccess, BadFlagsGetOneLine) {
  for (const auto& [flags, complaint] : std::vector<std::pair<Arguments, std::string>>{
           {{"--control", "0.0.0.0:0"}, "--control-token-env"},
           {{"--control-token-env", "DEX_TEST_NOT_SET"}, "DEX_TEST_NOT_SET"},
           {{"--control", "nonsense"}, "HOST:PORT"},
           {{"--run-id", "two words"}, "--run-id"}}) {
    Arguments command{DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store", "memory"};
    command.insert(command.end(), flags.begin(), flags.end());
    const auto finished = testkit::run(command);
    EXPECT_EQ(finished.exit_code, 2) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(complaint));
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
  }
}

struct Hostile {
  const char* what;
  std::string body;
  int status;
};

TEST_F(Control, HostileBodiesGetOneLineAndChangeNothing) {
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  const std::string deep_objects = [] {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "{\"a\":";
    return text + "1" + std::string(20'000, '}');
  }();
  const std::vector<Hostile> all{
      {"no JSON", "not json", 400},
      {"empty text", " ", 400},
      {"two documents", "{} {}", 400},
      {"a list", "[]", 400},
      {"null", "null", 400},
      {"a number", "1e999", 400},
      {"deep lists", deep, 400},
      {"deep objects", deep_objects, 400},
      {"not UTF-8", "{\"name\": \"\xff\xfe\"}", 400},
      {"a duplicate key", R"({"fault": "lost-ack", "fault": "lost-ack"})", 400},
      {"wrong types", R"({"when": 1, "then": [], "match": 2, "freeze": "yes", "token": {}})", 400},
      {"a NUL", std::string("{\"fault\": \"lost\0ack\"}", 21), 400},
      {"control characters in a name", R"({"fault": "\r\nSet-Cookie: x\u001b[31m"})", 400},
      {"huge", "{\"name\": \"" + std::string(2'000'000, 'x') + "\"}", 413},
  };
  for (const char* path : {"/_mock/rules", "/_mock/journal/verify", "/_mock/clock", "/_mock/tokens",
                           "/_mock/tokens/revoke", "/_mock/keys", "/_mock/reset"}) {
    for (const auto& one : all) {
      SCOPED_TRACE(std::string(path) + ": " + one.what);
      const auto answer = client.post(path, one.body);
      EXPECT_EQ(answer.status, one.status) << answer.body;
      ASSERT_TRUE(answer.json.is_object()) << answer.body;
      const auto error = answer.json.at("error").get<std::string>();
      EXPECT_FALSE(error.empty());
      EXPECT_LT(error.size(), 600U);
      EXPECT_EQ(error.find_first_of("\r\n\x1b"), std::string::npos) << error;
    }
  }
  EXPECT_EQ(client.put("/_mock/lanes/x", deep).status, 400);
  EXPECT_EQ(client.get("/_mock/rules").json.at("rules").size(), 0U);
  EXPECT_EQ(client.get("/_mock/lanes").json.at("lanes").size(), 1U);
  EXPECT_EQ(client.get("/_mock/health").status, 200);
}

TEST_F(Control, TheClockKeepsItsRange) {
  for (const char* body :
       {R"({"advance": "-1h"})", R"({"advance": "2000000h"})", R"({"advance": 5})", R"({})",
        R"({"freeze": true, "resume": true})", R"({"freeze": false})"}) {
    EXPECT_EQ(client.post("/_mock/clock", body).status, 400) << body;
  }
  for (int i = 0; i < 20; ++i) client.post("/_mock/clock", R"({"advance": "200000h"})");
  EXPECT_LT(client.get("/_mock/clock").json.at("now").get<std::string>(), "2200");
}

TEST(ControlMetrics, AreStrictAndBesideThoseOfDex) {
  for (const std::string profile : {"dex", "tus"}) {
    SCOPED_TRACE(profile);
    Mock mock({"--profile", profile, "--store", "memory"});
    ControlClient client(mock.url());
    ASSERT_EQ(client
                  .post("/_mock/rules",
                        R"({"name": "say \"no\"\n\\", "when": {"method": "DELETE"},
                            "then": {"reply": {"early": true, "status": 503}}})")
                  .status,
              201);
    EXPECT_EQ(client.send("DELETE", "/files/x", {{"Tus-Resumable", "1.0.0"}}).status, 503);
    client.send("BREW", "/files/x");
    if (profile == "tus") client.create(5);
    for (const char* path : {"/metrics", "/_mock/metrics"}) {
      const auto answer = client.get(path);
      EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
      const auto families = testkit::parse_exposition(answer.body);
      ASSERT_TRUE(families) << families.error() << answer.body;
      EXPECT_EQ(families->at("dex_mock_faults_total")
                    .samples.at(R"(dex_mock_faults_total{rule="say \"no\"\n\\"})"),
                1);
      EXPECT_GE(families->at("dex_mock_connections_open").samples.at("dex_mock_connections_open"),
                1);
      EXPECT_EQ(families->at("dex_mock_uploads").samples.at(R"(dex_mock_uploads{state="created"})"),
                profile == "tus" ? 1 : 0);
      EXPECT_EQ(families->contains("dex_server_active_uploads"), profile == "dex");
      EXPECT_EQ(families->contains("tusd_uploads_created"), profile == "dex");
    }
  }
}

/// The metric dex_mock_uploads for one state.
double uploads_in(ControlClient& client, const std::string& state) {
  const auto families = testkit::parse_exposition(client.get("/_mock/metrics").body);
  if (!families) return -1;
  return families->at("dex_mock_uploads").samples.at("dex_mock_uploads{state=\"" + state + "\"}");
}

TEST(ControlMetrics, CountUploadsOfAnEarlierRunAndAResetRemovesThemAll) {
  constexpr int count = 150;  // more than the server removes at a time
  testkit::TempFolder folder;
  const Arguments arguments{"--profile", "tus", "--store", folder.path().string()};
  {
    Mock mock(arguments);
    ControlClient client(mock.url());
    for (int i = 0; i < count; ++i) client.create(3);
    const auto one = client.create(3);
    EXPECT_EQ(client.patch(one, 0, "ab").status, 204);
    EXPECT_EQ(uploads_in(client, "created"), count);
    EXPECT_EQ(uploads_in(client, "receiving"), 1);
    EXPECT_EQ(client.patch(one, 2, "c").status, 204);
    EXPECT_EQ(uploads_in(client, "complete"), 1);
    mock.process().kill();
  }
  Mock mock(arguments);
  ControlClient client(mock.url());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (uploads_in(client, "created") < count && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_EQ(uploads_in(client, "created"), count);
  EXPECT_EQ(uploads_in(client, "complete"), 1);
  const auto page = client.get("/_mock/uploads?limit=100").json;
  EXPECT_EQ(page.at("uploads").size(), 100U);
  EXPECT_EQ(client.get("/_mock/uploads?after=" + page.at("next").get<std::string>())
                .json.at("uploads")
                .size(),
            51U);

  EXPECT_EQ(client.post("/_mock/reset").status, 204);
  EXPECT_EQ(uploads_in(client, "created"), 0);
  EXPECT_EQ(uploads_in(client, "complete"), 0);
  EXPECT_EQ(client.get("/_mock/uploads").json.at("uploads").size(), 0U);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_NE(entry.path().extension(), ".info") << entry.path();
}

TEST(ControlLog, TellsPeopleUploadLaneAndRules) {
  testkit::ChildProcess process({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--profile", "tus",
                                 "--store", "memory", "--log-level", "debug"});
  ControlClient client(process.wait_ready());
  client.put("/_mock/lanes/blue");
  client.post("/_lane/blue/_mock/rules",
              R"({"name": "busy", "when": {"method": "PATCH"},
                  "then": {"reply": {"early": true, "status": 503}}})");
  const auto upload = client.create(3, {}, "/_lane/blue");
  EXPECT_EQ(client.patch(upload, 0, "abc").status, 503);
  process.signal(SIGTERM);
  process.wait();
  EXPECT_THAT(process.err(), HasSubstr(", upload " + ControlClient::id_of(upload) + ", lane blue"));
  EXPECT_THAT(process.err(), HasSubstr(", lane blue, rules busy\n"));
}

TEST(ControlLog, IsOneObjectALineWhateverClientsSend) {
  testkit::ChildProcess process({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--profile", "tus",
                                 "--store", "memory", "--log-level", "debug", "--log-format",
                                 "json", "--run-id", "run.1", "--fault", "lost-ack"});
  const auto url = process.wait_ready();
  ControlClient client(url);
  const auto upload = client.create(3);
  client.patch(upload, 0, "abc");
  auto raw = transport::RawConnection::open(url, {}, std::chrono::seconds{10});
  ASSERT_TRUE(raw);
  const std::string head =
      "X\x1b]0;evil\x07 /files/\x1b[31m\xff%0d%0a HTTP/1.1\r\nHost: a\r\nX-Dex-Lane: "
      "\x1b[2J\r\n\r\n";
  ASSERT_TRUE(raw->send(head, std::chrono::seconds{10}));
  static_cast<void>(raw->read_response(std::chrono::seconds{10}));
  client.send("GET", "/files/%1b%5b31m%0a?password=s3cret");
  process.signal(SIGTERM);
  process.wait();

  std::istringstream lines(process.err());
  std::string line;
  int exchanges = 0;
  while (std::getline(lines, line)) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    EXPECT_EQ(json.at("run_id"), "run.1");
    for (const char* key : {"time", "level"}) EXPECT_TRUE(json.contains(key)) << line;
    if (json.contains("message")) continue;
    ++exchanges;
    EXPECT_TRUE(json.contains("lane") && json.contains("upload")) << line;
    if (json.at("method") == "PATCH" || json.at("method") == "POST") {
      EXPECT_EQ(json.at("upload"), ControlClient::id_of(upload));
    }
  }
  EXPECT_GE(exchanges, 3);
  EXPECT_THAT(process.err(), Not(HasSubstr("s3cret")));
  for (const char c : process.err()) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  }
}

}  // namespace
