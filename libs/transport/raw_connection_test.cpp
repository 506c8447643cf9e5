#include "transport/raw_connection.hpp"

#include <gtest/gtest.h>

#include <future>

#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace transport {
namespace {

using testkit::answer;
using testkit::answers;
using testkit::Peer;
using testkit::ScriptedServer;
using Seen = RawConnection::Seen;
constexpr Milliseconds soon{5000};

RawConnection connect(const ScriptedServer& server, const TlsOptions& tls = {}) {
  auto connection = RawConnection::open(server.url(), tls, soon);
  if (!connection) throw std::runtime_error(connection.error().line());
  return std::move(*connection);
}

TEST(RequestHead, IsExactlyAsGiven) {
  EXPECT_EQ(request_head("pAtCh", "*", {{"a", "1"}, {"a", ""}}, "HTTP/9"),
            "pAtCh * HTTP/9\r\na: 1\r\na: \r\n\r\n");
  EXPECT_EQ(chunk("0123456789abcdef"), "10\r\n0123456789abcdef\r\n");
  EXPECT_EQ(chunk(""), "0\r\n\r\n");
}

TEST(RawConnection, SendsBytesAndReadsResponsesInTurn) {
  ScriptedServer server(
      answers({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
               "HTTP/1.1 204 \r\n\r\n"}));
  RawConnection c = connect(server);
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
  auto first = c.read_response(soon);
  ASSERT_EQ(first.seen, Seen::response);
  EXPECT_EQ(first.response->body, "ok");
  ASSERT_EQ(first.interims.size(), 1U);
  EXPECT_TRUE(first.raw.ends_with("\r\n\r\nok"));
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
  const auto second = c.read_response(soon);
  ASSERT_EQ(second.seen, Seen::response);
  EXPECT_EQ(second.response->status, 204);
  EXPECT_FALSE(second.body_after_head);
}

// Once, a caller that asked in slices of time lost what had come when a slice was over.
TEST(RawConnection, WhatCameOfAResponseBeforeATimeoutIsReadWithTheRest) {
  const std::string bytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
  for (std::size_t cut = 1; cut < bytes.size(); cut += 5) {
    std::promise<void> go_on;
    ScriptedServer server([&, rest = go_on.get_future().share()](Peer& peer) {
      peer.read_request();
      peer.send(bytes.substr(0, cut));
      rest.wait();
      peer.send(bytes.substr(cut));
    });
    RawConnection c = connect(server);
    ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
    const auto first = c.read_response(Milliseconds{20});
    go_on.set_value();
    ASSERT_EQ(first.seen, Seen::timeout) << cut;
    const auto second = c.read_response(soon);
    ASSERT_EQ(second.seen, Seen::response) << cut << ": " << second.problem;
    EXPECT_EQ(second.response->status, 200) << cut;
    EXPECT_EQ(second.response->body, "body") << cut;
    EXPECT_EQ(first.interims.size() + second.interims.size(), 1U) << cut;
  }
}

TEST(RawConnection, PipelinedResponsesAreNotABody) {
  ScriptedServer server(
      answer("HTTP/1.1 204 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  RawConnection c = connect(server);
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
  const auto first = c.read_response(soon);
  EXPECT_EQ(first.response->status, 204);
  EXPECT_FALSE(first.body_after_head);
  EXPECT_EQ(c.read_response(soon).response->status, 200);
}

TEST(RawConnection, ABodyAfterAHeadIsSeen) {
  for (const auto& [bytes, head_request] :
       {std::pair{"HTTP/1.1 204 No Content\r\n\r\nsurprise", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsurprise", true}}) {
    ScriptedServer server([&, text = std::string(bytes)](Peer& peer) {
      peer.read_request();
      peer.send(text);
      peer.stall();
    });
    RawConnection c = connect(server);
    ASSERT_TRUE(c.send("HEAD / HTTP/1.1\r\n\r\n", soon));
    const auto read = c.read_response(soon, head_request);
    ASSERT_EQ(read.seen, Seen::response);
    EXPECT_TRUE(read.body_after_head);
  }
}

TEST(RawConnection, TellsHowThePeerEnded) {
  {
    ScriptedServer server([](Peer& peer) { peer.read_request(); });
    RawConnection c = connect(server);
    ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
    EXPECT_EQ(c.read_response(soon).seen, Seen::closed);
  }
  {
    ScriptedServer server([](Peer& peer) {
      peer.read_request();
      peer.reset();
    });
    RawConnection c = connect(server);
    ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
    EXPECT_EQ(c.wait_for_close(soon), Seen::reset);
  }
  {
    ScriptedServer server([](Peer& peer) { peer.stall(); });
    RawConnection c = connect(server);
    EXPECT_EQ(c.read_response(Milliseconds{20}).seen, Seen::timeout);
    EXPECT_EQ(c.wait_for_close(Milliseconds{20}), Seen::timeout);
  }
  {
    ScriptedServer server(answer("hello\r\n"));
    RawConnection c = connect(server);
    ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
    EXPECT_EQ(c.read_response(soon).seen, Seen::malformed);
  }
}

TEST(RawConnection, AnAnswerWithoutEndIsGivenUp) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.send(std::string(16384, 'x'))) {
    }
  });
  RawConnection c = connect(server);
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
  const auto read = c.read_response(soon);
  EXPECT_EQ(read.seen, Seen::malformed);
  EXPECT_EQ(read.problem, "the body is longer than 1.0 MiB");
  EXPECT_LT(read.raw.size(), 2U << 20U);
}

/// What a server sees of the client's end.
std::string seen_by_peer(const std::function<void(RawConnection&)>& act) {
  std::promise<std::string> seen;
  ScriptedServer server([&](Peer& peer) {
    peer.read_bytes(3);
    peer.read_bytes(1);  // returns when the client closed or reset
    seen.set_value(peer.send("x") ? "open" : "gone");
  });
  RawConnection c = connect(server);
  EXPECT_TRUE(c.send("abc", soon));
  act(c);
  return seen.get_future().get();
}

TEST(RawConnection, AHalfClosedConnectionStillReads) {
  EXPECT_EQ(seen_by_peer([](RawConnection& c) { c.shutdown_send(); }), "open");
}

TEST(RawConnection, AResetConnectionIsGone) {
  EXPECT_EQ(seen_by_peer([](RawConnection& c) { c.reset(); }), "gone");
}

TEST(RawConnection, SendingToAClosedPeerFailsInTime) {
  // Resets only once a byte has come: an earlier reset would make the connect fail, not the send.
  ScriptedServer server([](Peer& peer) {
    peer.read_bytes(1);
    peer.reset();
  });
  RawConnection c = connect(server);
  ASSERT_TRUE(c.send("x", soon));
  EXPECT_EQ(c.wait_for_close(soon), Seen::reset);
  EXPECT_FALSE(c.send("abc", soon));
  c.close();
  EXPECT_FALSE(c.send("abc", soon));
  EXPECT_EQ(c.read_response(soon).seen, Seen::closed);
}

TEST(RawConnection, SendingToAPeerThatTakesNothingTimesOut) {
  ScriptedServer server([](Peer& peer) {
    // Waits for the reset that ends the test, without taking what comes.
    peer.read_bytes(1);
    while (peer.send("x")) {
    }
  });
  RawConnection c = connect(server);
  const std::string much(64U << 20U, 'x');
  EXPECT_FALSE(c.send(much, Milliseconds{50}));
  c.reset();
}

TEST(RawConnection, Tls) {
  const auto certificate = testkit::self_signed();
  const testkit::TempFolder folder;
  ScriptedServer server(
      {answer("HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + std::string(40000, 'b'))},
      certificate);
  const auto untrusted = RawConnection::open(server.url(), {}, soon);
  ASSERT_FALSE(untrusted);
  EXPECT_NE(untrusted.error().what.find("self-signed"), std::string::npos)
      << untrusted.error().what;
  RawConnection c = connect(server, {folder.write("ca.pem", certificate.cert_pem), ""});
  ASSERT_TRUE(
      c.send("GET / HTTP/1.1\r\nContent-Length: 50000\r\n\r\n" + std::string(50000, 'a'), soon));
  const auto read = c.read_response(soon);
  ASSERT_EQ(read.seen, Seen::response);
  EXPECT_EQ(read.response->body_size, Bytes{40000});
}

TEST(RawConnection, ATlsPeerThatResets) {
  const auto certificate = testkit::self_signed();
  const testkit::TempFolder folder;
  ScriptedServer server({[](Peer& peer) {
                          peer.read_request();
                          peer.reset();
                        }},
                        certificate);
  RawConnection c = connect(server, {folder.write("ca.pem", certificate.cert_pem), ""});
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\n\r\n", soon));
  EXPECT_EQ(c.read_response(soon).seen, Seen::reset);
}

TEST(RawConnection, OpeningFailsInOneLine) {
  std::uint16_t port = 0;
  {
    ScriptedServer gone([](Peer&) {});
    port = gone.port();
  }
  const auto refused = RawConnection::open("http://127.0.0.1:" + std::to_string(port), {}, soon);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().line().find("Connection refused"), std::string::npos);
  EXPECT_FALSE(RawConnection::open("http://no-such-host.invalid", {}, soon));
  EXPECT_FALSE(RawConnection::open("not a url", {}, soon));
  ScriptedServer plain([](Peer& peer) { peer.stall(); });
  const auto no_tls = RawConnection::open("https://127.0.0.1:" + std::to_string(plain.port()), {},
                                          Milliseconds{100});
  ASSERT_FALSE(no_tls);
  EXPECT_NE(no_tls.error().line().find("TLS handshake stalled before any answer"),
            std::string::npos)
      << no_tls.error().line();
}

}  // namespace
}  // namespace transport
