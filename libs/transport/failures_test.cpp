// One broken peer, two clients: what went wrong has the same name in both.
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <string>

#include "testkit/scripted_server.hpp"
#include "transport/client.hpp"
#include "transport/curl_failure.hpp"
#include "transport/load_engine.hpp"

namespace transport {
namespace {

using testkit::Peer;
using testkit::ScriptedServer;
using Kind = Failure::Kind;

std::string by_client(const std::string& url) {
  Request request;
  request.method = "GET";
  request.url = url;
  request.timeout = Milliseconds{10'000};
  const Exchange seen = Client({}).send(request);
  return seen.failure ? std::string(to_string(seen.failure->kind)) : "none";
}

std::string by_engine(const std::string& url) {
  LoadEngine engine({});
  LoadRequest request;
  request.method = "GET";
  request.url = url;
  request.stall_timeout = Milliseconds{10'000};
  std::string kind = "none";
  engine.send(std::move(request), [&](const LoadOutcome& outcome) {
    if (outcome.failure) kind = to_string(outcome.failure->kind);
    engine.stop();
  });
  engine.run();
  return kind;
}

struct BrokenPeer {
  const char* name;
  const char* scheme;
  ScriptedServer::Script script;
  Kind kind;
};

class Failures : public testing::TestWithParam<BrokenPeer> {};

TEST_P(Failures, HaveOneNameInBothClients) {
  // OpenSSL writes without MSG_NOSIGNAL.
  ::signal(SIGPIPE, SIG_IGN);
  ScriptedServer server(GetParam().script);
  const std::string url = GetParam().scheme + server.url("/").substr(std::string("http").size());
  EXPECT_EQ(by_client(url), to_string(GetParam().kind));
  EXPECT_EQ(by_engine(url), to_string(GetParam().kind));
}

/// Reads a little, so that a reset meets bytes that were taken.
void reset_at_once(Peer& peer) {
  peer.read_bytes(1);
  peer.reset();
}

void no_tls(Peer& peer) {
  peer.read_bytes(1);
  peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
}

ScriptedServer::Script says_and(std::string bytes, void (Peer::*end)()) {
  return [bytes = std::move(bytes), end](Peer& peer) {
    peer.read_request();
    peer.send(bytes);
    (peer.*end)();
  };
}

INSTANTIATE_TEST_SUITE_P(
    Peers, Failures,
    testing::Values(
        BrokenPeer{"ResetBeforeAnAnswer", "http", reset_at_once, Kind::reset},
        BrokenPeer{"ResetWithinTheTlsHandshake", "https", reset_at_once, Kind::reset},
        BrokenPeer{"NoTls", "https", no_tls, Kind::tls},
        BrokenPeer{"ClosedBeforeAnAnswer", "http", says_and("", &Peer::close), Kind::closed},
        BrokenPeer{"ClosedWithinTheBody", "http",
                   says_and("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", &Peer::close),
                   Kind::closed},
        BrokenPeer{
            "ClosedWithinAChunk", "http",
            says_and("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", &Peer::close),
            Kind::closed},
        BrokenPeer{
            "NoChunk", "http",
            says_and("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnine\r\n", &Peer::close),
            Kind::protocol},
        BrokenPeer{"NoHttp", "http", says_and("SSH-2.0-OpenSSH_9.2\r\n", &Peer::close),
                   Kind::protocol}),
    [](const auto& peer) { return std::string(peer.param.name); });

TEST(Failures, NoPortOrDescriptorLeftIsALimitOfThisMachine) {
  for (const int error : {EADDRNOTAVAIL, EMFILE, ENFILE}) {
    EXPECT_EQ(curl_failure(CURLE_COULDNT_CONNECT, error, "").kind, Kind::own) << error;
  }
  EXPECT_EQ(curl_failure(CURLE_COULDNT_CONNECT, ECONNREFUSED, "").kind, Kind::connect);
}

}  // namespace
}  // namespace transport
