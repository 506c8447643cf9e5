#include "transport/load_engine.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <thread>
#include <tuple>

namespace {
using namespace std::chrono_literals;
using transport::Cut;
using transport::Failure;
using transport::LoadEngine;
using transport::LoadOutcome;
using transport::LoadRequest;

/// What the other end of one connection saw.
struct Seen {
  std::string head;
  std::string body;
  int read_errno = 0;  ///< how reading ended: 0 for FIN
  bool timed_out = false;
};

/// Accepts one connection at a time on a port of its own and lets `serve` deal with it.
class Server {
 public:
  explicit Server(std::function<void(int fd)> serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        ++connections_;
        serve_(fd);
        ::close(fd);
      }
    });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string url(const std::string& path = "/files") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  std::function<void(int)> serve_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

/// Reads until the head and `body` bytes are there, the peer is gone, or nothing came for
/// `patience`.
Seen read_request(int fd, std::size_t body, std::chrono::milliseconds patience = 5s) {
  Seen seen;
  std::string bytes;
  std::size_t end = std::string::npos;
  for (;;) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) == 0) {
      seen.timed_out = true;
      break;
    }
    char buffer[65536];
    const auto got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
      seen.read_errno = got == 0 ? 0 : errno;
      break;
    }
    bytes.append(buffer, static_cast<std::size_t>(got));
    end = bytes.find("\r\n\r\n");
    if (end != std::string::npos && bytes.size() >= end + 4 + body) break;
  }
  end = bytes.find("\r\n\r\n");
  seen.head = bytes.substr(0, end);
  if (end != std::string::npos) seen.body = bytes.substr(end + 4);
  return seen;
}

void reply(int fd, std::string_view text) { ::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

LoadRequest patch(const std::string& url, std::size_t size) {
  LoadRequest request;
  request.method = "PATCH";
  request.url = url;
  request.headers.add("Content-Type", "application/offset+octet-stream");
  request.source_size = Bytes{size};
  request.source = [](Bytes at, std::span<std::byte> into) {
    for (std::size_t i = 0; i < into.size(); ++i) {
      into[i] = static_cast<std::byte>('a' + (at.value + i) % 26);
    }
    return into.size();
  };
  return request;
}

LoadOutcome run_one(LoadEngine& engine, LoadRequest request) {
  LoadOutcome outcome;
  engine.send(std::move(request), [&](LoadOutcome o) {
    outcome = std::move(o);
    engine.stop();
  });
  engine.run();
  return outcome;
}

transport::LoadEngineOptions options() {
  transport::LoadEngineOptions o;
  o.user_agent = "dex-loadgen/test (run 1)";
  return o;
}

TEST(LoadEngine, SendsABodyAndReadsTheAnswer) {
  Seen seen;
  Server server([&](int fd) {
    seen = read_request(fd, 100'000);
    reply(fd, "HTTP/1.1 204 No Content\r\nUpload-Offset: 100000\r\nX-Empty:\r\n\r\n");
  });
  LoadEngine engine(options());
  const auto outcome = run_one(engine, patch(server.url(), 100'000));
  ASSERT_TRUE(outcome.response) << outcome.failure->message;
  EXPECT_EQ(outcome.response->status, 204);
  EXPECT_EQ(outcome.response->headers.find("upload-offset"), "100000");
  EXPECT_EQ(outcome.sent, Bytes{100'000});
  EXPECT_FALSE(outcome.was_cut);
  EXPECT_EQ(seen.body.size(), 100'000U);
  EXPECT_EQ(seen.body.substr(26, 3), "abc");
  EXPECT_THAT(seen.head, testing::StartsWith("PATCH /files HTTP/1.1\r\n"));
  EXPECT_THAT(seen.head, testing::HasSubstr("Content-Length: 100000"));
  EXPECT_THAT(seen.head, testing::HasSubstr("User-Agent: dex-loadgen/test (run 1)"));
  EXPECT_THAT(seen.head, testing::Not(testing::HasSubstr("Expect")));
}

TEST(LoadEngine, SendsABodyInChunksWithoutItsLength) {
  const std::string end = "\r\n0\r\n\r\n";
  for (const std::size_t size : {std::size_t{26}, std::size_t{0}}) {
    std::promise<Seen> seen;
    Server server([&](int fd) {
      // "1a", the bytes and the last chunk, or that alone.
      seen.set_value(read_request(fd, size == 0 ? end.size() - 2 : 4 + size + end.size()));
      reply(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    });
    LoadEngine engine({});
    LoadRequest request = patch(server.url(), size);
    request.chunked = true;
    const auto outcome = run_one(engine, std::move(request));
    ASSERT_TRUE(outcome.response);
    EXPECT_EQ(outcome.sent, Bytes{size});
    const Seen got = seen.get_future().get();
    EXPECT_THAT(got.head, testing::HasSubstr("\r\nTransfer-Encoding: chunked"));
    EXPECT_THAT(got.head, testing::Not(testing::HasSubstr("Content-Length")));
    const std::string chunk = size == 0 ? "" : "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n";
    EXPECT_EQ(got.body, chunk + "0\r\n\r\n");
  }
}

// A PATCH that only tells that a file is at its end.
TEST(LoadEngine, SendsASourceWithoutBytes) {
  std::promise<Seen> seen;
  Server server([&](int fd) {
    seen.set_value(read_request(fd, 0));
    reply(fd, "HTTP/1.1 204 No Content\r\n\r\n");
  });
  LoadEngine engine({});
  EXPECT_TRUE(run_one(engine, patch(server.url(), 0)).response);
  EXPECT_THAT(seen.get_future().get().head, testing::HasSubstr("\r\nContent-Length: 0"));
}

TEST(LoadEngine, SendsHeadAndEmptyPost) {
  std::vector<Seen> seen;
  Server server([&](int fd) {
    for (int i = 0; i < 2; ++i) {
      seen.push_back(read_request(fd, 0));
      reply(fd, i == 0
                    ? "HTTP/1.1 200 OK\r\nUpload-Offset: 7\r\nContent-Length: 5\r\n\r\n"
                    : "HTTP/1.1 201 Created\r\nLocation: /files/1\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  LoadEngine engine(options());
  LoadRequest head;
  head.method = "HEAD";
  head.url = server.url();
  EXPECT_EQ(run_one(engine, head).response->headers.find("Upload-Offset"), "7");
  LoadRequest post;
  post.method = "POST";
  post.url = server.url();
  const auto outcome = run_one(engine, post);
  EXPECT_TRUE(outcome.reused_connection);
  EXPECT_EQ(outcome.response->status, 201);
  EXPECT_EQ(outcome.response->body, "ok");
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_THAT(seen[1].head, testing::HasSubstr("Content-Length: 0"));
  EXPECT_THAT(seen[1].head, testing::Not(testing::HasSubstr("Content-Type")));
}

TEST(LoadEngine, AResetCutIsSeenAsConnectionReset) {
  Seen seen;
  std::atomic<bool> done{false};
  Server server([&](int fd) {
    seen = read_request(fd, 1U << 30U);
    done = true;
  });
  LoadEngine engine(options());
  auto request = patch(server.url(), 50'000'000);
  request.cut = Cut{Cut::Kind::reset, Bytes{300'000}};
  const auto outcome = run_one(engine, std::move(request));
  ASSERT_TRUE(outcome.failure);
  EXPECT_TRUE(outcome.was_cut);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::reset);
  EXPECT_EQ(outcome.sent, Bytes{300'000});
  while (!done) std::this_thread::yield();
  EXPECT_EQ(seen.read_errno, ECONNRESET);
  EXPECT_LE(seen.body.size(), 300'000U);
}

TEST(LoadEngine, AfterASilentCutThePeerHearsNothing) {
  Seen seen;
  std::atomic<bool> done{false};
  Server server([&](int fd) {
    seen = read_request(fd, 1U << 30U, 400ms);
    done = true;
  });
  LoadEngine engine(options());
  auto request = patch(server.url(), 50'000'000);
  request.cut = Cut{Cut::Kind::silent, Bytes{1000}};
  request.stall_timeout = 150ms;
  const auto outcome = run_one(engine, std::move(request));
  ASSERT_TRUE(outcome.failure);
  EXPECT_TRUE(outcome.was_cut);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::timeout);
  EXPECT_GE(outcome.elapsed, 150ms);
  while (!done) std::this_thread::yield();
  EXPECT_TRUE(seen.timed_out) << "errno " << seen.read_errno;
}

TEST(LoadEngine, GivesUpOnAServerThatDoesNotAnswer) {
  Server server([](int fd) { read_request(fd, 1U << 30U, 2s); });
  LoadEngine engine(options());
  auto request = patch(server.url(), 10);
  request.stall_timeout = 100ms;
  const auto outcome = run_one(engine, std::move(request));
  ASSERT_TRUE(outcome.failure);
  EXPECT_FALSE(outcome.was_cut);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::timeout);
}

TEST(LoadEngine, AClosedPortIsAConnectFailure) {
  std::string url;
  {
    url = Server([](int) {}).url();
  }
  LoadEngine engine(options());
  const auto outcome = run_one(engine, patch(url, 10));
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::connect);
}

TEST(LoadEngine, AHeaderThatIsCutOffIsNoResponse) {
  Server server([](int fd) {
    read_request(fd, 10);
    reply(fd, "HTTP/1.1 204 No Content\r\nUpload-Off");
  });
  LoadEngine engine(options());
  const auto outcome = run_one(engine, patch(server.url(), 10));
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::closed);
}

TEST(LoadEngine, AnAnswerWithoutEndIsGivenUp) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string field = "X-A: " + std::string(2000, 'a') + "\r\n";
  for (const auto& [begin, more, problem] :
       {std::tuple<std::string, std::string, const char*>{"HTTP/1.1 200 OK\r\n\r\n", "x",
                                                          "does not end within 16.0 MiB"},
        {"HTTP/1.1 200 OK\r\n", field, "256 KiB"},
        {"HTTP/1.1 200 OK\r\n", "X:\r\n", "1000 header fields"},
        {chunked + "1\r\na\r\n0\r\n", field, "trailers"},
        {chunked + "0\r\n", "X:\r\n", "1000 header fields"},
        {"", "HTTP/1.1 103 \r\n\r\n", "100 interim"}}) {
    SCOPED_TRACE(problem);
    Server server([&, begin = begin, more = more](int fd) {
      read_request(fd, 10);
      reply(fd, begin);
      std::string much;
      while (much.size() < 1U << 16U) much += more;
      while (::send(fd, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
      }
    });
    LoadEngine engine(options());
    const auto outcome = run_one(engine, patch(server.url(), 10));
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Failure::Kind::protocol) << outcome.failure->message;
    EXPECT_THAT(outcome.failure->message, testing::HasSubstr(problem));
  }
}

TEST(LoadEngine, ADownloadEndsAtItsLimit) {
  Server server([](int fd) {
    read_request(fd, 0);
    reply(fd, "HTTP/1.1 200 OK\r\n\r\n");
    const std::string more(1U << 16U, 'x');
    while (::send(fd, more.data(), more.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  LoadEngine engine(options());
  LoadRequest get;
  get.method = "GET";
  get.url = server.url();
  std::size_t taken = 0;
  get.sink = [&](std::span<const std::byte> bytes) {
    taken += bytes.size();
    return true;
  };
  get.answer_limit = Bytes{100'000};
  const auto outcome = run_one(engine, std::move(get));
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::protocol);
  EXPECT_LE(taken, 100'000U);
}

// A long body is waited for in large pieces, but not longer than a moment.
TEST(LoadEngine, ADownloadThatStopsIsSeenAsFarAsItCame) {
  constexpr std::size_t size = 4'000'000;
  constexpr std::size_t first = 1'500'001;
  std::promise<void> seen;
  Server server([&](int fd) {
    read_request(fd, 0);
    reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    reply(fd, std::string(first, 'x'));
    EXPECT_EQ(seen.get_future().wait_for(std::chrono::seconds{20}), std::future_status::ready);
    reply(fd, std::string(size - first, 'x'));
    read_request(fd, 0);
    reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  LoadEngine engine(options());
  LoadRequest get;
  get.method = "GET";
  get.url = server.url();
  std::size_t taken = 0;
  get.sink = [&](std::span<const std::byte> bytes) {
    taken += bytes.size();
    if (taken == first) seen.set_value();
    return true;
  };
  EXPECT_TRUE(run_one(engine, get).response);
  EXPECT_EQ(taken, size);
  // Its connection is what it was before.
  get.sink = nullptr;
  const auto outcome = run_one(engine, std::move(get));
  ASSERT_TRUE(outcome.response);
  EXPECT_EQ(outcome.response->body, "ok");
  EXPECT_EQ(server.connections(), 1);
}

// A sink that compares a long answer may be slower than its sender. libcurl goes on while there is
// more to read, so one download once held up all others, timers, and what tells of a silent peer.
TEST(LoadEngine, ADownloadThatTakesLongLetsOthersOn) {
  constexpr std::size_t size = 4U << 20U;
  Server server([&](int fd) {
    read_request(fd, 0);
    reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    reply(fd, std::string(size, 'x'));
  });
  LoadEngine engine(options());
  LoadRequest get;
  get.method = "GET";
  get.url = server.url();
  std::size_t taken = 0;
  std::size_t before = 0;  // when the timer fired last
  std::size_t most = 0;    // between two times
  get.sink = [&](std::span<const std::byte> bytes) {
    const auto from = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - from < 15ms) {
    }
    taken += bytes.size();
    return true;
  };
  std::function<void()> look = [&] {
    most = std::max(most, taken - before);
    before = taken;
    engine.after(1ms, look);
  };
  engine.after(0ms, look);
  const auto outcome = run_one(engine, get);
  ASSERT_TRUE(outcome.response) << outcome.failure->message;
  EXPECT_EQ(taken, size);
  most = std::max(most, taken - before);
  EXPECT_LE(most, size / 4) << "of sixteen pieces, 15 ms each";
}

// Once, an answer that trickled in for ever was progress for ever.
TEST(LoadEngine, AnAnswerThatTricklesIsGivenUp) {
  for (const bool download : {false, true}) {
    for (const char* begin : {"HTTP/1.1 200 OK\r\nX: 1\r\n", "HTTP/1.1 200 OK\r\n\r\n"}) {
      SCOPED_TRACE(begin);
      Server server([&](int fd) {
        read_request(fd, 0);
        reply(fd, begin);
        pollfd gone{fd, POLLIN, 0};
        do {
          if (::send(fd, "X: y\r\n", 6, MSG_NOSIGNAL) < 0) break;
        } while (::poll(&gone, 1, 10) == 0);
      });
      LoadEngine engine(options());
      LoadRequest get;
      get.method = "GET";
      get.url = server.url();
      get.stall_timeout = 200ms;
      if (download) get.sink = [](std::span<const std::byte>) { return true; };
      const auto outcome = run_one(engine, std::move(get));
      ASSERT_TRUE(outcome.failure);
      EXPECT_EQ(outcome.failure->kind, Failure::Kind::timeout) << outcome.failure->message;
    }
  }
}

TEST(LoadEngine, ATrailerIsNoHeader) {
  Server server([](int fd) {
    read_request(fd, 10);
    reply(fd,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nUpload-Offset: 10\r\n\r\n");
  });
  LoadEngine engine(options());
  const auto outcome = run_one(engine, patch(server.url(), 10));
  ASSERT_TRUE(outcome.response) << outcome.failure->message;
  EXPECT_FALSE(outcome.response->headers.has("Upload-Offset"));
}

TEST(LoadEngine, AnIpv6AddressCanBePinned) {
  // Port 1 of ::1 refuses; a machine without IPv6 cannot connect either.
  LoadEngine engine(options());
  engine.pin({"::1", "1", {"::1"}, true});
  const auto outcome = run_one(engine, patch("http://[::1]:1/files", 10));
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::connect) << outcome.failure->message;
}

TEST(LoadEngine, NeverReplaysOnADeadConnectionWhatChangesSomething) {
  LoadRequest post;
  post.method = "POST";
  for (const std::size_t size : {std::size_t{200'000}, std::size_t{10}, std::size_t{0}}) {
    SCOPED_TRACE(size);
    // Answers the first request on each connection and closes at the second.
    std::atomic<int> requests{0};
    std::atomic<int> ended{0};
    Server server([&](int fd) {
      if (!read_request(fd, 10).head.empty()) ++requests;
      reply(fd, "HTTP/1.1 204 No Content\r\n\r\n");
      if (!read_request(fd, size).head.empty()) ++requests;
      ++ended;
    });
    post.url = server.url();
    {
      LoadEngine engine(options());
      EXPECT_TRUE(run_one(engine, patch(server.url(), 10)).response);
      const auto outcome = run_one(engine, size == 0 ? post : patch(server.url(), size));
      ASSERT_TRUE(outcome.failure);
      EXPECT_NE(outcome.failure->kind, Failure::Kind::connect) << outcome.failure->message;
    }
    while (ended < server.connections()) std::this_thread::yield();
    EXPECT_EQ(requests, 2);
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(LoadEngine, ASmallBodyIsHandedOverOnceThereIsAConnection) {
  std::vector<Seen> seen;
  Server server([&](int fd) {
    for (int i = 0; i < 3; ++i) {
      seen.push_back(read_request(fd, i == 1 ? 0 : 10));
      reply(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    }
  });
  LoadEngine engine(options());
  LoadRequest head;
  head.method = "HEAD";
  head.url = server.url();
  // On one handle: nothing of a request is left for the next one.
  EXPECT_EQ(run_one(engine, patch(server.url(), 10)).sent, Bytes{10});
  EXPECT_EQ(run_one(engine, head).sent, Bytes{0});
  EXPECT_EQ(run_one(engine, patch(server.url(), 10)).sent, Bytes{10});
  EXPECT_EQ(engine.sent(), Bytes{20});
  ASSERT_EQ(seen.size(), 3U);
  for (const std::size_t i : {0U, 2U}) {
    EXPECT_EQ(seen[i].body, "abcdefghij");
    EXPECT_THAT(seen[i].head, testing::StartsWith("PATCH /files HTTP/1.1\r\n"));
    EXPECT_THAT(seen[i].head, testing::HasSubstr("Content-Length: 10"));
    EXPECT_THAT(seen[i].head, testing::Not(testing::HasSubstr("urlencoded")));
  }
  EXPECT_THAT(seen[1].head, testing::StartsWith("HEAD /files HTTP/1.1\r\n"));
  EXPECT_THAT(seen[1].head, testing::Not(testing::HasSubstr("Content-")));
  EXPECT_EQ(run_one(engine, patch("http://127.0.0.1:1/files", 10)).sent, Bytes{0});
}

// A body that goes out with its header is asked for earlier than others, and ends like them.
TEST(LoadEngine, ABodyThatNothingMakesAnyMoreIsReset) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{1'000'000}}) {
    for (const bool gone : {true, false}) {
      Server server([](int fd) { read_request(fd, 1U << 30U); });
      LoadEngine engine(options());
      auto request = patch(server.url(), size);
      if (gone) request.sender_gone = std::make_shared<bool>(true);
      if (!gone) request.source = [](Bytes, std::span<std::byte>) { return std::size_t{0}; };
      const auto outcome = run_one(engine, std::move(request));
      ASSERT_TRUE(outcome.failure);
      EXPECT_TRUE(outcome.was_cut) << size << (gone ? ", gone" : ", no bytes");
      EXPECT_EQ(outcome.failure->kind, Failure::Kind::reset) << outcome.failure->message;
      EXPECT_EQ(outcome.sent, Bytes{0});
    }
  }
}

TEST(LoadEngine, KeepsToItsRate) {
  Server server([&](int fd) {
    read_request(fd, 60'000);
    reply(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  LoadEngine engine(options());
  const auto begin = engine.now();
  const auto pace = std::make_shared<transport::Pace>(BytesPerSecond{200'000}, begin);
  for (int i = 0; i < 2; ++i) {
    auto request = patch(server.url(), 60'000);
    request.pace = pace;
    ASSERT_TRUE(run_one(engine, std::move(request)).response);
  }
  EXPECT_GE(engine.now() - begin, 600ms);
  EXPECT_EQ(engine.sent(), Bytes{120'000});
}

/// Lets 1000 bytes through, and then nothing for so long.
class Silence final : public transport::Pacer {
 public:
  explicit Silence(std::chrono::milliseconds length) : length_(length) {}
  std::uint64_t available(transport::LoadTime now, std::uint64_t) override {
    if (sent_ < 1000) return 1000 - sent_;
    if (!end_) end_ = now + length_;
    left_ = *end_ - now;
    return left_ > 0ms ? 0 : 1U << 20U;
  }
  [[nodiscard]] transport::LoadClock::duration wait(std::uint64_t) const override { return left_; }
  void spend(std::uint64_t bytes) override { sent_ += bytes; }
  [[nodiscard]] transport::LoadClock::duration silence() const override { return left_; }

 private:
  std::chrono::milliseconds length_;
  std::uint64_t sent_ = 0;
  std::optional<transport::LoadTime> end_;
  transport::LoadClock::duration left_{0};
};

TEST(LoadEngine, ASilenceThatIsLongerThanPatienceEndsTheConnection) {
  Seen seen;
  std::atomic<bool> done{false};
  Server server([&](int fd) {
    read_request(fd, 0);
    reply(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    seen = read_request(fd, 1U << 30U, 400ms);
    done = true;
  });
  LoadEngine engine(options());
  LoadRequest head;
  head.method = "HEAD";
  head.url = server.url();
  ASSERT_TRUE(run_one(engine, head).response);
  auto request = patch(server.url(), 100'000);  // on the kept connection
  request.pace = std::make_shared<Silence>(10s);
  request.stall_timeout = 150ms;
  const auto outcome = run_one(engine, std::move(request));
  ASSERT_TRUE(outcome.failure);
  EXPECT_FALSE(outcome.was_cut) << "nobody planned it";
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::timeout);
  EXPECT_EQ(outcome.sent, Bytes{1000});
  EXPECT_GE(outcome.elapsed, 150ms);
  EXPECT_LT(outcome.elapsed, 5s);
  while (!done) std::this_thread::yield();
  EXPECT_EQ(seen.body.size(), 1000U);
}

TEST(LoadEngine, AShorterSilenceIsWaitedFor) {
  Server server([&](int fd) {
    read_request(fd, 60'000);
    reply(fd, "HTTP/1.1 204 No Content\r\n\r\n");
  });
  LoadEngine engine(options());
  auto request = patch(server.url(), 60'000);
  request.pace = std::make_shared<Silence>(150ms);
  request.stall_timeout = 5s;
  const auto outcome = run_one(engine, std::move(request));
  ASSERT_TRUE(outcome.response) << outcome.failure->message;
  EXPECT_GE(outcome.elapsed, 150ms);
}

TEST(LoadEngine, AllBodiesTogetherKeepToTheCeiling) {
  Server server([&](int fd) {
    read_request(fd, 30'000);
    reply(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  auto with = options();
  with.ceiling = BytesPerSecond{200'000};
  // The ceiling counts from when the engine is made.
  const auto begin = transport::LoadClock::now();
  LoadEngine engine(with);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(run_one(engine, patch(server.url(), 30'000)).response);
  EXPECT_GE(engine.now() - begin, 300ms);
}

// Once, these were told as timeouts of the target.
TEST(LoadEngine, WhatWaitsForASocketOfOursIsNotStalled) {
  Server server([&](int fd) {
    read_request(fd, 10);
    std::this_thread::sleep_for(150ms);
    reply(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  auto with = options();
  with.max_sockets = 1;
  LoadEngine engine(with);
  int answers = 0;
  for (int i = 0; i < 4; ++i) {
    auto request = patch(server.url(), 10);
    request.fresh_connection = true;
    request.stall_timeout = 400ms;
    engine.send(std::move(request), [&](const LoadOutcome& outcome) {
      EXPECT_TRUE(outcome.response) << outcome.failure->message;
      if (++answers == 4) engine.stop();
    });
  }
  engine.run();
  EXPECT_EQ(answers, 4);
}

TEST(LoadEngine, GoesByItsProxy) {
  Seen seen;
  Server proxy([&](int fd) {
    seen = read_request(fd, 10);
    reply(fd, "HTTP/1.1 204 No Content\r\n\r\n");
  });
  auto with = options();
  with.proxy = proxy.url("");
  LoadEngine engine(with);
  EXPECT_TRUE(run_one(engine, patch("http://target.example/files", 10)).response);
  EXPECT_THAT(seen.head, testing::StartsWith("PATCH http://target.example/files HTTP/1.1"));
  with.proxy = "http://127.0.0.1:1";
  LoadEngine absent(with);
  const auto outcome = run_one(absent, patch("http://target.example/files", 10));
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::proxy) << "not told as the target's";
}

TEST(LoadEngine, NoDescriptorLeftIsALimitOfOurs) {
  Server server([](int) {});
  LoadEngine engine(options());
  rlimit former{};
  ::getrlimit(RLIMIT_NOFILE, &former);
  rlimit none = former;
  none.rlim_cur = 3;
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto outcome = run_one(engine, patch(server.url(), 10));
  ::setrlimit(RLIMIT_NOFILE, &former);
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->kind, Failure::Kind::own) << outcome.failure->message;
}

TEST(LoadEngine, RunsWorkAsideAndPostedTasksOnItsOwnThread) {
  LoadEngine engine(options());
  std::thread::id worker;
  std::thread::id back;
  engine.aside([&] { worker = std::this_thread::get_id(); },
               [&] {
                 back = std::this_thread::get_id();
                 engine.after(1ms, [&] { engine.stop(); });
               });
  engine.run();
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(back, std::this_thread::get_id());
}

TEST(Resolve, TellsLoopbackFromTheRest) {
  EXPECT_TRUE(transport::resolve("http://127.0.0.1:1080/files")->loopback);
  EXPECT_TRUE(transport::resolve("http://[::1]/files")->loopback);
  EXPECT_FALSE(transport::resolve("http://192.0.2.1/files")->loopback);
  EXPECT_EQ(transport::resolve("https://127.0.0.1/files")->port, "443");
  EXPECT_FALSE(transport::resolve("ftp://127.0.0.1/files"));
  EXPECT_FALSE(transport::resolve("not a url"));
}
}  // namespace
