// Every field of every plan, seen from the client's side of a real socket.
#include "http/intercept.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>

#include "net/test_server.hpp"

namespace mock {
namespace {

using test::Client;
using test::Echo;
using test::eventually;
using test::Log;
using test::MakesHandlers;
using test::RunningServer;

/// Does what the test wrote into it.
struct Script {
  std::function<RequestPlan(Request&)> on_request = [](Request&) { return RequestPlan{}; };
  std::vector<Bytes> stops;  // ascending
  std::function<BodyPlan(Bytes)> on_body = [](Bytes) { return BodyPlan{}; };
  std::function<ReplyPlan(Reply&)> on_reply = [](Reply&) { return ReplyPlan{}; };
  std::function<ConnectionPlan(const std::string&, std::uint64_t)> on_connection =
      [](const std::string&, std::uint64_t) { return ConnectionPlan{}; };
};

class Scripted final : public Intercept {
 public:
  Scripted(const Script& script, Log& log) : script_(script), log_(log), stops_(script.stops) {}
  RequestPlan on_request(Request& request) override { return script_.on_request(request); }
  [[nodiscard]] std::optional<Bytes> next_stop() const override {
    return stops_.empty() ? std::nullopt : std::optional(stops_.front());
  }
  BodyPlan on_body(Bytes position) override {
    log_.add("stop " + std::to_string(position.value));
    stops_.erase(stops_.begin());
    return script_.on_body(position);
  }
  ReplyPlan on_reply(Reply& reply) override { return script_.on_reply(reply); }
  void on_abort() override { log_.add("abort"); }
  Services& services(Services& correct) override { return correct; }

 private:
  const Script& script_;
  Log& log_;
  std::vector<Bytes> stops_;
};

class InterceptTest : public testing::Test, public Interceptor {
 protected:
  // The server's thread calls this object: it ends before any of it is destroyed.
  void TearDown() override { server_.reset(); }
  std::unique_ptr<Intercept> begin(const Request& request) override {
    if (request.path == "/plain") return nullptr;
    return std::make_unique<Scripted>(script_, log_);
  }
  ConnectionPlan on_connection(const std::string& lane, std::uint64_t ordinal) override {
    return script_.on_connection(lane, ordinal);
  }
  /// The script is complete by now.
  Client connect(ListenOptions options = {}) {
    if (!server_) server_.emplace(application_, this, options, nullptr, &loop_);
    return server_->connect();
  }
  /// The server is alive, and serves a connection that no rule touches.
  void others_are_served() {
    auto other = connect();
    other.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(other.reply().status, 200);
  }
  static void expect_reset(Client& client) {
    client.rest();
    EXPECT_EQ(client.error(), ECONNRESET);
  }
  static void expect_fin(Client& client) {
    EXPECT_EQ(client.rest(), "");
    EXPECT_EQ(client.error(), 0);
  }
  void expect_stall(Client& client) {
    others_are_served();
    char byte = 0;
    EXPECT_EQ(::recv(client.descriptor(), &byte, 1, MSG_DONTWAIT), -1);
    EXPECT_EQ(errno, EAGAIN) << "open and silent";
    client.close();
  }

  /// Takes bytes for as long as the client cares to send them.
  static void expect_taken(Client& client) {
    const std::string megabyte(1UL << 20U, 'x');
    for (int i = 0; i < 16; ++i) ASSERT_TRUE(client.send(megabyte)) << "after MiB " << i;
  }
  void expect_half_close(Client& client) {
    expect_fin(client);
    expect_taken(client);
    others_are_served();
    client.close();
  }
  void expect_zombie(Client& client) {
    expect_taken(client);
    expect_stall(client);
  }
  void expect_end(SocketEnd end, Client& client) {
    if (end == SocketEnd::fin) expect_fin(client);
    if (end == SocketEnd::rst) expect_reset(client);
    if (end == SocketEnd::stall) expect_stall(client);
    if (end == SocketEnd::half_close) expect_half_close(client);
    if (end == SocketEnd::zombie) expect_zombie(client);
  }
  static constexpr SocketEnd ends[] = {SocketEnd::fin, SocketEnd::rst, SocketEnd::stall,
                                       SocketEnd::half_close, SocketEnd::zombie};

  /// The client may have its reply before the handler is gone.
  void expect_log(const std::vector<std::string>& lines) {
    EXPECT_TRUE(eventually([&] { return log_.lines().size() >= lines.size(); }));
    EXPECT_EQ(log_.lines(), lines);
  }

  static constexpr const char* get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
  static constexpr const char* put =
      "PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789";

  Script script_;
  Log log_;
  Loop* loop_ = nullptr;
  MakesHandlers application_{
      [this](const Request&, Intercept*) { return std::make_unique<Echo>(log_, loop_); }};
  std::optional<RunningServer> server_;
};

template <class Call>
Milliseconds took(Call call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start);
}

// ---- ConnectionPlan

TEST_F(InterceptTest, AConnectionCanBeAcceptedLate) {
  script_.on_connection = [](const std::string&, std::uint64_t ordinal) {
    return ConnectionPlan{.delay = ordinal == 1 ? Milliseconds{60} : Milliseconds{0}};
  };
  EXPECT_GE(took([&] {
              auto client = connect();
              client.send(get);
              client.half_close();
              EXPECT_EQ(client.reply().status, 200);
            }),
            Milliseconds{60});
  auto second = connect();
  second.send(get);
  EXPECT_EQ(second.reply().status, 200) << "connections are counted from 1";
}

TEST_F(InterceptTest, AConnectionCanEndBeforeItsFirstByte) {
  for (const auto end : ends) {
    server_.reset();  // the script is the server's thread's while it runs
    script_.on_connection = [end](const std::string& lane, std::uint64_t ordinal) {
      EXPECT_EQ(lane, "blue");
      return ConnectionPlan{.end = ordinal == 1 ? end : SocketEnd::keep};
    };
    ListenOptions options;
    options.lane = "blue";
    auto client = connect(options);
    expect_end(end, client);
  }
}

TEST_F(InterceptTest, ALateConnectionCanLeaveEarly) {
  script_.on_connection = [](const std::string&, std::uint64_t ordinal) {
    return ConnectionPlan{.delay = ordinal == 1 ? std::chrono::hours{1} : Milliseconds{0},
                          .end = SocketEnd::rst};
  };
  auto client = connect();
  client.send(get);
  client.reset();
  auto second = connect();
  expect_reset(second);
}

// ---- RequestPlan

TEST_F(InterceptTest, ARequestCanBeEditedBeforeItIsRouted) {
  script_.on_request = [](Request& request) {
    request.method = "POST";
    request.target = "/b?edited";
    request.fields.remove("X");
    return RequestPlan{};
  };
  auto client = connect();
  client.send("GET /a HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n");
  EXPECT_EQ(client.reply().body, "POST /b?edited ");
}

TEST_F(InterceptTest, ARequestCanBeDelayed) {
  script_.on_request = [](Request&) { return RequestPlan{.delay = Milliseconds{60}}; };
  auto client = connect();
  EXPECT_GE(took([&] {
              client.send(get);
              EXPECT_EQ(client.reply().status, 200);
            }),
            Milliseconds{60});
}

TEST_F(InterceptTest, ARequestCanBeAnsweredInPlaceOfTheHandler) {
  script_.on_request = [](Request&) { return RequestPlan{.instead = text_reply(503, "down")}; };
  auto client = connect();
  client.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
  EXPECT_EQ(client.reply().body, "down") << "without the body";
  client.send("0123456789GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "GET /plain? ");
  EXPECT_EQ(log_.joined().find("0123"), std::string::npos);
}

TEST_F(InterceptTest, ARequestCanBeAnsweredAfterItsBody) {
  script_.on_request = [](Request&) {
    return RequestPlan{.instead = text_reply(503, "down"), .instead_after_body = true};
  };
  auto client = connect();
  client.send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n");
  EXPECT_EQ(client.reply().status, 100);
  client.send("01234");
  others_are_served();
  EXPECT_EQ(client.unread(), "");
  client.send("56789");
  EXPECT_EQ(client.reply().body, "down");
}

TEST_F(InterceptTest, ARequestCanEndTheConnection) {
  for (const auto end : ends) {
    server_.reset();  // the script is the server's thread's while it runs
    script_.on_request = [end](Request&) { return RequestPlan{.end = end}; };
    auto client = connect();
    client.send(get);
    expect_end(end, client);
    others_are_served();
  }
  EXPECT_EQ(log_.joined().find("complete \ngone\ncomplete \ngone\ncomplete \ngone\ncomplete"), 0U)
      << "only the plain ones reached a handler: " << log_.joined();
}

TEST_F(InterceptTest, ABodyTakenSlowlyHoldsItsClientBack) {
  script_.on_request = [](Request&) { return RequestPlan{.receive = {1'000'000}}; };
  auto client = connect();
  const std::string body(300'000, 'x');
  EXPECT_GE(took([&] {
              client.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + body);
              EXPECT_EQ(client.reply().body, "PUT /a? " + body);
            }),
            Milliseconds{300});

  server_.reset();  // the script is the server's thread's while it runs
  script_.on_request = [](Request&) { return RequestPlan{.receive = {1}}; };
  auto blocked = connect();
  blocked.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 300000000\r\n\r\n");
  std::size_t sent = 0;
  for (;;) {
    pollfd room{blocked.descriptor(), POLLOUT, 0};
    if (::poll(&room, 1, 200) == 0) break;
    const auto n = ::send(blocked.descriptor(), body.data(), body.size(), MSG_DONTWAIT);
    ASSERT_GT(n, 0);
    sent += static_cast<std::size_t>(n);
    ASSERT_LT(sent, 64U << 20U) << "what the two kernels hold has an end";
  }
  others_are_served();
}

// ---- BodyPlan

TEST_F(InterceptTest, ABodyStopsAtExactPositions) {
  script_.stops = {Bytes{0}, Bytes{3}, Bytes{4}, Bytes{10}, Bytes{11}};
  auto client = connect();
  client.send(put);
  EXPECT_EQ(client.reply().status, 200);
  expect_log({"stop 0", "got 012", "stop 3", "got 0123", "stop 4", "got 0123456789", "stop 10",
              "complete 0123456789", "gone"});
}

TEST_F(InterceptTest, AChunkedBodyStopsAtPositionsWithoutFraming) {
  script_.stops = {Bytes{3}, Bytes{7}};
  auto client = connect();
  client.send(
      "PUT /tell HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
  EXPECT_EQ(client.reply().body, "PUT /tell? 0123456789");
  expect_log({"got 012", "stop 3", "got 01234", "got 0123456", "stop 7", "got 0123456789",
              "complete 0123456789", "gone"});
}

TEST_F(InterceptTest, ABodyCanBeDelayed) {
  script_.stops = {Bytes{3}, Bytes{6}};
  script_.on_body = [](Bytes) { return BodyPlan{.delay = Milliseconds{30}}; };
  auto client = connect();
  EXPECT_GE(took([&] {
              client.send(put);
              EXPECT_EQ(client.reply().body, "PUT /tell? 0123456789");
            }),
            Milliseconds{60});
}

TEST_F(InterceptTest, ABodyCanBeAnsweredHalfWay) {
  script_.stops = {Bytes{4}};
  script_.on_body = [](Bytes) { return BodyPlan{.instead = text_reply(500, "half")}; };
  auto client = connect();
  client.send(put);
  EXPECT_EQ(client.reply().body, "half");
  client.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "GET /plain? ") << "the connection is in step";
  EXPECT_EQ(log_.joined().find("got 0123\nstop 4\naborted 0123\ngone\n"), 0U) << log_.joined();
}

TEST_F(InterceptTest, ABodyCanEndTheConnection) {
  script_.stops = {Bytes{4}};
  for (const auto end : ends) {
    server_.reset();  // the script is the server's thread's while it runs
    log_.clear();
    script_.on_body = [end](Bytes) { return BodyPlan{.end = end}; };
    auto client = connect();
    client.send(put);
    expect_end(end, client);
    EXPECT_EQ(log_.joined().find("got 0123\nstop 4\naborted 0123\ngone\n"), 0U) << log_.joined();
  }
}

TEST_F(InterceptTest, AReplyHalfWayCanBeFollowedByAnEnd) {
  script_.stops = {Bytes{4}};
  script_.on_body = [](Bytes) {
    return BodyPlan{.instead = text_reply(500, "half"), .end = SocketEnd::rst};
  };
  auto client = connect();
  client.send(put);
  EXPECT_EQ(client.reply().body, "half");
  expect_reset(client);
}

TEST_F(InterceptTest, AClientThatLeavesIsReportedBeforeTheHandlerHears) {
  auto client = connect();
  client.send("PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123");
  EXPECT_TRUE(eventually([&] { return log_.has("got 0123"); }));
  client.close();
  EXPECT_TRUE(eventually([&] { return log_.has("gone"); }));
  expect_log({"got 0123", "abort", "aborted 0123", "gone"});
}

TEST_F(InterceptTest, ABodyThatTimesOutIsReported) {
  ListenOptions options;
  options.limits.read_timeout = Milliseconds{30};
  auto client = connect(options);
  client.send("PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123");
  EXPECT_EQ(client.reply().status, 408);
  expect_log({"got 0123", "abort", "timed_out 0123", "gone"});
}

// ---- ReplyPlan

TEST_F(InterceptTest, AReplyCanBeEdited) {
  script_.on_reply = [](Reply& reply) {
    reply.status = 418;
    reply.reason = "Teapot";
    reply.fields.set("X", "y");
    reply.fields.remove("Date");
    reply.body = "longer than it was before";
    return ReplyPlan{};
  };
  auto client = connect();
  client.send(get);
  const auto reply = client.reply();
  EXPECT_TRUE(reply.head.starts_with("HTTP/1.1 418 Teapot\r\n"));
  EXPECT_EQ(reply.fields.find("X"), "y");
  EXPECT_FALSE(reply.fields.has("Date"));
  EXPECT_EQ(reply.body, "longer than it was before");
}

TEST_F(InterceptTest, AReplyMayLieAboutItsLength) {
  script_.on_reply = [](Reply& reply) {
    reply.fields.set("Content-Length", "2");
    return ReplyPlan{.end = SocketEnd::fin};
  };
  auto client = connect();
  client.send(get);
  EXPECT_EQ(client.reply().body, "GE");
  EXPECT_EQ(client.rest(), "T /a? ");
}

TEST_F(InterceptTest, AReplyWithoutLengthEndsWithTheConnection) {
  script_.on_reply = [](Reply& reply) {
    reply.fields.remove("Content-Length");
    return ReplyPlan{};
  };
  auto client = connect();
  client.send(get);
  EXPECT_EQ(client.reply().body, "");
  EXPECT_EQ(client.rest(), "GET /a? ");
  EXPECT_EQ(client.error(), 0);
}

TEST_F(InterceptTest, AReplyCanBeKeptBackWhileTheConnectionGoesOn) {
  script_.on_reply = [](Reply&) { return ReplyPlan{.send = false}; };
  auto client = connect();
  client.send(std::string(get) + "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "GET /plain? ");
}

TEST_F(InterceptTest, AReplyCanBeKeptBackAndTheConnectionEnd) {
  for (const auto end : ends) {
    server_.reset();  // the script is the server's thread's while it runs
    script_.on_reply = [end](Reply&) { return ReplyPlan{.send = false, .end = end}; };
    auto client = connect();
    client.send(put);
    expect_end(end, client);
  }
}

TEST_F(InterceptTest, AReplyCanBeDelayed) {
  script_.on_reply = [](Reply&) { return ReplyPlan{.delay = Milliseconds{60}}; };
  auto client = connect();
  EXPECT_GE(took([&] {
              client.send(get);
              EXPECT_EQ(client.reply().body, "GET /a? ");
            }),
            Milliseconds{60});
}

TEST_F(InterceptTest, AReplyCanBeAnyBytes) {
  script_.on_reply = [](Reply&) {
    return ReplyPlan{.raw = std::string("HTTP/9 ??\0\n\n", 12), .end = SocketEnd::fin};
  };
  auto client = connect();
  client.send(get);
  EXPECT_EQ(client.rest(), std::string("HTTP/9 ??\0\n\n", 12));
}

TEST_F(InterceptTest, AReplyCanBreakOffInItsHead) {
  for (const auto end : {SocketEnd::fin, SocketEnd::rst}) {
    server_.reset();  // the script is the server's thread's while it runs
    script_.on_reply = [end](Reply&) { return ReplyPlan{.truncate_head = Bytes{12}, .end = end}; };
    auto client = connect();
    client.send(get);
    EXPECT_EQ(client.rest(), "HTTP/1.1 200");
    EXPECT_EQ(client.error(), end == SocketEnd::fin ? 0 : ECONNRESET);
  }
}

TEST_F(InterceptTest, AReplyCanBreakOffInItsBody) {
  for (const auto end : {SocketEnd::fin, SocketEnd::rst, SocketEnd::stall}) {
    server_.reset();  // the script is the server's thread's while it runs
    script_.on_reply = [end](Reply&) { return ReplyPlan{.truncate_body = Bytes{3}, .end = end}; };
    auto client = connect();
    client.send(get);
    while (client.unread().find("\r\n\r\nGET") == std::string::npos && client.fill()) {
    }
    EXPECT_NE(client.unread().find("Content-Length: 8\r\n"), std::string::npos)
        << "announced whole";
    if (end == SocketEnd::stall) {
      expect_stall(client);
      continue;
    }
    EXPECT_TRUE(client.rest().ends_with("\r\n\r\nGET"));
    EXPECT_EQ(client.error(), end == SocketEnd::fin ? 0 : ECONNRESET);
  }
}

TEST_F(InterceptTest, AReplyCanComeInSlicesWithGaps) {
  script_.on_reply = [](Reply&) {
    return ReplyPlan{.slice = Bytes{40}, .slice_gap = Milliseconds{15}};
  };
  auto client = connect();
  std::size_t size = 0;
  const auto time = took([&] {
    client.send(get);
    const auto reply = client.reply();
    EXPECT_EQ(reply.body, "GET /a? ");
    size = reply.head.size() + 2 + reply.body.size();
  });
  const auto gaps = static_cast<int>((size - 1) / 40);
  EXPECT_GE(gaps, 3);
  EXPECT_GE(time, gaps * Milliseconds{15});
  client.send(get);
  EXPECT_EQ(client.reply().body, "GET /a? ");
}

TEST_F(InterceptTest, AReplyCanBeSlow) {
  script_.on_reply = [](Reply& reply) {
    reply.body.assign(200'000, 'x');
    return ReplyPlan{.speed = {1'000'000}};
  };
  auto client = connect();
  EXPECT_GE(took([&] {
              client.send(get);
              EXPECT_EQ(client.reply().body.size(), 200'000U);
            }),
            Milliseconds{200});
}

TEST_F(InterceptTest, AnErrorReplyCanBeSpoiledToo) {
  script_.on_request = [](Request&) { return RequestPlan{.instead = text_reply(503, "down")}; };
  script_.on_reply = [](Reply& reply) {
    reply.body += " " + std::to_string(reply.status);
    return ReplyPlan{};
  };
  auto client = connect();
  client.send(get);
  EXPECT_EQ(client.reply().body, "down 503");
}

TEST_F(InterceptTest, AStalledConnectionEndsWhenItsClientLeaves) {
  std::atomic<std::size_t> open = 0;
  struct Counts final : Observer {
    explicit Counts(std::atomic<std::size_t>& n) : count(n) {}
    void on_exchange(const ExchangeRecord&) override {}
    void on_connections(std::size_t now) override { count = now; }
    std::atomic<std::size_t>& count;
  } counts(open);
  script_.on_request = [](Request&) { return RequestPlan{.end = SocketEnd::stall}; };
  ListenOptions options;
  options.limits.write_timeout = Milliseconds{200};  // makes it look every 25 ms
  const RunningServer server(application_, this, options, &counts);
  {
    auto client = server.connect();
    client.send(std::string(get) + "unread");
    EXPECT_TRUE(eventually([&] { return open == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return open == 0; }));
}

}  // namespace
}  // namespace mock
