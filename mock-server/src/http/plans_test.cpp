// Plans that take time or a whole body, with the time injected. What clients see of them through a
// real socket: net/intercept_test.cpp.
#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <stdexcept>

#include "http/conversation_fixture.hpp"

namespace mock {
namespace {

struct Plans {
  RequestPlan request;
  ReplyPlan reply;
  std::function<void(std::string&)> edit;  // of a small body
  std::function<void()> in_reply;          // when a reply is about to be written
  std::function<void()> in_request;
  std::string method;  // that the handler sees in place of the client's
  std::vector<Bytes> stops;
  std::vector<Milliseconds> alarms;
  std::function<BodyPlan()> at_alarm;
  std::function<InterimPlan(Reply&)> interim;
};

class Planned final : public Intercept {
 public:
  Planned(const Plans& plans, test::Log& log)
      : plans_(plans), log_(log), stops_(plans.stops), alarms_(plans.alarms) {}
  RequestPlan on_request(Request& request) override {
    if (plans_.in_request) plans_.in_request();
    if (!plans_.method.empty()) request.method = plans_.method;
    return plans_.request;
  }
  [[nodiscard]] bool edits_body() const override { return plans_.edit != nullptr; }
  void on_small_body(const Request& request, std::string& body) override {
    log_.add("edit " + std::to_string(request.content_length.value_or(Bytes{0}).value));
    plans_.edit(body);
  }
  void on_stall() override { log_.add("stall"); }
  [[nodiscard]] std::optional<Bytes> next_stop() const override {
    return stops_.empty() ? std::nullopt : std::optional(stops_.front());
  }
  BodyPlan on_body(Bytes position) override {
    log_.add("stop " + std::to_string(position.value));
    stops_.erase(stops_.begin());
    return {};
  }
  [[nodiscard]] std::optional<Milliseconds> next_alarm() const override {
    return alarms_.empty() ? std::nullopt : std::optional(alarms_.front());
  }
  BodyPlan on_alarm(Milliseconds lasted) override {
    log_.add("alarm " + std::to_string(lasted.count()));
    alarms_.erase(alarms_.begin());
    return plans_.at_alarm ? plans_.at_alarm() : BodyPlan{};
  }
  InterimPlan on_interim(Reply& interim) override {
    return plans_.interim ? plans_.interim(interim) : InterimPlan{};
  }
  ReplyPlan on_reply(Reply&) override {
    if (plans_.in_reply) plans_.in_reply();
    return plans_.reply;
  }
  void on_abort() override { log_.add("abort"); }
  Services& services(Services& correct) override { return correct; }

 private:
  const Plans& plans_;
  test::Log& log_;
  std::vector<Bytes> stops_;
  std::vector<Milliseconds> alarms_;
};

class PlansTest : public test::ConversationFixture, public Interceptor {
 protected:
  std::unique_ptr<Intercept> begin(const Request& request) override {
    if (request.path == "/plain") return nullptr;
    return std::make_unique<Planned>(plans_, log_);
  }
  void start() { TalkDriver::begin(this); }
  /// Advances in steps of a millisecond until `done`; how long that took, at most a minute.
  template <class Done>
  Milliseconds until(Done done) {
    Milliseconds passed{0};
    for (; passed < std::chrono::minutes{1} && !done(); ++passed) advance(Milliseconds{1});
    EXPECT_TRUE(done());
    return passed;
  }
  [[nodiscard]] bool replied(const std::string& body) const { return wire_.sent.ends_with(body); }

  Plans plans_;
};

std::string put(const std::string& path, const std::string& body) {
  return "PUT " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}
std::string chunked(const std::string& path, const std::string& chunks) {
  return "PUT " + path + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
}
constexpr auto get_plain = "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n";

// ---- requests

TEST_F(PlansTest, WhetherABodyFollowsGoesByTheMethodThatTheClientSent) {
  const auto body = test::test_bytes(5);
  for (const std::string sent : {"HEAD", "GET"}) {
    plans_.method = sent == "HEAD" ? "GET" : "HEAD";
    start();
    send(sent + " /string/5 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(wire_.sent.find("Content-Length: 5\r\n"), std::string::npos);
    EXPECT_EQ(replied("\r\n\r\n" + body), sent == "GET") << wire_.sent;
    EXPECT_EQ(replied("\r\n\r\n"), sent == "HEAD") << wire_.sent;
  }
}

// ---- alarms

TEST_F(PlansTest, AnAlarmSoundsWhileTheBodyComes) {
  plans_.alarms = {Milliseconds{1000}, Milliseconds{2000}, Milliseconds{9000}};
  plans_.request.delay = Milliseconds{300};
  start();
  const auto sounded = [&](const char* when) {
    return log_.joined().find(std::string("alarm ") + when) != std::string::npos;
  };
  send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  advance(Milliseconds{999});
  EXPECT_FALSE(sounded("1000"));
  advance(Milliseconds{1});
  EXPECT_TRUE(sounded("1000")) << "from the head on, whatever the request waited for";
  advance(Milliseconds{1000});
  EXPECT_TRUE(sounded("2000"));
  send("cd");
  EXPECT_TRUE(replied("abcd"));
  advance(Milliseconds{9000});
  EXPECT_FALSE(sounded("9000")) << "the body was whole by then";
}

TEST_F(PlansTest, AnAlarmMayCutOrAnswer) {
  for (const bool gathers : {false, true}) {
    for (const bool answers : {false, true}) {
      plans_.alarms = {Milliseconds{1000}};
      plans_.edit = gathers ? [](std::string&) {} : std::function<void(std::string&)>{};
      plans_.at_alarm = [answers] {
        BodyPlan plan;
        plan.end = answers ? SocketEnd::fin : SocketEnd::rst;
        if (answers) plan.instead = text_reply(408, "late");
        return plan;
      };
      start();
      send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
      advance(Milliseconds{1000});
      EXPECT_EQ(wire_.ended, answers ? Ending::fin : Ending::rst);
      EXPECT_EQ(replied("late"), answers);
    }
  }
}

// ---- bandwidth

TEST_F(PlansTest, ABodyIsTakenAtItsRate) {
  plans_.request.receive = {100'000};
  start();
  const std::string body(200'000, 'x');
  send(put("/a", body));
  const auto time = until([&] { return replied(body); });
  EXPECT_GE(time, Milliseconds{2000});
  EXPECT_LE(time, Milliseconds{2100});
}

TEST_F(PlansTest, ABodyThatCameWithItsHeadIsTakenAtItsRateToo) {
  plans_.request.receive = {100};
  for (const bool in_chunks : {false, true}) {
    start();
    send(in_chunks ? chunked("/a", "40\r\n" + std::string(64, 'x') + "\r\n24\r\n" +
                                       std::string(36, 'x') + "\r\n0\r\n\r\n")
                   : put("/a", std::string(100, 'x')));
    const auto time = until([&] { return replied(std::string(100, 'x')); });
    EXPECT_GE(time, Milliseconds{1000});
    EXPECT_LE(time, Milliseconds{1250});
  }
}

TEST_F(PlansTest, WhatIsNotTakenYetIsNotRead) {
  plans_.request.receive = {10'000};
  start();
  send(put("/tell", std::string(100'000, 'x')));
  advance(std::chrono::seconds{1});
  EXPECT_GE(held_.size(), 70'000U) << "left to TCP, so that the client feels it";
}

TEST_F(PlansTest, AClientIsNotBlamedForOurSlowness) {
  plans_.request.receive = {1};
  limits_.read_timeout = Milliseconds{100};
  start();
  send(put("/tell", "0123456789"));
  advance(Milliseconds{900});
  EXPECT_EQ(wire_.limit, std::nullopt);
  EXPECT_GE(until([&] { return replied("0123456789"); }), Milliseconds{9000});
}

TEST_F(PlansTest, AClientThatIsSlowerThanTheRateTimesOut) {
  plans_.request.receive = {1000};
  limits_.read_timeout = Milliseconds{100};
  start();
  send("PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234");
  advance(std::chrono::seconds{1});
  EXPECT_EQ(wire_.limit, Milliseconds{100});
  talk_->deadline_passed();
  pump();
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 408")) << wire_.sent;
  EXPECT_TRUE(log_.joined().ends_with("stall\nabort\ntimed_out 01234\ngone\n")) << log_.joined();
}

TEST_F(PlansTest, AReplyIsWrittenAtItsSpeed) {
  plans_.reply.speed = {1000};
  start();
  send(put("/a", std::string(2000, 'x')) + get_plain);
  const auto time = until([&] { return replied("GET /plain? "); });
  EXPECT_GE(time, Milliseconds{2000});
  EXPECT_LE(time, Milliseconds{2500});
  for (const auto& piece : wire_.pieces) EXPECT_LE(piece.size(), 400U);
}

TEST_F(PlansTest, SlicesAndSpeedGoTogether) {
  plans_.reply.speed = {1000};
  plans_.reply.slice = Bytes{500};
  plans_.reply.slice_gap = Milliseconds{1000};
  start();
  send(put("/a", std::string(2000, 'x')));
  const auto time = until([&] { return replied(std::string(2000, 'x')); });
  EXPECT_GE(time, Milliseconds{2000 + 4 * 1000 - 4 * 250});
  EXPECT_LE(time, Milliseconds{7000});
}

// ---- small bodies

TEST_F(PlansTest, ASmallBodyCanBeEditedBeforeTheHandlerIsMade) {
  plans_.edit = [](std::string& body) { body = "edited " + body; };
  start();
  send("POST /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_EQ(log_.joined(), "") << "there is no handler yet";
  send(std::string("cd") + get_plain);
  EXPECT_TRUE(replied("GET /plain? "));
  EXPECT_NE(wire_.sent.find("POST /tell? edited abcd"), std::string::npos);
  EXPECT_EQ(log_.lines()[0], "edit 4");
  EXPECT_EQ(log_.lines()[1], "got edited abcd");
}

TEST_F(PlansTest, AnEditedBodyHasItsNewLength) {
  std::optional<Bytes> length;
  std::string field;
  class Looks final : public Application {
   public:
    Looks(std::optional<Bytes>& length, std::string& field) : length_(length), field_(field) {}
    std::unique_ptr<Handler> handler_for(const Request& request, Intercept*) override {
      length_ = request.content_length;
      field_ = request.fields.find("Content-Length").value_or("none");
      return buffered(Bytes{3}, [](const Request&, const std::string& body) {
        return text_reply(200, "<" + body + ">");
      });
    }

   private:
    std::optional<Bytes>& length_;
    std::string& field_;
  } application(length, field);
  const auto play = [&](const std::string& request) {
    wire_ = {};
    talk_ = std::make_unique<Conversation>(
        wire_, ConversationSeams{loop_, application, this, nullptr, limits_}, Peer{});
    talk_->begin();
    send(request);
  };
  plans_.edit = [](std::string& body) { body = "abc"; };
  play(put("/a", "0123456789"));
  EXPECT_TRUE(replied("<abc>")) << wire_.sent;
  EXPECT_EQ(length, Bytes{3});
  EXPECT_EQ(field, "3");
  plans_.edit = [](std::string& body) { body.clear(); };
  play(put("/a", "0123456789"));
  EXPECT_TRUE(replied("<>")) << wire_.sent;
  EXPECT_EQ(field, "0");
  // The framing of a chunked body stays what it was.
  plans_.edit = [](std::string& body) { body += "c"; };
  play(chunked("/a", "2\r\nab\r\n0\r\n\r\n"));
  EXPECT_TRUE(replied("<abc>")) << wire_.sent;
  EXPECT_EQ(field, "none");
}

TEST_F(PlansTest, ABodyThatIsNotSmallIsLeftAsItIs) {
  plans_.edit = [](std::string& body) { body = "edited"; };
  const std::string body((64U << 10U) + 1, 'x');
  for (const bool in_chunks : {false, true}) {
    start();
    send(in_chunks ? chunked("/a", "10001\r\n" + body + "\r\n0\r\n\r\n") : put("/a", body));
    EXPECT_TRUE(replied("PUT /a? " + body));
    EXPECT_EQ(log_.joined().find("edit"), std::string::npos);
  }
  start();
  send(chunked("/a", "10000\r\n" + body.substr(1) + "\r\n0\r\n\r\n"));
  EXPECT_TRUE(replied("PUT /a? edited")) << "64 KiB are small";
}

TEST_F(PlansTest, AnEditedBodyPassesItsPositions) {
  plans_.edit = [](std::string& body) { body += "56789"; };
  plans_.stops = {Bytes{0}, Bytes{3}, Bytes{7}};
  start();
  send(put("/tell", "01234"));
  EXPECT_TRUE(replied("0123456789"));
  EXPECT_EQ(log_.joined(),
            "edit 5\nstop 0\ngot 012\nstop 3\ngot 0123456\nstop 7\ngot 0123456789\n"
            "complete 0123456789\ngone\n");
}

TEST_F(PlansTest, ABodyIsAskedForBeforeItIsEdited) {
  plans_.edit = [](std::string& body) { body = "edited"; };
  start();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(wire_.sent, "HTTP/1.1 100 Continue\r\n\r\n");
  send("ab");
  EXPECT_TRUE(replied("PUT /a? edited"));
}

TEST_F(PlansTest, WhatCameOfABodyThatWasToBeEditedReachesTheHandler) {
  plans_.edit = [](std::string& body) { body = "edited"; };
  const std::string part = "PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234";
  const auto expected = "got 01234\nabort\naborted 01234\ngone\n";
  start();
  send(part);
  talk_->lost();
  EXPECT_EQ(log_.joined(), expected);
  start();
  send(part);
  talk_->end_of_input();
  EXPECT_EQ(log_.joined(), expected);
  start();
  send(part);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(wire_.limit, limits_.read_timeout);
    talk_->deadline_passed();
    pump();
  }
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 408")) << wire_.sent;
  EXPECT_EQ(log_.joined(), "got 01234\nstall\nabort\ntimed_out 01234\ngone\n");
}

TEST_F(PlansTest, AnEditThatThrowsIsA500) {
  plans_.edit = [](std::string&) { throw std::runtime_error("on purpose"); };
  start();
  send(put("/a", "01234"));
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 500")) << wire_.sent;
}

// ---- replies that have a source

TEST_F(PlansTest, EveryPlanDoesTheSameToASource) {
  constexpr std::size_t size = 150'000;
  std::vector<ReplyPlan> plans(8);
  plans[1].truncate_body = Bytes{70'001};
  plans[2].truncate_head = Bytes{20};
  plans[3].raw = "raw";
  plans[4].send = false;
  plans[5].slice = Bytes{50'000};
  plans[5].slice_gap = Milliseconds{10};
  plans[6].speed = {100'000};
  plans[7].slice = Bytes{7};
  plans[7].speed = {300'000};
  for (std::size_t i = 0; i < plans.size(); ++i) {
    plans_.reply = plans[i];
    plans_.reply.end = SocketEnd::rst;
    const auto play = [&](const std::string& path) {
      start();
      send("GET " + path + std::to_string(size) + " HTTP/1.1\r\nHost: h\r\n\r\n");
      const auto time = until([&] { return wire_.ended.has_value(); });
      return std::tuple(wire_.sent, wire_.ended, time, exchanges_, sent_);
    };
    const auto whole = play("/string/");
    EXPECT_EQ(play("/source/") == whole, true) << i;
    EXPECT_EQ(play("/slow/") == whole, true) << i;
  }
}

TEST_F(PlansTest, SlicesOfASourceAreThoseOfAString) {
  plans_.reply.slice = Bytes{1000};
  std::vector<std::string> pieces;
  for (const std::string path : {"/string/", "/source/"}) {
    start();
    send("GET " + path + "100000 HTTP/1.1\r\nHost: h\r\n\r\n");
    if (pieces.empty()) pieces = wire_.pieces;
    EXPECT_EQ(wire_.pieces == pieces, true);
    EXPECT_EQ(pieces.size(), 101U);
  }
}

// ---- what throws where no handler is to blame

// ---- interim replies

constexpr auto announced =
    "PUT /interim HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";

TEST_F(PlansTest, AnInterimReplyIsEditedDroppedOrDoubled) {
  plans_.interim = [](Reply& interim) -> InterimPlan {
    if (interim.status == 100) return {.send = false};
    interim.status = 103;
    interim.fields.set("Location", "/b");
    return {.twice = true};
  };
  start();
  send(announced);
  const std::string once = "HTTP/1.1 103 Early Hints\r\nLocation: /b\r\n\r\n";
  EXPECT_EQ(wire_.sent, once + once);
  send("hi");
  EXPECT_TRUE(replied("hi"));
}

TEST_F(PlansTest, ALateInterimReplyKeepsItsPlaceAndTheBodyIsRead) {
  plans_.interim = [](Reply& interim) -> InterimPlan {
    return {.delay = Milliseconds{interim.status == 104 ? 200 : 0}};
  };
  start();
  send(announced);
  EXPECT_EQ(wire_.sent, "") << "100 waits for the 104";
  send("hi");
  EXPECT_TRUE(log_.has("complete hi"));
  EXPECT_EQ(wire_.sent, "") << "and so does the reply";
  EXPECT_EQ(until([&] { return !wire_.sent.empty(); }), Milliseconds{200});
  EXPECT_TRUE(
      wire_.sent.starts_with("HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /a\r\n\r\n"
                             "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
      << wire_.sent;
}

Ahead ahead(int status, Milliseconds gap = {}) {
  Ahead one;
  one.reply.status = status;
  one.reply.fields.add("Link", "</a>");
  one.gap = gap;
  return one;
}

TEST_F(PlansTest, WhatGoesAheadComesInItsTimeAndTheReplyWaits) {
  plans_.request.ahead = {ahead(103), ahead(102, Milliseconds{200}), ahead(102, Milliseconds{200})};
  plans_.request.delay = Milliseconds{100};
  start();
  send(put("/a", "hi"));
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const std::string processing = "HTTP/1.1 102 Processing\r\nLink: </a>\r\n\r\n";
  EXPECT_EQ(wire_.sent, hints);
  advance(Milliseconds{100});
  EXPECT_TRUE(log_.has("complete hi")) << "the handler waits for the delay only";
  advance(Milliseconds{100});
  EXPECT_EQ(wire_.sent, hints + processing);
  EXPECT_EQ(until([&] { return replied("hi"); }), Milliseconds{200});
  EXPECT_TRUE(wire_.sent.starts_with(hints + processing + processing + "HTTP/1.1 200 OK\r\n"));
}

TEST_F(PlansTest, WhatGoesAheadOfTheReplyAloneIsBeforeItsFirstByte) {
  plans_.reply.ahead = {ahead(104), ahead(104, Milliseconds{50})};
  plans_.reply.raw = "raw";
  plans_.reply.slice = Bytes{1};
  start();
  send(put("/a", "hi"));
  const std::string once = "HTTP/1.1 104 Upload Resumption Supported\r\nLink: </a>\r\n\r\n";
  EXPECT_EQ(wire_.sent, once);
  EXPECT_EQ(until([&] { return replied("raw"); }), Milliseconds{50});
  EXPECT_EQ(wire_.sent, once + once + "raw");
}

TEST_F(PlansTest, WhatGoesAheadMayBeAllThereIs) {
  plans_.request.ahead = {ahead(103)};
  plans_.request.end = SocketEnd::rst;
  start();
  send(put("/a", "hi"));
  EXPECT_EQ(wire_.sent, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(wire_.ended, Ending::rst);
}

TEST_F(PlansTest, NothingIsLateForAClientThatLeft) {
  plans_.interim = [](Reply&) -> InterimPlan { return {.delay = Milliseconds{200}}; };
  start();
  send(announced);
  talk_->lost();
  advance(Milliseconds{200});
  EXPECT_EQ(wire_.sent, "");
}

TEST_F(PlansTest, APlanThatThrowsIsAnsweredOnceAndPlainly) {
  for (const bool early : {false, true}) {
    auto& in = early ? plans_.in_request : plans_.in_reply;
    in = [] { throw std::bad_alloc(); };
    plans_.reply.speed = {1};
    start();
    send(put("/a", "01234"));
    EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 507")) << wire_.sent;
    EXPECT_EQ(wire_.sent.find("HTTP/", 1), std::string::npos) << wire_.sent;
    EXPECT_TRUE(wire_.ended);
    EXPECT_EQ(loop_.troubles, std::vector<std::string>{"PUT /a: out of memory"});
    EXPECT_EQ(exchanges_.size(), 1U);
    in = nullptr;
  }
}

}  // namespace
}  // namespace mock
