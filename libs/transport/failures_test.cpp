// One broken peer, two clients: what went wrong has the same name in both.
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <string>
#include <vector>

#include "testkit/scripted_server.hpp"
#include "testkit/self_signed.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/client.hpp"
#include "transport/curl_failure.hpp"
#include "transport/load_engine.hpp"
#include "transport/raw_connection.hpp"

namespace transport {
namespace {

using testkit::Peer;
using testkit::ScriptedServer;
using Kind = Failure::Kind;

Failure failure_of_client(const std::string& url, const TlsOptions& tls = {}) {
  Request request;
  request.method = "GET";
  request.url = url;
  request.timeout = Milliseconds{10'000};
  ClientOptions options;
  options.tls = tls;
  const Exchange seen = Client(options).send(request);
  return seen.failure.value_or(Failure{Kind::other, "none"});
}

Failure failure_of_engine(const std::string& url, const TlsOptions& tls = {}) {
  LoadEngineOptions options;
  options.tls = tls;
  LoadEngine engine(options);
  LoadRequest request;
  request.method = "GET";
  request.url = url;
  request.stall_timeout = Milliseconds{10'000};
  Failure failure{Kind::other, "none"};
  engine.send(std::move(request), [&](const LoadOutcome& outcome) {
    if (outcome.failure) failure = *outcome.failure;
    engine.stop();
  });
  engine.run();
  return failure;
}

std::string by_client(const std::string& url) {
  return std::string(to_string(failure_of_client(url).kind));
}

std::string by_engine(const std::string& url) {
  return std::string(to_string(failure_of_engine(url).kind));
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

/// What each way to talk to a server says of a certificate, with what is to be done.
std::vector<std::string> told_of(const ScriptedServer& server, const TlsOptions& tls) {
  const auto raw = RawConnection::open(server.url(), tls, Milliseconds{10'000});
  return {failure_of_client(server.url("/"), tls).message,
          failure_of_engine(server.url("/"), tls).message, raw ? "none" : raw.error().what};
}

TEST(Failures, WhatIsWrongWithACertificateIsToldAlike) {
  ::signal(SIGPIPE, SIG_IGN);
  const testkit::TempFolder folder;
  const auto expired = testkit::self_signed(true);
  const ScriptedServer late({[](Peer&) {}, [](Peer&) {}, [](Peer&) {}}, expired);
  TlsOptions tls;
  tls.ca_file = folder.write("ca.pem", expired.cert_pem);
  for (const auto& line : told_of(late, tls)) {
    EXPECT_TRUE(line.starts_with(
        "its TLS certificate (for localhost, dex.example.test, 127.0.0.1) expired on 20"))
        << line;
    EXPECT_NE(line.find(" UTC; it has to be renewed"), std::string::npos) << line;
  }
  const ScriptedServer unknown({[](Peer&) {}, [](Peer&) {}, [](Peer&) {}}, testkit::self_signed());
  for (const auto& line : told_of(unknown, tls)) {
    EXPECT_EQ(line,
              "its TLS certificate (for localhost, dex.example.test, 127.0.0.1) is self-signed, "
              "and not trusted; "
              "if it is the right one, give it with --ca-file");
  }
}

TEST(Failures, NoPortOrDescriptorLeftIsALimitOfThisMachine) {
  for (const int error : {EADDRNOTAVAIL, EMFILE, ENFILE}) {
    EXPECT_EQ(curl_failure(CURLE_COULDNT_CONNECT, error, "").kind, Kind::own) << error;
  }
  EXPECT_EQ(curl_failure(CURLE_COULDNT_CONNECT, ECONNREFUSED, "").kind, Kind::connect);
}

}  // namespace
}  // namespace transport
