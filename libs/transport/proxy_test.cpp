#include "transport/proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/scripted_server.hpp"
#include "transport/raw_connection.hpp"

namespace transport {
namespace {

using testing::HasSubstr;
using testkit::Peer;
using testkit::ScriptedServer;
constexpr Milliseconds patience{10'000};

bool direct(std::string_view no_proxy, std::string_view url) {
  return goes_direct(no_proxy, parse_url(url).value());
}

TEST(NoProxy, IsReadAsCurlReadsIt) {
  EXPECT_TRUE(direct("*", "http://a.example/"));
  EXPECT_TRUE(direct("other.test, example.test", "http://example.test/"));
  EXPECT_TRUE(direct("example.test", "http://up.example.test:8080/"));
  EXPECT_TRUE(direct(".Example.test", "https://up.EXAMPLE.test./"));
  EXPECT_TRUE(direct("192.0.2.7 10.0.0.0/8", "http://10.200.1.1/"));
  EXPECT_TRUE(direct("192.0.2.7", "http://192.0.2.7:81/"));
  EXPECT_TRUE(direct("[2001:db8::]/32,2001:db8::/32", "http://[2001:db8::1]/"));
  EXPECT_TRUE(direct("::1", "http://[::1]:8080/"));
  for (const char* no : {"", "xample.test", "10.0.0.0/8", ".", ",", "example.test.other"}) {
    EXPECT_FALSE(direct(no, "http://example.test/")) << no;
  }
  EXPECT_FALSE(direct("10.0.0.0/33,10.0.0.0/x,10.0.0.0/", "http://10.0.0.1/"));
  EXPECT_FALSE(direct("10.0.0.0/8", "http://[::1]/"));
  EXPECT_FALSE(direct("11.0.0.0/8", "http://10.0.0.1/"));
}

/// A proxy for one tunnel, which plays the server behind it too.
TEST(Tunnel, CarriesARawConnection) {
  std::string asked;
  ScriptedServer proxy([&](Peer& peer) {
    asked = peer.read_request();
    peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
    if (peer.read_request().starts_with("GET /x HTTP/1.1\r\n")) {
      peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    }
  });
  const ProxyOfThread by(proxy.url(""));
  auto through = RawConnection::open("http://up.example.test/files", {}, patience);
  ASSERT_TRUE(through) << through.error().line();
  ASSERT_TRUE(through->send("GET /x HTTP/1.1\r\nHost: up.example.test\r\n\r\n", patience));
  const auto read = through->read_response(patience);
  ASSERT_TRUE(read.response) << read.problem;
  EXPECT_EQ(read.response->status, 204);
  EXPECT_THAT(asked, HasSubstr("CONNECT up.example.test:80 HTTP/1.1\r\n"));
}

TEST(Tunnel, ThatIsRefusedIsToldAsTheProxys) {
  ScriptedServer proxy([](Peer& peer) {
    static_cast<void>(peer.read_request());
    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const ProxyOfThread by(proxy.url(""));
  const auto refused = RawConnection::open("http://up.example.test/", {}, patience);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().line(),
              HasSubstr("the proxy answers CONNECT up.example.test:80 with 403"));
  const ProxyOfThread at_nobody("http://me:secret@127.0.0.1:1");
  const auto nobody = RawConnection::open("http://up.example.test/", {}, patience);
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error().line(), HasSubstr("no connection through the proxy"));
  EXPECT_THAT(nobody.error().line(), testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace transport
