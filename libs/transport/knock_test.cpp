// What a knock tells of everything between here and a server, and that it sends no request.
#include "transport/knock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace transport {
namespace {

using testing::HasSubstr;
using testkit::Peer;
using testkit::ScriptedServer;

constexpr Milliseconds at_most{10'000};

TEST(Knock, TellsWhoTookTheCallAndSendsNothing) {
  std::promise<std::string> got;
  ScriptedServer server([&got](Peer& peer) { got.set_value(peer.read_bytes(1)); });
  const Knock seen = knock(server.url("/files"), {}, at_most);
  EXPECT_FALSE(seen.failure);
  EXPECT_TRUE(seen.connected);
  EXPECT_EQ(seen.address, "127.0.0.1");
  EXPECT_EQ(seen.tls, TlsFault::none);
  EXPECT_FALSE(seen.certificate);
  EXPECT_EQ(seen.port, server.port());
  auto bytes = got.get_future();
  ASSERT_EQ(bytes.wait_for(at_most), std::future_status::ready);
  EXPECT_EQ(bytes.get(), "");
}

TEST(Knock, TellsOfACertificateWhetherItIsTakenOrNot) {
  const testkit::TempFolder folder;
  for (const bool expired : {false, true}) {
    const auto certificate = testkit::self_signed(expired);
    ScriptedServer server({[](Peer& peer) { peer.read_bytes(1); }}, certificate);
    const auto stranger = knock(server.url(), {}, at_most);
    EXPECT_TRUE(stranger.connected);
    EXPECT_EQ(stranger.address, "127.0.0.1");
    EXPECT_EQ(stranger.tls, TlsFault::self_signed);
    ASSERT_TRUE(stranger.failure);
    EXPECT_EQ(stranger.failure->kind, Failure::Kind::tls);

    ClientOptions trusting;
    trusting.tls.ca_file = folder.write("ca.pem", certificate.cert_pem);
    const auto known = knock(server.url(), trusting, at_most);
    EXPECT_EQ(known.tls, expired ? TlsFault::expired : TlsFault::none);
    EXPECT_EQ(known.failure.has_value(), expired);
    ASSERT_TRUE(known.certificate);
    EXPECT_THAT(known.certificate->hosts, HasSubstr("localhost"));
    EXPECT_THAT(known.certificate->until, HasSubstr(" UTC"));
  }
}

TEST(Knock, TellsWhatAProxySaid) {
  ScriptedServer proxy(
      testkit::answer("HTTP/1.1 407 Proxy Authentication Required\r\n"
                      "Content-Length: 0\r\nConnection: close\r\n\r\n"));
  ClientOptions options;
  options.proxy = proxy.url();
  const auto seen = knock("https://upload.example.test/", options, at_most);
  EXPECT_TRUE(seen.connected);
  EXPECT_EQ(seen.proxy_status, 407);
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->kind, Failure::Kind::proxy);
}

TEST(Knock, TellsThatNobodyTookTheCall) {
  std::string url;
  {
    ScriptedServer gone([](Peer&) {});
    url = gone.url();
  }
  const auto seen = knock(url, {}, at_most);
  EXPECT_FALSE(seen.connected);
  EXPECT_EQ(seen.address, "");
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->kind, Failure::Kind::connect);
}

}  // namespace
}  // namespace transport
