#include "transport/load_pools.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "transport/curl_failure.hpp"
#include "transport/load_engine.hpp"

namespace {
using namespace std::chrono_literals;
using transport::Fd;
using transport::LoadEngine;
using transport::LoadOutcome;
using transport::LoadPools;
using transport::LoadRequest;

constexpr std::size_t two_pools = 520;

/// Answers requests of any number of connections at a time.
class Crowd {
 public:
  Crowd() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 1024), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/files";
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    stopped_ = Fd(pipe[0]);
    stop_ = Fd(pipe[1]);
    thread_ = std::thread([this] { serve(); });
  }
  ~Crowd() {
    stop_ = Fd();
    thread_.join();
  }
  [[nodiscard]] const std::string& url() const { return url_; }
  /// The next `requests` requests are answered together, once they are all there.
  void answer_together(std::size_t requests) { together_ = requests; }
  [[nodiscard]] std::size_t connections() const { return connections_; }
  [[nodiscard]] std::size_t open() const { return open_; }
  [[nodiscard]] std::size_t most_open() const { return most_open_; }
  /// Waits until so many are open; false if that does not happen.
  [[nodiscard]] bool comes_to(std::size_t open) const {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (open_ != open && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    return open_ == open;
  }

 private:
  struct Peer {
    Fd fd;
    std::string in;
  };

  void serve() {
    for (;;) {
      std::vector<pollfd> polled{{stopped_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const auto& peer : peers_) polled.push_back({peer->fd.get(), POLLIN, 0});
      ::poll(polled.data(), polled.size(), -1);
      if (polled[0].revents != 0) return;
      for (std::size_t i = 2; i < polled.size(); ++i) {
        if (polled[i].revents != 0) take(peers_[i - 2]);
      }
      forget_the_gone();
      if (polled[1].revents != 0) accept();
    }
  }
  void accept() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    // A client that makes room for this one has closed another before.
    for (auto& peer : peers_) {
      if (peers_.size() < two_pools) break;
      char next = 0;
      if (::recv(peer->fd.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0) peer.reset();
    }
    forget_the_gone();
    peers_.push_back(std::make_unique<Peer>());
    peers_.back()->fd = Fd(fd);
    ++connections_;
    open_ = peers_.size();
    most_open_ = std::max<std::size_t>(most_open_, open_);
  }
  void forget_the_gone() {
    std::erase(peers_, nullptr);
    open_ = peers_.size();
  }
  void take(std::unique_ptr<Peer>& peer) {
    char buffer[65536];
    const auto got = ::recv(peer->fd.get(), buffer, sizeof buffer, 0);
    if (got <= 0) {
      peer.reset();
      return;
    }
    peer->in.append(buffer, static_cast<std::size_t>(got));
    const auto end = peer->in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    std::size_t body = 0;
    constexpr std::string_view name = "Content-Length: ";
    if (const auto at = peer->in.find(name); at < end) {
      std::from_chars(peer->in.data() + at + name.size(), peer->in.data() + end, body);
    }
    if (peer->in.size() < end + 4 + body) return;
    peer->in.clear();
    held_.push_back(peer->fd.get());
    if (held_.size() < together_) return;
    for (const int fd : held_) {
      constexpr std::string_view answer = "HTTP/1.1 204 No Content\r\n\r\n";
      ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    held_.clear();
    together_ = 0;
  }

  Fd listener_, stopped_, stop_;
  std::string url_;
  std::atomic<std::size_t> together_{0}, connections_{0}, open_{0}, most_open_{0};
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<int> held_;
  std::thread thread_;
};

transport::LoadEngineOptions options(std::size_t sockets) {
  transport::LoadEngineOptions o;
  o.max_connections = two_pools;
  o.max_sockets = sockets;
  o.upload_buffer = Bytes{16U << 10U};
  return o;
}

LoadRequest post(const std::string& url) {
  LoadRequest request;
  request.method = "POST";
  request.url = url;
  return request;
}

LoadRequest upload(const std::string& url, std::size_t size, BytesPerSecond rate) {
  LoadRequest request = post(url);
  request.source_size = Bytes{size};
  request.source = [](Bytes, std::span<std::byte> into) {
    std::ranges::fill(into, std::byte{'x'});
    return into.size();
  };
  request.pace = std::make_shared<transport::Pace>(rate, transport::LoadClock::now());
  return request;
}

/// Sends `count` requests at once and returns how many went over a connection that was there.
std::size_t send_all(LoadEngine& engine, std::size_t count, const LoadRequest& request) {
  std::size_t reused = 0;
  std::size_t answers = 0;
  for (std::size_t i = 0; i < count; ++i) {
    engine.send(request, [&](const LoadOutcome& outcome) {
      EXPECT_TRUE(outcome.response) << outcome.failure->message;
      if (outcome.reused_connection) ++reused;
      if (++answers == count) engine.stop();
    });
  }
  engine.run();
  return reused;
}

TEST(LoadPools, AreOneForAFewHundred) {
  transport::LoadLoop loop;
  transport::init_curl();
  for (const auto limits : {transport::LoadPool::Limits{64, 0}, {500, 500}, {5000, 500}}) {
    LoadPools pools(loop, limits);
    auto* const first = pools.room(false);
    std::vector<std::unique_ptr<transport::Handle>> handles;
    for (int i = 0; i < 400; ++i) {
      ASSERT_EQ(pools.room(i % 2 == 0), first);
      handles.push_back(std::make_unique<transport::Handle>(transport::LoadEngineOptions{}));
      ASSERT_EQ(first->add(*handles.back()), CURLM_OK);
    }
    for (auto& handle : handles) first->remove(*handle);
  }
}

TEST(LoadPools, AreFilledOneAfterTheOtherUpToTheirLimits) {
  transport::LoadLoop loop;
  transport::init_curl();
  LoadPools pools(loop, {two_pools, two_pools + 1});
  std::vector<std::unique_ptr<transport::Handle>> handles;
  std::vector<transport::LoadPool*> whose;
  while (auto* const pool = pools.room(false)) {
    handles.push_back(std::make_unique<transport::Handle>(transport::LoadEngineOptions{}));
    ASSERT_EQ(pool->add(*handles.back()), CURLM_OK);
    whose.push_back(pool);
  }
  EXPECT_EQ(whose.size(), two_pools + 1) << "as many as all may have";
  EXPECT_EQ(pools.size(), 2U);
  whose[7]->remove(*handles[7]);
  EXPECT_EQ(pools.room(false), whose[7]) << "the one in which there is room";
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (i != 7) whose[i]->remove(*handles[i]);
  }
}

TEST(LoadPools, KeptConnectionsAreFoundInEachOfThem) {
  Crowd server;
  LoadEngine engine(options(0));
  server.answer_together(two_pools);
  EXPECT_EQ(send_all(engine, two_pools, post(server.url())), 0U);
  EXPECT_EQ(server.connections(), two_pools);
  server.answer_together(two_pools);
  EXPECT_EQ(send_all(engine, two_pools, post(server.url())), two_pools);
  EXPECT_EQ(send_all(engine, 300, post(server.url())), 300U);
  EXPECT_EQ(server.connections(), two_pools);
  // A new connection takes the place of an old one.
  auto fresh = post(server.url());
  fresh.fresh_connection = true;
  EXPECT_EQ(send_all(engine, 1, fresh), 0U);
  EXPECT_EQ(send_all(engine, 1, post(server.url())), 1U);
  EXPECT_TRUE(server.comes_to(two_pools));
}

TEST(LoadPools, TheLimitOfSocketsIsOneOfAll) {
  Crowd server;
  LoadEngine engine(options(two_pools));
  server.answer_together(two_pools);
  auto request = post(server.url());
  EXPECT_EQ(send_all(engine, 800, request), 800 - two_pools);
  EXPECT_EQ(server.connections(), two_pools);
  // Requests for a connection of their own wait too, until there is room.
  request.fresh_connection = true;
  EXPECT_EQ(send_all(engine, 700, request), 0U);
  EXPECT_EQ(server.connections(), two_pools + 700);
  EXPECT_LE(server.most_open(), two_pools);
}

TEST(LoadPools, EachLineKeepsToItsRate) {
  Crowd server;
  LoadEngine engine(options(0));
  std::size_t answers = 0;
  for (std::size_t i = 0; i < two_pools; ++i) {
    engine.send(upload(server.url(), 20'000, BytesPerSecond{50'000}),
                [&](const LoadOutcome& outcome) {
                  EXPECT_TRUE(outcome.response) << outcome.failure->message;
                  EXPECT_EQ(outcome.sent, Bytes{20'000});
                  EXPECT_GE(outcome.elapsed, 300ms);
                  if (++answers == two_pools) engine.stop();
                });
  }
  engine.run();
  EXPECT_EQ(engine.sent(), Bytes{two_pools * 20'000});
}

TEST(LoadPools, TransfersOfAllOfThemAreDropped) {
  Crowd server;
  {
    LoadEngine engine(options(two_pools));
    // Some are under way in each pool, some wait.
    for (std::size_t i = 0; i < two_pools + 80; ++i) {
      engine.send(upload(server.url(), 1'000'000, BytesPerSecond{20'000}),
                  [](const LoadOutcome&) { ADD_FAILURE() << "it was dropped"; });
    }
    std::function<void()> look = [&] {
      if (server.open() == two_pools) {
        engine.stop();
      } else {
        engine.after(1ms, look);
      }
    };
    look();
    engine.run();
    EXPECT_EQ(engine.transfers(), two_pools + 80);
  }
  EXPECT_TRUE(server.comes_to(0));
}
}  // namespace
