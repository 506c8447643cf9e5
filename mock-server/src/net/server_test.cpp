#include <gmock/gmock.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <new>
#include <stdexcept>

#include "http/handler.hpp"
#include "loop/trouble.hpp"
#include "net/test_server.hpp"

namespace mock {
namespace {

using std::chrono::seconds;
using test::Client;
using test::Echo;
using test::eventually;
using test::Log;
using test::MakesHandlers;
using test::RunningServer;

class ServerTest : public testing::Test {
 protected:
  void serve(ListenOptions options = {}, Interceptor* interceptor = nullptr) {
    server_.emplace(application_, interceptor, options, nullptr, &loop_);
  }
  Client connect() {
    if (!server_) serve();
    return server_->connect();
  }

  Log log_;
  Loop* loop_ = nullptr;
  MakesHandlers application_{
      [this](const Request&, Intercept*) { return std::make_unique<Echo>(log_, loop_); }};
  std::optional<RunningServer> server_;
};

TEST_F(ServerTest, AnswersOneRequestAfterAnotherOnOneConnection) {
  auto client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send("POST /files?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /files?x=1 hello");
    EXPECT_TRUE(reply.fields.has("Date"));
    EXPECT_FALSE(reply.fields.has("Server"));
    EXPECT_FALSE(reply.fields.has("Connection"));
  }
}

TEST_F(ServerTest, DecodesChunkedBodiesWithExtensionsAndTrailers) {
  auto client = connect();
  client.send(
      "PATCH /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nUpload-Checksum: sha1 abc\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "PATCH /a? hello 0123456789 Upload-Checksum=sha1 abc");
  EXPECT_EQ(client.reply().body, "GET /b? ");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderAlsoAfterErrors) {
  auto client = connect();
  client.send(
      "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "BREW /coffee HTTP/1.1\r\nHost: h\r\n\r\n"
      "PUT /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "PUT /background HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"
      "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.reply().status, 409);
  EXPECT_EQ(client.reply().body, "BREW /coffee? ");
  EXPECT_EQ(client.reply().body, "PUT /later? abc");
  EXPECT_EQ(client.reply().body, "PUT /background? xyz");
  const auto last = client.reply();
  EXPECT_EQ(last.body, "GET /last? ");
  EXPECT_EQ(last.fields.find("Connection"), "close");
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(client.error(), 0);
}

TEST_F(ServerTest, SpeaksHttp10) {
  auto client = connect();
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.reply().fields.find("Connection"), "keep-alive");
  client.send("GET /b HTTP/1.0\r\n\r\n");
  const auto reply = client.reply();
  EXPECT_EQ(reply.body, "GET /b? ");
  EXPECT_EQ(reply.fields.find("Connection"), "close");
  EXPECT_EQ(client.rest(), "");
}

TEST_F(ServerTest, SendsNoBodyWhereNoneBelongs) {
  auto client = connect();
  client.send(
      "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"
      "HEAD /status/404 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply(true).fields.find("Content-Length"), "9");
  EXPECT_EQ(client.reply(true).status, 404);
  for (const int status : {204, 205, 304}) {
    client.send("GET /status/" + std::to_string(status) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.fields.find("Content-Length").value_or("none"), status == 205 ? "0" : "none");
  }
  client.send("GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.reply().body, "GET /end? ");
  EXPECT_EQ(client.rest(), "") << "not a byte besides";
}

TEST_F(ServerTest, SaysContinueOnlyWhenTheBodyIsWanted) {
  auto client = connect();
  const std::string fields = "Host: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  client.send("PUT /a HTTP/1.1\r\n" + fields);
  EXPECT_EQ(client.reply().status, 100);
  client.send("hello");
  EXPECT_EQ(client.reply().body, "PUT /a? hello");
  client.send("PUT /early HTTP/1.1\r\n" + fields);
  const auto refusal = client.reply();
  EXPECT_EQ(refusal.status, 409);
  EXPECT_EQ(refusal.fields.find("Connection"), "close");
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(client.error(), 0);
}

TEST_F(ServerTest, RefusesBrokenRequestsOnceAndCloses) {
  const std::string long_head(70'000, 'a');
  const std::pair<std::string, int> rows[] = {
      {"garbage\r\n\r\n", 400},
      {std::string("\x16\x03\x01\x00\x00", 5), 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + long_head + "\r\n\r\n", 431},
      {"GET /" + long_head + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
  };
  for (const auto& [request, status] : rows) {
    auto client = connect();
    client.send(request + "GET /not-seen HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, status) << request.substr(0, 80);
    EXPECT_EQ(reply.fields.find("Connection"), "close");
    EXPECT_EQ(client.rest(), "") << request.substr(0, 80);
    EXPECT_EQ(client.error(), 0) << "a FIN, so that the reply is not lost";
  }
  EXPECT_EQ(log_.joined(), "") << "no handler saw any of it";
}

TEST_F(ServerTest, TakesEveryFormOfATarget) {
  auto client = connect();
  client.send(
      "GET http://other:1/abs?x=1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "GET /abs?x=1 ");
  EXPECT_EQ(client.reply().body, "OPTIONS *? ");
}

TEST_F(ServerTest, AnEarlyReplyIsReadableAndTheConnectionStaysInStep) {
  auto client = connect();
  const std::string body(20UL << 20U, 'x');
  client.send("PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n");
  EXPECT_EQ(client.reply().status, 409) << "before a byte of the body was sent";
  EXPECT_TRUE(client.send(body));
  client.send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "GET /next? ");
}

TEST_F(ServerTest, AnEarlyReplyInCloseModeCutsOffTheClientThatKeepsSending) {
  auto client = connect();
  client.send(
      "PUT /early HTTP/1.1\r\nHost: h\r\nX-Unread: close\r\nContent-Length: 100000000\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return !client.send(std::string(65536, 'x')); }));
}

TEST_F(ServerTest, AReplyFromTheMiddleOfTheBodyStopsTheHandler) {
  auto client = connect();
  client.send("PUT /overrun HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
  client.send(std::string(300'000, 'x'));
  EXPECT_EQ(client.reply().status, 413);
  client.send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "GET /next? ");
  EXPECT_EQ(log_.lines().front(), "gone") << "no on_end";
}

/// Answers with how many bytes came, and whether a slice held any '#'.
class Counts final : public Handler {
 public:
  void on_header(const Request& /*request*/, Exchange& exchange) override {
    exchange_ = &exchange;
    exchange.read_body();
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    copied_ = copied_ || std::ranges::count(bytes, std::byte{'#'}) > 0;
    size_ += bytes.size();
  }
  [[nodiscard]] bool looks_at_bytes() const override { return false; }
  void on_end(BodyEnd /*end*/) override {
    exchange_->reply(text_reply(200, std::to_string(size_) + (copied_ ? " copied" : "")));
  }

 private:
  Exchange* exchange_ = nullptr;
  std::size_t size_ = 0;
  bool copied_ = false;
};

TEST_F(ServerTest, BytesThatNobodyLooksAtAreCountedAndNotCopied) {
  MakesHandlers counting{[](const Request&, Intercept*) { return std::make_unique<Counts>(); }};
  RunningServer server{counting};
  auto client = server.connect();
  const auto head = [](const std::string& framing) {
    return "PUT /a HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n";
  };
  // What comes with the head is copied with it, and stays in the buffer.
  const auto body = std::string(500'000, '.') + std::string(500'000, '#');
  for (int i = 0; i < 2; ++i) {
    client.send(head("Content-Length: 1000000") + body);
    EXPECT_EQ(client.reply().body, "1000000");
  }
  // The framing of a body is always looked at, and so is what follows it.
  client.send(head("Transfer-Encoding: chunked") + "f4240\r\n" + body + "\r\n0\r\n\r\n" +
              head("Content-Length: 3") + "#" + "##" + head("Content-Length: 0"));
  EXPECT_EQ(client.reply().body.substr(0, 7), "1000000");
  EXPECT_EQ(client.reply().body.substr(0, 1), "3");
  EXPECT_EQ(client.reply().body, "0");
}

TEST_F(ServerTest, ADisconnectInTheBodyGivesWhatCameAndThenAnAbort) {
  for (const bool reset : {false, true}) {
    log_.clear();
    auto client = connect();
    client.send("PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nfirst");
    // A reset discards what the server has not read.
    EXPECT_TRUE(eventually([&] { return log_.has("got first"); }));
    reset ? client.reset() : client.close();
    EXPECT_TRUE(eventually([&] { return log_.has("aborted first"); })) << log_.joined();
    EXPECT_TRUE(eventually([&] { return log_.joined().ends_with("gone\n"); }));
  }
}

TEST_F(ServerTest, ADisconnectWhileTheHandlerThinksIsHarmless) {
  for (const bool reset : {false, true}) {
    auto client = connect();
    client.send("PUT /never HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_TRUE(eventually([&] { return log_.has("complete x"); }));
    log_.clear();
    reset ? client.reset() : client.close();
    if (reset) {
      EXPECT_TRUE(eventually([&] { return log_.has("gone"); }));
    }
    auto next = connect();
    next.send("PUT /background HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\ny");
    EXPECT_EQ(next.reply().status, 200);
  }
  EXPECT_EQ(server_->stop(), 1U) << "the one whose FIN nobody could tell from a half-close";
}

TEST_F(ServerTest, AHalfClosedClientIsAnswered) {
  auto client = connect();
  client.send("PUT /later HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
  client.half_close();
  EXPECT_EQ(client.reply().body, "PUT /later? x");
  EXPECT_EQ(client.rest(), "");
}

TEST_F(ServerTest, ClientsAreServedSideBySide) {
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(connect());
    clients.back().send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx");
  }
  for (auto& client : clients) client.send("y");
  for (auto& client : clients) EXPECT_EQ(client.reply().body, "PUT /a? xy");
}

TEST_F(ServerTest, ALargeReplyReachesASlowReader) {
  class Large final : public Handler {
   public:
    void on_header(const Request&, Exchange& exchange) override {
      exchange.reply(text_reply(200, std::string(30UL << 20U, 'x')));
    }
    void on_bytes(std::span<const std::byte>) override {}
    void on_end(BodyEnd) override {}
  };
  MakesHandlers large([](const Request&, Intercept*) { return std::make_unique<Large>(); });
  const RunningServer server(large);
  auto client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body.size(), 30UL << 20U);
  EXPECT_EQ(client.reply().body.size(), 30UL << 20U);
}

// ---- time

// One short limit at a time: on a busy machine the others would strike first.

TEST_F(ServerTest, AnIdleConnectionIsClosed) {
  ListenOptions options;
  options.limits.idle_timeout = Milliseconds{40};
  serve(options);
  auto idle = connect();
  EXPECT_EQ(idle.rest(), "");
  EXPECT_EQ(idle.error(), 0);
}

TEST_F(ServerTest, AHeadThatDoesNotEndIsAnswered) {
  ListenOptions options;
  options.limits.header_timeout = Milliseconds{40};
  serve(options);
  auto client = connect();
  client.send("GET / HT");
  EXPECT_EQ(client.reply().status, 408);
  EXPECT_EQ(client.rest(), "");
}

TEST_F(ServerTest, ABodyThatDoesNotComeIsAnsweredOrNoLongerDropped) {
  ListenOptions options;
  options.limits.read_timeout = Milliseconds{40};
  serve(options);
  auto half_body = connect();
  half_body.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf");
  const auto reply = half_body.reply();
  EXPECT_EQ(reply.status, 408);
  EXPECT_EQ(reply.body, "slow\n");
  EXPECT_EQ(reply.fields.find("Connection"), "close");
  EXPECT_EQ(half_body.rest(), "");
  EXPECT_TRUE(log_.has("timed_out half"));

  auto undrained = connect();
  undrained.send("PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf");
  EXPECT_EQ(undrained.reply().status, 409);
  EXPECT_EQ(undrained.rest(), "");
}

TEST_F(ServerTest, AClientThatDoesNotReadIsCutOff) {
  MakesHandlers large([](const Request&, Intercept*) {
    return bodiless([](const Request&) { return text_reply(200, std::string(64UL << 20U, 'x')); });
  });
  ListenOptions options;
  options.limits.write_timeout = Milliseconds{40};
  const RunningServer server(large, nullptr, options);
  auto client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  // Told by a hang-up, without reading.
  EXPECT_TRUE(eventually([&] {
    pollfd look{client.descriptor(), POLLRDHUP, 0};
    return ::poll(&look, 1, 0) == 1;
  }));
}

// The kernel has room again only when a third of what it holds was taken.
TEST_F(ServerTest, AClientThatReadsSlowlyIsNotCutOff) {
  using std::chrono::steady_clock;
  constexpr std::size_t size = 8UL << 20U;
  MakesHandlers large([](const Request&, Intercept*) {
    return bodiless([](const Request&) { return text_reply(200, std::string(size, 'x')); });
  });
  ListenOptions options;
  options.limits.write_timeout = Milliseconds{400};
  const RunningServer server(large, nullptr, options);
  auto client = server.connect();
  const int window = 64 << 10;
  ::setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto begun = steady_clock::now();
  while (steady_clock::now() < begun + 3 * options.limits.write_timeout) {
    ASSERT_TRUE(client.fill());
    const auto next = steady_clock::now() + Milliseconds{50};
    eventually([&] { return steady_clock::now() >= next; });
  }
  EXPECT_EQ(client.reply().body.size(), size);
}

// ---- shutdown

TEST_F(ServerTest, ShutdownClosesIdleConnectionsAndLetsExchangesEnd) {
  ListenOptions options;
  options.limits.shutdown_grace = seconds{5};
  auto server = make_server();
  options.port = 0;
  ASSERT_TRUE(server->listen(options, application_, nullptr, nullptr));
  loop_ = &server->loop();
  const auto url = server->url();
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  std::size_t cut_off = 99;
  std::thread thread([&] { cut_off = server->run(false); });

  Client idle(port);
  idle.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(idle.reply().status, 200);
  Client half(port);
  half.send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(half.reply().status, 100);
  server->stop();
  EXPECT_EQ(idle.rest(), "");
  half.send("half");
  const auto reply = half.reply();
  EXPECT_EQ(reply.body, "PUT /a? half");
  EXPECT_EQ(reply.fields.find("Connection"), "close");
  thread.join();
  EXPECT_EQ(cut_off, 0U);
}

TEST_F(ServerTest, ShutdownCutsOffWhatDoesNotEnd) {
  auto client = connect();
  client.send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(client.reply().status, 100);
  EXPECT_EQ(server_->stop(), 1U);
  EXPECT_TRUE(log_.has("aborted ")) << "the handler is told, so that it can keep what came";
  EXPECT_EQ(client.rest(), "");
}

TEST_F(ServerTest, ASignalEndsTheRun) {
  for (const int signal : {SIGTERM, SIGINT}) {
    auto server = make_server();
    ListenOptions options;
    options.port = 0;
    ASSERT_TRUE(server->listen(options, application_, nullptr, nullptr));
    server->loop().post([signal] { std::raise(signal); });
    EXPECT_EQ(server->run(true), 0U);
  }
}

// ---- the loop

TEST_F(ServerTest, TheLoopRunsTimersAndWorkersAndForgetsCancelledTimers) {
  auto server = make_server();
  auto& loop = server->loop();
  std::vector<std::string> seen;
  const auto home = std::this_thread::get_id();
  auto late = loop.after(Milliseconds{20}, [&] {
    seen.emplace_back("timer");
    loop.background([&] { EXPECT_NE(std::this_thread::get_id(), home); },
                    [&](const std::exception_ptr&) {
                      EXPECT_EQ(std::this_thread::get_id(), home);
                      seen.emplace_back("done");
                      server->stop();
                    });
  });
  auto never = loop.after(Milliseconds{1}, [&] { seen.emplace_back("cancelled"); });
  never.reset();
  std::unique_ptr<Timer> itself;
  itself = loop.after(Milliseconds{1}, [&] {
    itself.reset();
    seen.emplace_back("its own end");
  });
  loop.post([&] { seen.emplace_back("posted"); });
  EXPECT_TRUE(seen.empty()) << "nothing runs inside the call that asked for it";
  server->run(false);
  EXPECT_EQ(seen, (std::vector<std::string>{"posted", "its own end", "timer", "done"}));
}

TEST_F(ServerTest, WhatBackgroundWorkThrowsIsGivenToItsEnd) {
  auto server = make_server();
  auto& loop = server->loop();
  Log troubles;
  server->on_trouble([&](const Notice& notice) { troubles.add(notice.text); });
  std::vector<std::string> seen;
  loop.background([] { throw std::bad_alloc(); },
                  [&](const std::exception_ptr& thrown) {
                    seen.push_back(trouble_of(thrown).text);
                    loop.background([] {},
                                    [&](const std::exception_ptr& none) {
                                      seen.emplace_back(none ? "thrown" : "the worker lives on");
                                      throw std::runtime_error("its end throws too");
                                    });
                  });
  server->stop();
  server->run(false);
  EXPECT_EQ(seen, (std::vector<std::string>{"out of memory", "the worker lives on"}));
  EXPECT_EQ(troubles.joined(),
            "background work failed: out of memory\n"
            "the end of background work failed: its end throws too\n");
}

TEST_F(ServerTest, WhatACallbackThrowsEndsThatCallbackOnly) {
  auto server = make_server();
  auto& loop = server->loop();
  Log troubles;
  server->on_trouble([&](const Notice& notice) { troubles.add(notice.text); });
  loop.post([] { throw std::filesystem::filesystem_error("about", "/a/secret/name", {}); });
  loop.post([] { throw 1; });
  auto timer = loop.after(Milliseconds{1}, [] { throw std::runtime_error("in a timer"); });
  auto last = loop.after(Milliseconds{5}, [&] { server->stop(); });
  server->run(false);
  EXPECT_EQ(troubles.joined(),
            "a task failed: Success\n"
            "a task failed: an exception of no known kind\n"
            "a timer failed: in a timer\n");
}

TEST_F(ServerTest, AConnectionThatCannotBeMadeIsTheEndOfThatOneOnly) {
  class ThrowsAtFirst final : public Interceptor {
   public:
    std::unique_ptr<Intercept> begin(const Request& /*request*/) override { return nullptr; }
    ConnectionPlan on_connection(const std::string& /*lane*/, std::uint64_t ordinal) override {
      if (ordinal == 1) throw std::bad_alloc();
      return {};
    }
  } interceptor;
  serve({}, &interceptor);
  auto first = connect();
  EXPECT_EQ(first.reply().status, 0) << "closed";
  auto second = connect();
  second.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(second.reply().status, 200);
}

TEST_F(ServerTest, ShutdownWaitsForWorkers) {
  auto server = make_server();
  bool done = false;
  server->loop().background([] { std::this_thread::yield(); },
                            [&](const std::exception_ptr&) { done = true; });
  server->stop();
  server->run(false);
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace mock
