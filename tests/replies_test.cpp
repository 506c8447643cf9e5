// compare_replies: reading lists of requests, comparing replies, and the program itself against the
// mock.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "control_client.hpp"
#include "player.hpp"
#include "programs.hpp"
#include "reply.hpp"
#include "request_list.hpp"
#include "testkit/scripted_server.hpp"

namespace {

using namespace replies;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

const fs::path lists = fs::path(DEX_FIXTURES) / "requests";
const fs::path profiles = fs::path(DEX_FIXTURES) / "profiles";

std::vector<Case> list(const std::string& cases, const std::string& more = {}) {
  const auto parsed =
      parse_list(R"({"description": "d", "cases": [)" + cases + "]" + more + "}", "my.json");
  EXPECT_TRUE(parsed) << parsed.error().line();
  return parsed.value_or(std::vector<Case>{});
}

std::string error_of(const std::string& text) {
  const auto parsed = parse_list(text, "my.json");
  return parsed ? "(taken)" : parsed.error().line();
}

/// The bytes of the only request of the only case, sent to the host "h".
std::string bytes(const std::string& request, const std::string& more = {}) {
  const auto cases = list(R"({"name": "a", "requests": [)" + request + "]}", more);
  if (cases.empty()) return "";
  return bytes_of(cases[0].requests[0],
                  [](std::string_view name) {
                    return name == "host" ? std::optional<std::string>("h") : std::nullopt;
                  })
      .value_or("(unknown)");
}

TEST(RequestList, IsSentAsItIsWritten) {
  EXPECT_EQ(bytes(R"({"send": "GET /a"})"), "GET /a HTTP/1.1\r\n\r\n");
  EXPECT_EQ(bytes(R"({"send": "GET /a HTTP/1.0", "with": ["Host:{host}", " x"]})"),
            "GET /a HTTP/1.0\r\nHost:h\r\n x\r\n\r\n");
  EXPECT_EQ(bytes(R"({"raw": "{hex:00ff0a} {x {\"y\": 1}"})"),
            std::string("\0\xff\n {x {\"y\": 1}", 15));
  EXPECT_EQ(bytes(R"({"send": "GET /", "with": ["A: {base64:x{repeat:3:y}}"]})"),
            "GET / HTTP/1.1\r\nA: eHl5eQ==\r\n\r\n");
}

TEST(RequestList, ABodyIsDelimitedUnlessALineSaysHow) {
  EXPECT_EQ(bytes(R"({"send": "POST /", "body": "hello"})"),
            "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(bytes(R"({"send": "POST /", "body": ""})"),
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(bytes(R"({"send": "POST /", "with": ["content-length: 9"], "body": "hello"})"),
            "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nhello");
  EXPECT_EQ(bytes(R"({"send": "POST /", "chunks": ["hello", "world!"]})"),
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\nworld!\r\n"
            "0\r\n\r\n");
  EXPECT_EQ(bytes(R"({"send": "POST /", "with": ["Content-Length: 0"], "chunks": []})"),
            "POST / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST(RequestList, LinesOfTheListGiveWayToThoseOfTheRequest) {
  const std::string more = R"(, "always": ["Host: {host}", "V: 1"], "groups": {"g": ["A: 1"]})";
  EXPECT_EQ(bytes(R"({"send": "GET /"})", more), "GET / HTTP/1.1\r\nHost: h\r\nV: 1\r\n\r\n");
  EXPECT_EQ(bytes(R"({"send": "GET /", "with": ["@g", "v: 2"]})", more),
            "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nv: 2\r\n\r\n");
  EXPECT_EQ(bytes(R"({"send": "GET /", "without": ["host"]})", more),
            "GET / HTTP/1.1\r\nV: 1\r\n\r\n");
  EXPECT_EQ(bytes(R"({"send": "GET /", "bare": true, "with": ["@g"]})", more),
            "GET / HTTP/1.1\r\nA: 1\r\n\r\n");
}

TEST(RequestList, OneCaseStandsForAsManyAsItVaries) {
  const auto cases = list(
      R"({"name": "a", "vary": ["x", "lines"], "as": {"one": ["1", ["L: {x}"]], "two": ["2", []]},
          "requests": [{"send": "GET /{x}", "with": ["{lines}"]}]})");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[0].name, "a/one");
  EXPECT_EQ(cases[0].requests[0].line, "GET /1 HTTP/1.1");
  EXPECT_THAT(cases[0].requests[0].fields, ElementsAre("L: 1"));
  EXPECT_EQ(request_name(cases[1], 0), "a/two#1");
  EXPECT_THAT(cases[1].requests[0].fields, IsEmpty());
}

TEST(RequestList, RefusesWhatCannotBeMeant) {
  const auto with = [](const std::string& one) {
    return R"({"description": "d", "cases": [)" + one + "]}";
  };
  const std::pair<std::string, const char*> cases[] = {
      {"", "my.json"},
      {R"({"cases": []})", "description"},
      {R"({"description": "d", "cases": []})", "must not be empty"},
      {with(R"({"name": "A", "requests": []})"), "cases[0].name"},
      {with(R"({"name": "a", "requests": []})"), "cases[0].requests"},
      {with(R"({"name": "a", "requests": [{}]})"), "either send or raw"},
      {with(R"({"name": "a", "requests": [{"raw": "x", "body": "y"}]})"), "raw is all"},
      {with(R"({"name": "a", "requests": [{"send": "GET /", "body": "y", "chunks": []}]})"),
       "there is a body already"},
      {with(R"({"name": "a", "requests": [{"send": "GET /{uplod}"}]})"), "nothing before it gives"},
      {with(R"({"name": "a", "requests": [{"send": "GET /{hex:0}"}]})"), "take an argument"},
      {with(R"({"name": "a", "requests": [{"send": "GET /{wrong:0}"}]})"), "take an argument"},
      {with(R"({"name": "a", "requests": [{"send": "GET /", "with": ["@g"]}]})"), "no group 'g'"},
      {with(R"({"name": "a", "vary": "x", "requests": [{"send": "GET /"}]})"), "belong together"},
      {with(R"({"name": "a", "vary": ["x", "y"], "as": {"l": ["1"]}, "requests": []})"),
       "expected 2 values"},
  };
  for (const auto& [text, says] : cases) {
    EXPECT_THAT(error_of(text), testing::AllOf(HasSubstr("my.json"), HasSubstr(says))) << text;
  }
}

TEST(RequestList, WhatIsCreatedCanBeNamedAfterwards) {
  const auto cases = list(
      R"({"name": "a", "requests": [{"send": "POST /", "as": "one"}, {"send": "GET {one.url}"}]})");
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_FALSE(bytes_of(cases[0].requests[1], [](auto) { return std::nullopt; }));
}

TEST(RequestList, TheFingerprintChangesWithWhatIsSent) {
  const auto one = [](const char* body, const char* note) {
    return fingerprint(list(fmt::format(
        R"({{"name": "a", "note": "{}", "requests": [{{"send": "GET /", "body": "{}"}}]}})", note,
        body)));
  };
  EXPECT_EQ(one("x", "n"), one("x", "m"));
  EXPECT_NE(one("x", "n"), one("y", "n"));
}

TEST(RequestFixtures, HoldMoreThanAThousandRequests) {
  const auto cases = load_lists({lists.string()});
  ASSERT_TRUE(cases) << cases.error().line();
  std::size_t all = 0;
  std::size_t plain = 0;
  for (const auto& one : *cases) {
    all += one.requests.size();
    if (!one.dex_only) plain += one.requests.size();
  }
  EXPECT_GT(plain, 1000U);
  EXPECT_GT(all - plain, 250U);
}

TEST(RequestFixtures, WhatIsRecordedWasAskedSo) {
  std::size_t records = 0;
  for (const auto& entry : fs::directory_iterator(lists / "recorded")) {
    if (entry.path().string().ends_with(".schema.json")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    ++records;
    const auto record = nlohmann::json::parse(std::ifstream(entry.path()));
    auto cases = *load_lists({lists.string()});
    if (record.at("system") == "tus") {
      std::erase_if(cases, [](const Case& one) { return one.dex_only; });
    }
    EXPECT_EQ(record.at("list"), fingerprint(cases)) << "record it anew";
    std::set<std::string> asked;
    for (const auto& one : cases) {
      for (std::size_t i = 0; i < one.requests.size(); ++i) asked.insert(request_name(one, i));
    }
    std::set<std::string> answered;
    for (const auto& reply : record.at("replies")) {
      for (const auto& name : reply.at("to")) {
        EXPECT_TRUE(answered.insert(name.get<std::string>()).second) << name;
      }
    }
    EXPECT_EQ(answered, asked);
    EXPECT_FALSE(record.at("server").get<std::string>().empty());
    EXPECT_FALSE(record.at("commands").empty());
  }
  EXPECT_GE(records, 2U);
}

TEST(RequestFixtures, TheSchemaNamesEveryKeyThatIsRead) {
  const auto schema = nlohmann::json::parse(std::ifstream(lists / "request-list.schema.json"));
  const auto mentions = [](const nlohmann::json& document, const std::string& key) {
    EXPECT_THAT(error_of(document.dump()), HasSubstr(key));
  };
  const nlohmann::json request{{"send", "GET /"}};
  const nlohmann::json one{{"name", "a"}, {"requests", {request}}};
  const nlohmann::json root{{"description", "d"}, {"cases", {one}}};
  // If the reader knows a key, it complains about the type of its value there.
  const nlohmann::json wrong = 1.5;
  for (const auto& [key, value] : schema.at("properties").items()) {
    if (key == "$schema") continue;
    auto document = root;
    document[key] = wrong;
    mentions(document, key);
  }
  for (const auto& [key, value] : schema.at("$defs").at("case").at("properties").items()) {
    auto document = root;
    document["cases"][0][key] = wrong;
    if (key == "vary") document["cases"][0]["as"] = {{"l", "1"}};
    if (key == "as") document["cases"][0]["vary"] = "x";
    mentions(document, key);
  }
  for (const auto& [key, value] : schema.at("$defs").at("request").at("properties").items()) {
    auto document = root;
    document["cases"][0]["requests"][0][key] = wrong;
    if (key == "raw") document["cases"][0]["requests"][0].erase("send");
    mentions(document, key);
  }
}

transport::Response response(int status, http::Fields headers, std::string body = {}) {
  transport::Response made;
  made.version = "HTTP/1.1";
  made.status = status;
  made.reason = "R";
  made.headers = std::move(headers);
  made.body_size = Bytes{body.size()};
  made.body = std::move(body);
  return made;
}

Seen seen(transport::Response made) {
  Seen all;
  all.response = std::move(made);
  all.afterwards = "kept";
  return all;
}

TEST(Reply, TellsWhatAServerMakesUpByName) {
  Normaliser normaliser("127.0.0.1:80");
  normaliser.name("abc", "upload");
  EXPECT_EQ(normaliser.text("http://127.0.0.1:80/files/abc"), "http://{host}/files/{upload}");
  EXPECT_EQ(normaliser.text("Sat, 28 Nov 2026 09:57:25 GMT"), "{date}");
  EXPECT_EQ(normaliser.text("2026-11-28T09:57:25.123Z and 2026-11-28T09:57:25+01:00"),
            "{time}Z and {time}+01:00");
  EXPECT_EQ(normaliser.text("/d/2026/11/28/a"), "/d/{day}/a");
  EXPECT_EQ(normaliser.text("open a.lock.123456: no"), "open a.lock.{number}: no");
  const std::string one = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
  EXPECT_EQ(normaliser.text(one + " " + std::string(32, 'a') + " " + one),
            "{uuid1} {uuid2} {uuid1}");
  EXPECT_EQ(normaliser.text("a\xff"), "a\\xff");
  EXPECT_THAT(normaliser.text(std::string(100'000, 'a')), HasSubstr("100000 bytes"));
}

TEST(Reply, IsComparedAspectByAspect) {
  Normaliser normaliser("here:80");
  EXPECT_THAT(
      normaliser.reply(seen(response(
          200, {{"upload-offset", "5"}, {"Content-Length", "2"}, {"A", "2"}, {"a", "1"}}, "hi"))),
      UnorderedElementsAre(Pair("status", "200 R"), Pair("version", "HTTP/1.1"),
                           Pair("Upload-Offset", "5"), Pair("Content-Length", "{size}"),
                           Pair("A", "1 and again 2"), Pair("body", "hi"),
                           Pair("afterwards", "kept")));
}

TEST(Reply, TheSizeOfABodyCountsWhereItIsWrongOrAllThereIs) {
  Normaliser normaliser("here:80");
  EXPECT_EQ(
      normaliser.reply(seen(response(200, {{"Content-Length", "3"}}, "hi")))["Content-Length"],
      "3");
  auto head = seen(response(200, {{"Content-Length", "9"}}));
  head.head_request = true;
  EXPECT_EQ(normaliser.reply(head)["Content-Length"], "9");
  head.response->headers.add("Content-Type", "application/json");
  EXPECT_EQ(normaliser.reply(head)["Content-Length"], "{size}");
}

TEST(Reply, AJsonBodyIsComparedByItsMembers) {
  Normaliser normaliser("here:80");
  const auto reply =
      normaliser.reply(seen(response(200, {},
                                     R"({"a": {"b": [1, "http://here:80/"]}, "c": [], "d": null})"
                                     "\n")));
  EXPECT_EQ(reply.at("body /a/b/0"), "1");
  EXPECT_EQ(reply.at("body /a/b/1"), R"("http://{host}/")");
  EXPECT_EQ(reply.at("body /c"), "[]");
  EXPECT_EQ(reply.at("body /d"), "null");
  EXPECT_EQ(reply.at("body"), "JSON and a line feed");
}

TEST(Reply, APageIsNotKeptWordByWord) {
  Normaliser normaliser("here:80");
  const auto page = [&](const std::string& host) {
    return normaliser.reply(seen(response(200, {}, host + std::string(300, 'a')))).at("body");
  };
  EXPECT_THAT(page("here:80"), HasSubstr("a text of 306 bytes"));
  EXPECT_EQ(page("here:80"), page("{host}"));
  EXPECT_NE(page("here:80"), page("(host)"));
}

TEST(Reply, OfMetricsOnlyTheFamiliesCount) {
  Normaliser normaliser("here:80");
  const auto reply = normaliser.reply(
      seen(response(200, {}, "# HELP a text\n# TYPE a gauge\na 1\n# TYPE b counter\nb{c=\"d\"} 2")),
      Request::Body::families);
  EXPECT_EQ(reply.at("body a"), " gauge");
  EXPECT_EQ(reply.at("body b"), " counter");
  EXPECT_FALSE(reply.contains("body"));
}

TEST(Reply, MetadataHasNoOrder) {
  Normaliser normaliser("here:80");
  normaliser.name("abc", "upload");
  // "YWJj" is the Base64 of "abc".
  const auto reply =
      normaliser.reply(seen(response(200, {{"Upload-Metadata", "n YQ==,id YWJj,a "}})));
  EXPECT_EQ(reply.at("Upload-Metadata"), "a,id = {upload},n YQ==");
}

TEST(Reply, ACutOrMissingOneIsToldAsSuch) {
  Normaliser normaliser("here:80");
  Seen none;
  none.ended = "reset";
  EXPECT_THAT(normaliser.reply(none), ElementsAre(Pair("status", "none: reset")));
  auto cut = seen(response(200, {{"Content-Length", "5"}}, "he"));
  cut.whole = false;
  cut.ended = "closed";
  const auto reply = normaliser.reply(cut);
  EXPECT_EQ(reply.at("Content-Length"), "5");
  EXPECT_EQ(reply.at("body"), "cut off after 2 bytes: closed");
}

TEST(Reply, DiffersWhereOneOfTheTwoHasSomethingElse) {
  const auto all = differences({{"a", "1"}, {"b", "1"}}, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].aspect, "b");
  EXPECT_EQ(all[0].a, "1");
  EXPECT_EQ(all[0].b, "2");
  EXPECT_EQ(all[1].aspect, "c");
  EXPECT_FALSE(all[1].a);
}

TEST(Known, HasAReasonForWhatItNamesAndNothingElse) {
  auto known = Known::parse(R"({"name": "other members are nobody's business", "not_reproduced": [
      {"requirement": "HTTP-001", "reason": "someone else's"},
      {"requests": ["a/*", "b#1"], "in": ["body*", "status"], "reason": "because"}]})",
                            "my.json");
  ASSERT_TRUE(known) << known.error().line();
  ASSERT_NE(known->reason("a/x#2", "body /y"), nullptr);
  EXPECT_EQ(*known->reason("a/x#2", "body"), "because");
  EXPECT_EQ(known->reason("a/x#2", "Date"), nullptr);
  EXPECT_EQ(known->reason("b#2", "status"), nullptr);
  EXPECT_THAT(known->stale(), ElementsAre(HasSubstr("b#1"), HasSubstr("status")));
  EXPECT_NE(known->reason("b#1", "status"), nullptr);
  EXPECT_THAT(known->stale(), IsEmpty());
}

TEST(Known, NeedsReasons) {
  const auto known =
      Known::parse(R"({"not_reproduced": [{"requests": [], "in": [], "reason": ""}]})", "my.json");
  ASSERT_FALSE(known);
  EXPECT_THAT(known.error().line(), HasSubstr("not_reproduced[0].reason"));
}

TEST(FormOfId, IsToldApart) {
  EXPECT_EQ(form_of_id("6ba7b810-9dad-41d1-80b4-00c04fd430c8"), "UUID");
  EXPECT_EQ(form_of_id(std::string(32, 'f')), "32 hexadecimal digits");
  EXPECT_EQ(form_of_id("a"), "other");
}

constexpr const char* kept_alive = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// The reply of a server that plays `script`. On the connection before, reach() asks whether it
/// answers at all.
Reply played(testkit::ScriptedServer::Script script, const std::string& request) {
  testkit::ScriptedServer scripted({testkit::answer(kept_alive), std::move(script)});
  const auto server = Server::reach(scripted.url(), {}, "");
  EXPECT_TRUE(server) << server.error().line();
  const auto cases = list(R"({"name": "a", "requests": [)" + request + "]}");
  const auto replies = server->play(cases.at(0));
  EXPECT_THAT(scripted.problems(), IsEmpty());
  return replies.at(0).value_or(Reply{});
}

TEST(Player, TellsWhatBecomesOfTheConnection) {
  const std::string get = R"({"send": "GET /"})";
  const auto afterwards = [&](testkit::ScriptedServer::Script script) {
    return played(std::move(script), get)["afterwards"];
  };
  EXPECT_EQ(afterwards(testkit::answers({kept_alive})), "kept");
  EXPECT_EQ(afterwards(testkit::answer(kept_alive)), "closed");
  EXPECT_EQ(
      afterwards(testkit::answers({kept_alive, "HTTP/1.1 400 R\r\nContent-Length: 0\r\n\r\n"})),
      "kept, but the next request got 400");
  EXPECT_EQ(afterwards(testkit::answer(std::string(kept_alive) + kept_alive)),
            "one more reply: 200");
  EXPECT_EQ(afterwards(testkit::answer("HTTP/1.1 204 R\r\n\r\nhello")), "bytes that are no reply");
  EXPECT_EQ(afterwards([](testkit::Peer& peer) {
              peer.read_request();
              peer.send("HTTP/1.1 200 R\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
              peer.reset();
            }),
            "closed");
  EXPECT_EQ(afterwards([](testkit::Peer& peer) {
              peer.read_request();
              peer.send("HTTP/1.1 200 R\r\nContent-Length: 0\r\n\r\n");
              peer.reset();
            }),
            "reset");
}

TEST(Player, TellsWhatCameOfAReplyThatIsNotWhole) {
  const std::string get = R"({"send": "GET /", "patience_ms": 200})";
  EXPECT_EQ(played([](testkit::Peer& peer) { peer.read_request(); }, get)["status"],
            "none: closed");
  const auto stall = [](testkit::Peer& peer) {
    peer.read_request();
    peer.stall();
  };
  EXPECT_EQ(played(stall, get)["status"], "none: silent");
  const auto cut = played(testkit::answer("HTTP/1.1 200 R\r\nContent-Length: 5\r\n\r\nhe"), get);
  EXPECT_EQ(cut.at("body"), "cut off after 2 bytes: closed");
  EXPECT_EQ(cut.at("afterwards"), "closed");
}

TEST(Player, NamesTheUploadThatWasCreated) {
  const std::string created = "HTTP/1.1 201 R\r\nLocation: /files/aaaa?b\r\n\r\n";
  std::string asked;
  testkit::ScriptedServer scripted(
      {testkit::answer(kept_alive), testkit::answer(created), [&asked](testkit::Peer& peer) {
         asked = peer.read_request();
         peer.send("HTTP/1.1 200 R\r\nContent-Length: 4\r\n\r\naaaa");
       }});
  const auto server = Server::reach(scripted.url(), {}, "");
  ASSERT_TRUE(server) << server.error().line();
  const auto cases = list(
      R"({"name": "a", "requests": [{"send": "POST /"}, {"send": "GET {upload.url} {upload}"}]})");
  const auto replies = server->play(cases.at(0));
  EXPECT_EQ(replies.at(0)->at("Location"), "/files/{upload}?b");
  EXPECT_EQ(replies.at(0)->at("id"), "other");
  EXPECT_THAT(asked, HasSubstr("GET /files/aaaa?b aaaa HTTP/1.1"));
  EXPECT_EQ(replies.at(1)->at("body"), "{upload}");
}

TEST(Player, WhatCannotBeNamedIsNotAsked) {
  testkit::ScriptedServer scripted(testkit::answers({kept_alive}));
  const auto server = Server::reach(scripted.url(), {}, "");
  ASSERT_TRUE(server) << server.error().line();
  const auto cases =
      list(R"({"name": "a", "requests": [{"send": "POST /"}, {"send": "GET /{upload}"}]})");
  EXPECT_FALSE(server->play(cases.at(0)).at(1));
}

TEST(Player, AsksAgainUntilTheReplyHoldsWhatItIsToHold) {
  testkit::ScriptedServer scripted(
      {testkit::answer(kept_alive), testkit::answer(kept_alive),
       testkit::answer("HTTP/1.1 200 R\r\nContent-Length: 5\r\n\r\nready")});
  const auto server = Server::reach(scripted.url(), {}, "");
  ASSERT_TRUE(server) << server.error().line();
  const auto cases = list(R"({"name": "a", "requests": [{"send": "GET /", "until": "ready"}]})");
  EXPECT_EQ(server->play(cases.at(0)).at(0)->at("body"), "ready");
}

testkit::Finished compare(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), DEX_COMPARE_REPLIES);
  return testkit::run(std::move(arguments), {}, std::chrono::seconds{280});
}

/// The program with a small list, against servers that answer by a script.
class Program : public testing::Test {
 protected:
  testkit::TempFolder folder_;
  std::string list_ = folder_.write(
      "list.json",
      R"({"description": "d", "cases": [{"name": "a", "requests": [{"send": "GET /"}]}]})");
  testkit::ScriptedServer one_{testkit::answers({kept_alive})};
  testkit::ScriptedServer same_{testkit::answers({kept_alive})};
  testkit::ScriptedServer other_{
      testkit::answers({"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nho"})};

  [[nodiscard]] testkit::Finished differing(std::vector<std::string> more) const {
    more.insert(more.end(), {"--a", one_.url(), "--b", other_.url(), list_});
    return compare(std::move(more));
  }
};

TEST_F(Program, SaysWhenNothingDiffers) {
  const auto run = compare({"--a", one_.url(), "--b", same_.url(), list_});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(run.out, "1 replies, 0 differ\n");
}

TEST_F(Program, SaysWhatDiffers) {
  const auto json = folder_.path() / "out.json";
  const auto run = differing({"--json", json.string()});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.out, HasSubstr("a#1: GET / HTTP/1.1\n"));
  EXPECT_THAT(run.out, HasSubstr("status\n    a  200 OK\n    b  404 No\n"));
  EXPECT_THAT(run.out, HasSubstr("1 replies, 1 differ\n"));
  const auto report = nlohmann::json::parse(std::ifstream(json));
  EXPECT_EQ(report.at("differing"), 1);
  EXPECT_EQ(report.at("requests").at(0).at("request"), "a#1");
}

TEST_F(Program, WhatIsKnownIsNotRedAndWhatIsKnownInVainIs) {
  const auto known = [this](const std::string& requests, const std::string& in) {
    return folder_.write("known.json", R"({"not_reproduced": [{"requests": [")" + requests +
                                           R"("], "in": [)" + in + R"(], "reason": "so it is"}]})");
  };
  auto run = differing({"--known", known("a#1", R"("status", "body")")});
  EXPECT_EQ(run.exit_code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("so it is"));
  EXPECT_THAT(run.out, HasSubstr("1 replies, 1 differ, 0 of them not as known\n"));
  run = differing({"--known", known("a#1", R"("status")")});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("1 of them not as known"));
  run = differing({"--known", known("a#1", R"("status", "body", "Date")")});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("not needed any more: not_reproduced[0].in: Date"));
}

TEST_F(Program, ARecordStandsForTheServer) {
  const auto file = folder_.write(
      "record.json", R"({"server": "one that a person describes", "commands": ["c"]})");
  auto run = compare({"--a", one_.url(), "--record", file, list_});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(std::ifstream(file)).at("server"), "one that a person describes");
  EXPECT_EQ(compare({"--against", file, "--b", same_.url(), list_}).exit_code, 0);
  EXPECT_EQ(compare({"--against", file, "--b", other_.url(), list_}).exit_code, 1);
  folder_.write(
      "list.json",
      R"({"description": "d", "cases": [{"name": "a", "requests": [{"send": "PUT /"}]}]})");
  run = compare({"--against", file, "--b", same_.url(), list_});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("record it anew"));
}

TEST_F(Program, ShowsTheRequests) {
  const auto run = compare({"--show", "a", list_});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "a#1\nGET / HTTP/1.1\r\n\r\n\n\n");
}

TEST_F(Program, SaysInOneLineWhatIsWrongWithItsArguments) {
  for (const auto& [arguments, code, says] :
       std::vector<std::tuple<std::vector<std::string>, int, std::string>>{
           {{}, 2, "LIST"},
           {{list_}, 2, "nothing to compare with"},
           {{"--a", one_.url(), list_}, 2, "nothing to compare with"},
           {{"--a", one_.url(), "--b", same_.url(), "no/such"}, 2, "no/such"},
           {{"--a", one_.url() + "/files", "--b", same_.url(), list_}, 2, "has a path"},
           {{"--a", one_.url(), "--b", same_.url(), "--only", "z", list_}, 2, "no case is left"},
           {{"--a", one_.url(), "--b", same_.url(), "--known", list_, list_}, 2, "not_reproduced"},
           {{"--a", "http://127.0.0.1:1", "--b", same_.url(), list_}, 3, "cannot be connected"},
       }) {
    const auto run = compare(arguments);
    EXPECT_EQ(run.exit_code, code) << says << run.out << run.err;
    EXPECT_THAT(run.err + run.out, HasSubstr(says));
  }
}

/// The mock gets all of the lists twice, and its answers must not depend on chance.
class EveryProfile : public testing::TestWithParam<std::string> {};
TEST_P(EveryProfile, AnswersTheSameTwice) {
  const testkit::TempFolder folder;
  const auto store = (folder.path() / "store").string();
  const programs::Mock mock({"--profile", GetParam(), "--store", store});
  const auto profile = nlohmann::json::parse(std::ifstream(profiles / (GetParam() + ".json")));
  programs::leave_out_chance(mock, profile);
  const auto run =
      compare({"--a", mock.url(), "--b", mock.url(), "--system",
               profile.at("system").get<std::string>(), "--jobs", "16", lists.string()});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr(", 0 differ\n"));
}
/// The names of the JSON documents in a folder, without ".json".
std::vector<std::string> documents(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json")) {
      names.push_back(entry.path().stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}
std::string name_of_test(const testing::TestParamInfo<std::string>& one) {
  auto name = one.param;
  std::ranges::replace(name, '-', '_');
  std::ranges::replace(name, '.', '_');
  return name;
}
/// The profiles of the systems that the lists are for.
std::vector<std::string> profiles_asked() {
  auto names = documents(profiles);
  std::erase_if(names, [](const std::string& name) {
    const auto profile = nlohmann::json::parse(std::ifstream(profiles / (name + ".json")));
    return profile.at("system") != "dex" && profile.at("system") != "tus";
  });
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, EveryProfile, testing::ValuesIn(profiles_asked()), name_of_test);

/// The differences that are not known: request and aspect, then both values.
std::string unknown_differences(const nlohmann::json& report) {
  std::string lines;
  for (const auto& request : report.at("requests")) {
    for (const auto& one : request.at("differences")) {
      if (one.contains("known")) continue;
      lines += fmt::format("{} in {}\n  real  {}\n  mock  {}\n",
                           request.at("request").get<std::string>(),
                           one.at("in").get<std::string>(), one.at("a").dump(), one.at("b").dump());
    }
  }
  return lines;
}

/// The mock under the profile of a real server gives the replies that are on record of that server,
/// but for those that the profile lists in not_reproduced. An entry that is no longer needed is a
/// failure too.
class RealServer : public testing::TestWithParam<std::string> {};
TEST_P(RealServer, IsReproducedButForWhatItsProfileLists) {
  const testkit::TempFolder folder;
  const auto store = (folder.path() / "store").string();
  const auto json = (folder.path() / "report.json").string();
  const auto profile = profiles / (GetParam() + ".json");
  const programs::Mock mock({"--profile", GetParam(), "--store", store});
  programs::leave_out_chance(mock, nlohmann::json::parse(std::ifstream(profile)));
  const auto run = compare({"--against", (lists / "recorded" / (GetParam() + ".json")).string(),
                            "--b", mock.url(), "--b-folder", store + "/deliveries", "--known",
                            profile.string(), "--json", json, "--jobs", "16", lists.string()});
  ASSERT_TRUE(fs::exists(json)) << run.out << run.err;
  const auto report = nlohmann::json::parse(std::ifstream(json));
  EXPECT_EQ(unknown_differences(report), "");
  EXPECT_EQ(report.at("stale"), nlohmann::json::array()) << "take it out of not_reproduced";
  fmt::print("{}: {} replies, {} differ as known\n", GetParam(), report.at("replies").get<int>(),
             report.at("differing").get<int>());
}
INSTANTIATE_TEST_SUITE_P(All, RealServer, testing::ValuesIn(documents(lists / "recorded")),
                         name_of_test);

}  // namespace
