// Listeners that come and go while the server runs, and outages.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <future>
#include <string>
#include <vector>

#include "net/test_server.hpp"

namespace mock {
namespace {

using test::Client;
using test::connect_error;
using test::Echo;
using test::eventually;
using test::Log;
using test::MakesHandlers;
using test::port_of;
using test::RunningServer;

constexpr auto get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

class ListenersTest : public testing::Test {
 protected:
  /// Runs `call` on the loop and waits for what it returns.
  template <class Call>
  auto on_loop(Call call) {
    std::promise<decltype(call())> done;
    server_.server().loop().post([&] { done.set_value(call()); });
    return done.get_future().get();
  }
  std::string add(const std::string& lane, ListenOptions options = {}) {
    options.port = 0;
    options.lane = lane;
    return on_loop([&] {
      const auto url = server_.server().listen(options, application_, nullptr, nullptr);
      EXPECT_TRUE(url) << url.error().line();
      return url.value_or("");
    });
  }
  bool remove(const std::string& url, OpenConnections open) {
    return on_loop([&] { return server_.server().unlisten(url, open); });
  }
  std::size_t outage(Outage outage) {
    return on_loop([&] { return server_.server().outage(outage); });
  }
  static std::string lane_of(Client& client) {
    client.send(get);
    return client.reply().body;
  }

  Log log_;
  Loop* loop_ = nullptr;
  MakesHandlers application_{
      [this](const Request& request, Intercept*) -> std::unique_ptr<Handler> {
        if (request.path == "/a")
          return bodiless([](const Request& r) { return text_reply(200, "lane " + r.lane); });
        return std::make_unique<Echo>(log_, loop_);
      }};
  RunningServer server_{application_, nullptr, {}, nullptr, &loop_};
};

TEST_F(ListenersTest, EachHasItsOwnUrlLaneAndLimits) {
  ListenOptions options;
  options.limits.target_bytes = Bytes{20};
  const auto blue = add("blue", options);
  const auto red = add("red");
  EXPECT_NE(blue, red);
  EXPECT_TRUE(blue.starts_with("http://127.0.0.1:")) << blue;
  Client in_blue(port_of(blue));
  Client in_red(port_of(red));
  auto in_main = server_.connect();
  EXPECT_EQ(lane_of(in_blue), "lane blue");
  EXPECT_EQ(lane_of(in_red), "lane red");
  EXPECT_EQ(lane_of(in_main), "lane ");

  const std::string longer = "GET /a?which=is-longer HTTP/1.1\r\nHost: h\r\n\r\n";
  in_blue.send(longer);
  EXPECT_EQ(in_blue.reply().status, 414);
  in_red.send(longer);
  EXPECT_EQ(in_red.reply().status, 200);
  EXPECT_EQ(port_of(server_.server().url()), server_.port()) << "the first is the server's";
}

TEST_F(ListenersTest, OneThatIsTakenAwayRefusesConnections) {
  const auto blue = add("blue");
  Client kept(port_of(blue));
  EXPECT_EQ(lane_of(kept), "lane blue");
  EXPECT_TRUE(remove(blue, OpenConnections::keep));
  EXPECT_EQ(connect_error(port_of(blue)), ECONNREFUSED);
  EXPECT_EQ(lane_of(kept), "lane blue") << "open connections are kept when asked";
  EXPECT_FALSE(remove(blue, OpenConnections::keep)) << "it is gone";
  auto in_main = server_.connect();
  EXPECT_EQ(lane_of(in_main), "lane ");
}

TEST_F(ListenersTest, ItsExchangesMayFinish) {
  const auto blue = add("blue");
  Client idle(port_of(blue));
  EXPECT_EQ(lane_of(idle), "lane blue");
  Client busy(port_of(blue));
  busy.send("PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_TRUE(eventually([&] { return log_.has("got ab"); }));
  EXPECT_TRUE(remove(blue, OpenConnections::finish));
  EXPECT_EQ(idle.rest(), "");
  EXPECT_EQ(idle.error(), 0);
  busy.send("cd");
  const auto reply = busy.reply();
  EXPECT_EQ(reply.body, "PUT /tell? abcd");
  EXPECT_EQ(reply.fields.find("Connection"), "close");
  EXPECT_EQ(busy.rest(), "");
}

TEST_F(ListenersTest, ItsConnectionsMayBeReset) {
  const auto blue = add("blue");
  Client idle(port_of(blue));
  EXPECT_EQ(lane_of(idle), "lane blue");
  Client busy(port_of(blue));
  busy.send("PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_TRUE(eventually([&] { return log_.has("got ab"); }));
  EXPECT_TRUE(remove(blue, OpenConnections::reset));
  for (auto* const client : {&idle, &busy}) {
    client->rest();
    EXPECT_EQ(client->error(), ECONNRESET);
  }
  EXPECT_TRUE(eventually([&] { return log_.has("aborted ab"); }));
}

TEST_F(ListenersTest, AnOutageRefusesAndThenServesOnTheSamePort) {
  auto kept = server_.connect();
  EXPECT_EQ(lane_of(kept), "lane ");
  EXPECT_EQ(outage({.duration = Milliseconds{150}}), 1U);
  EXPECT_EQ(connect_error(server_.port()), ECONNREFUSED);
  EXPECT_EQ(lane_of(kept), "lane ") << "open connections are kept when nothing else is said";
  EXPECT_TRUE(eventually([&] { return connect_error(server_.port()) == 0; }));
  auto after = server_.connect();
  EXPECT_EQ(lane_of(after), "lane ");
}

TEST_F(ListenersTest, AnOutageCanResetWhatIsOpen) {
  auto open = server_.connect();
  EXPECT_EQ(lane_of(open), "lane ");
  outage({.duration = Milliseconds{1}, .open = OpenConnections::reset});
  open.rest();
  EXPECT_EQ(open.error(), ECONNRESET);
}

/// EINPROGRESS: nobody answered in a moment.
int answer_to_connect(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval moment{0, 100'000};
  ::setsockopt(probe, SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof moment);
  const int error = test::connect_to(probe, port);
  ::close(probe);
  return error;
}

TEST_F(ListenersTest, AnOutageMayLeaveWhoConnectsUnanswered) {
  auto kept = server_.connect();
  EXPECT_EQ(lane_of(kept), "lane ");
  EXPECT_EQ(outage({.duration = std::chrono::hours{1}, .unanswered = true}), 1U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answer_to_connect(server_.port()), EINPROGRESS);
  EXPECT_EQ(lane_of(kept), "lane ") << "who is connected is served";
  on_loop([&] {
    server_.server().answer_again("");
    return 0;
  });
  EXPECT_EQ(answer_to_connect(server_.port()), 0);
  auto after = server_.connect();
  EXPECT_EQ(lane_of(after), "lane ");
}

TEST_F(ListenersTest, TheLaterOutageSaysHow) {
  outage({.duration = std::chrono::hours{1}, .unanswered = true});
  outage({.duration = Milliseconds{1}});
  EXPECT_EQ(answer_to_connect(server_.port()), ECONNREFUSED);
  outage({.duration = Milliseconds{1}, .unanswered = true});
  EXPECT_EQ(answer_to_connect(server_.port()), EINPROGRESS);
  on_loop([&] {
    server_.server().answer_again("");
    return 0;
  });
  EXPECT_EQ(answer_to_connect(server_.port()), 0);
  outage({.duration = Milliseconds{150}, .unanswered = true});
  EXPECT_TRUE(eventually([&] { return answer_to_connect(server_.port()) == 0; }));
}

TEST_F(ListenersTest, AnOutageStaysInItsLane) {
  const auto blue = add("blue");
  const auto other_blue = add("blue");
  EXPECT_EQ(outage({.duration = std::chrono::hours{1}, .lane = "blue"}), 2U);
  EXPECT_EQ(connect_error(port_of(blue)), ECONNREFUSED);
  EXPECT_EQ(connect_error(port_of(other_blue)), ECONNREFUSED);
  EXPECT_EQ(connect_error(server_.port()), 0);
  EXPECT_EQ(outage({.duration = Milliseconds{1}, .lane = "no such lane"}), 0U);
  EXPECT_TRUE(remove(blue, OpenConnections::finish)) << "also during an outage";
}

TEST_F(ListenersTest, TheLongerOfTwoOutagesCounts) {
  const auto start = std::chrono::steady_clock::now();
  outage({.duration = Milliseconds{200}});
  outage({.duration = Milliseconds{1}});
  EXPECT_TRUE(eventually([&] { return connect_error(server_.port()) == 0; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, Milliseconds{200});
}

}  // namespace
}  // namespace mock
