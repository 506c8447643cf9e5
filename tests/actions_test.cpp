// What rules do to bytes, replies and connections, as clients see it: misbehaviours of
// fixtures/misbehaviours, each in a lane of its own of one server, compared with a lane without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"
#include "protocol/base64.hpp"
#include "transport/raw_connection.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using programs::Answer;
using programs::ControlClient;
using testing::ElementsAre;
using testing::HasSubstr;
using transport::RawConnection;

constexpr Milliseconds patience = 20s;
constexpr Milliseconds a_moment = 500ms;
const http::Fields from_page{{"Origin", "https://page.example"}};

class ActionsTest : public testing::Test {
 protected:
  /// Opens a lane and returns its prefix.
  std::string lane(const std::string& name, json config) {
    if (!config.contains("profile")) config["profile"] = "tus";
    const auto answer = client_.put("/_mock/lanes/" + name, config.dump());
    EXPECT_EQ(answer.status, 201) << answer.body;
    if (config.contains("listen")) listener_ = answer.json.at("listener");
    return "/_lane/" + name;
  }
  std::string lane_of(const std::string& kind, const std::string& name, json config = {}) {
    config[kind] = {name};
    return lane(name, std::move(config));
  }

  /// Creates an upload and sends all of its bytes; returns its URL.
  std::string upload(const std::string& base, const std::string& bytes, http::Fields more = {}) {
    const auto url = client_.create(bytes.size(), std::move(more), base);
    EXPECT_EQ(client_.patch(url, 0, bytes).status, 204);
    return url;
  }

  /// The contents of the delivered files of two uploads; the second is sent when the first is
  /// delivered.
  std::vector<std::string> delivered(const std::string& base) {
    std::vector<std::string> places;
    for (const auto& [name, bytes] :
         {std::pair{"a.csv", "0123456789"}, std::pair{"b.csv", "abcdefghij"}}) {
      const auto id = ControlClient::id_of(upload(base, bytes, manifest(name)));
      places.push_back(place_of(base, id));
    }
    std::vector<std::string> files;
    for (const auto& place : places) files.push_back(testkit::read_file(place));
    return files;
  }
  std::string place_of(const std::string& base, const std::string& id) {
    const auto end = std::chrono::steady_clock::now() + patience;
    do {
      const auto told = client_.get(base + "/info/" + id).json;
      const auto deliveries = told.is_object() ? told.value("deliveries", json()) : json();
      if (deliveries.is_array() && !deliveries.empty()) {
        EXPECT_EQ(deliveries[0].at("status"), "SUCCESS");
        return deliveries[0].at("location");
      }
      std::this_thread::yield();
    } while (std::chrono::steady_clock::now() < end);
    ADD_FAILURE() << id << " is not delivered";
    return "nowhere";
  }
  static http::Fields manifest(const std::string& name) {
    const std::pair<const char*, std::string> all[] = {
        {"version", "2.0"},         {"data_stream_id", "dextesting"},
        {"sender_id", "s"},         {"data_stream_route", "testevent1"},
        {"data_producer_id", "p"},  {"jurisdiction", "j"},
        {"received_filename", name}};
    std::string header;
    for (const auto& [key, value] : all)
      header += (header.empty() ? "" : ",") + std::string(key) + ' ' + base64::encode(value);
    return {{"Upload-Metadata", header}};
  }

  RawConnection::Read exchange(std::string_view method, const std::string& target,
                               http::Fields fields = {}, const std::string& body = {},
                               Milliseconds at_most = a_moment) {
    auto connection = RawConnection::open(mock_.url(), {}, patience).value();
    fields.add("Host", "h");
    fields.add("Tus-Resumable", "1.0.0");
    EXPECT_TRUE(connection.send(transport::request_head(method, target, fields) + body, patience));
    return connection.read_response(at_most);
  }

  testkit::TempFolder folder_;
  fs::path store_ = folder_.path() / "store";
  programs::Mock mock_{{"--profile", "tus", "--store", store_.string()}};
  ControlClient client_{mock_.url()};
  std::string listener_;  ///< of the last lane that has one
};

// ---- replies

constexpr auto allow_origin = "Access-Control-Allow-Origin";

TEST_F(ActionsTest, ABrowserSeesTheStatusOfARuleAndTheFieldsThatItAdds) {
  const auto twice = lane_of("faults", "allow-origin-twice");
  const auto create = [&](const std::string& base) {
    auto fields = from_page;
    fields.add("Tus-Resumable", "1.0.0");
    fields.add("Upload-Length", "5");
    return client_.send("POST", base + "/files", fields);
  };
  EXPECT_THAT(create("").headers.all(allow_origin), ElementsAre("https://page.example"));
  EXPECT_THAT(create(twice).headers.all(allow_origin), ElementsAre("https://page.example", "*"));

  const auto limited = [&](const std::string& base) {
    return client_.patch(client_.create(5, {}, base), 0, "hello", from_page);
  };
  const auto blind = limited(lane_of("faults", "rate-limit-without-cors"));
  EXPECT_EQ(blind.status, 429);
  EXPECT_THAT(blind.headers.all(allow_origin), ElementsAre());
  const auto open = lane("limited", {{"profile", "tus"}});
  EXPECT_EQ(client_
                .post(open + "/_mock/rules", R"({"name": "busy", "when": {"method": "PATCH"},
                  "then": {"reply": {"early": true, "status": 429}}})")
                .status,
            201);
  const auto told = limited(open);
  EXPECT_EQ(told.status, 429);
  EXPECT_THAT(told.headers.all(allow_origin), ElementsAre("https://page.example"));
  EXPECT_THAT(told.header("Access-Control-Expose-Headers"), HasSubstr("Upload-Offset"));
}

TEST_F(ActionsTest, RepliesGoAheadOfTheReply) {
  const auto hints = exchange("OPTIONS", lane_of("faults", "hints-in-a-row") + "/files");
  ASSERT_TRUE(hints.response.has_value());
  EXPECT_EQ(hints.response->status / 100, 2);
  ASSERT_EQ(hints.interims.size(), 2U);
  EXPECT_EQ(hints.interims[1].status, 103);
  EXPECT_EQ(hints.interims[1].headers.find("Link"), "</files>; rel=preconnect");

  const auto patch = [&](const std::string& url) {
    return exchange("PATCH", url.substr(url.find("/_lane")),
                    {{"Upload-Offset", "0"},
                     {"Content-Type", "application/offset+octet-stream"},
                     {"Content-Length", "5"}},
                    "hello", patience);
  };
  const auto slow = patch(client_.create(5, {}, lane_of("faults", "processing-102")));
  ASSERT_TRUE(slow.response.has_value());
  EXPECT_EQ(slow.response->status, 204);
  ASSERT_EQ(slow.interims.size(), 3U);
  EXPECT_EQ(slow.interims[2].status, 102);

  const auto url = client_.create(5, {}, lane_of("faults", "progress-ahead-of-disk"));
  const auto cut = patch(url);
  EXPECT_FALSE(cut.response.has_value());
  ASSERT_EQ(cut.interims.size(), 1U);
  EXPECT_EQ(cut.interims[0].headers.find("Upload-Offset"), "5");
  EXPECT_EQ(client_.head(url).header("Upload-Offset"), "1");
}

TEST_F(ActionsTest, TheEndOfABodyIsNotWhereItIsToldOrNotTold) {
  using Seen = RawConnection::Seen;
  const auto bare = exchange("GET", lane_of("faults", "reply-without-length") + "/nowhere");
  ASSERT_TRUE(bare.response.has_value());
  EXPECT_FALSE(bare.response->headers.has("Content-Length"));
  EXPECT_EQ(bare.response->body, "404 page not found\n");

  const json dex{{"profile", "dex"}};
  const auto info = [&](const std::string& base) { return exchange("GET", base + "/info/none"); };
  const auto plain = lane("plain", dex);
  const auto sound = info(plain);
  ASSERT_TRUE(sound.response.has_value());
  EXPECT_FALSE(sound.response->body.empty());
  EXPECT_EQ(info(lane_of("faults", "reply-length-too-long", dex)).seen, Seen::timeout);
  const auto shorter = info(lane_of("faults", "reply-length-too-short", dex));
  ASSERT_TRUE(shorter.response.has_value());
  EXPECT_EQ(shorter.response->body.size() + 1, sound.response->body.size());
}

TEST_F(ActionsTest, LatencyIsDrawnAsRecorded) {
  const auto slow = lane("slow", {{"profile", "tus"}});
  const auto loaded = client_.post(slow + "/_mock/rules", R"({"name": "slow",
      "then": {"pace": {"reply": {"p50": "150ms", "p99": "150ms"}}}})");
  EXPECT_EQ(loaded.status, 201) << loaded.body;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client_.send("OPTIONS", slow + "/files").status / 100, 2);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
}

// ---- bytes

TEST_F(ActionsTest, WhatIsStoredOrDeliveredIsNotWhatWasSent) {
  const auto zeroed = lane_of("defects", "bytes-zeroed");
  EXPECT_EQ(client_.get(upload(zeroed, "hello")).body, std::string(5, '\0'));

  const json dex{{"profile", "dex"}};
  using Files = std::vector<std::string>;
  EXPECT_EQ(delivered(lane("sound", dex)), (Files{"0123456789", "abcdefghij"}));
  EXPECT_EQ(delivered(lane_of("faults", "delivery-truncated", dex)),
            (Files{"012345678", "abcdefghi"}));
  EXPECT_EQ(delivered(lane_of("faults", "delivery-empty", dex)), (Files{"0123456789", ""}));
  EXPECT_EQ(delivered(lane_of("faults", "delivery-of-another", dex)),
            (Files{"0123456789", "0123456789"}));
  EXPECT_EQ(delivered(lane_of("defects", "delivery-overwritten", dex)),
            (Files{"abcdefghij", "abcdefghij"}));
  const std::string zeros(4, '\0');
  EXPECT_EQ(delivered(lane_of("defects", "delivery-damaged", dex)),
            (Files{zeros + "456689", zeros + "efgiij"}));
}

TEST_F(ActionsTest, WhatChangesBytesIsWarnedOfWhereNoneAreKept) {
  programs::Mock counting{{"--store", "discard", "--defect", "bytes-zeroed"}};
  counting.process().signal(SIGTERM);
  EXPECT_EQ(counting.process().wait().exit_code, 0);
  EXPECT_THAT(counting.process().err(), HasSubstr("rule 'bytes-zeroed': changes bytes"));
}

// ---- the listener

TEST_F(ActionsTest, NobodyAnswersWhoConnectsUntilTheRuleIsTakenAway) {
  const auto deaf = lane_of("faults", "connect-unanswered", {{"listen", "127.0.0.1:0"}});
  const auto url = listener_;
  ControlClient there{url};
  EXPECT_EQ(there.patch(there.create(5), 0, "hello").status, 0) << "it is cut";
  EXPECT_FALSE(RawConnection::open(url, {}, a_moment).has_value());
  EXPECT_EQ(client_.remove(deaf + "/_mock/rules/connect-unanswered").status, 204);
  EXPECT_TRUE(RawConnection::open(url, {}, patience).has_value());
  EXPECT_EQ(there.send("OPTIONS", "/files").status / 100, 2);
}

}  // namespace
