#include "testkit/scripted_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace testkit {
namespace {

/// A blocking client of a few lines.
class Plain {
 public:
  explicit Plain(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  ~Plain() { ::close(fd_); }
  void send(std::string_view text) const { ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  std::string read_all() {
    std::string out;
    std::array<char, 1024> buffer{};
    for (;;) {
      const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (n <= 0) {
        error = n < 0 ? errno : 0;
        return out;
      }
      out.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }
  int error = 0;

 private:
  int fd_;
};

TEST(ScriptedServer, AnswersAndCloses) {
  std::string got;
  {
    ScriptedServer server([&](Peer& peer) {
      got = peer.read_request();
      peer.send("HTTP/1.1 204 \r\n\r\n");
    });
    Plain client(server.port());
    client.send("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(client.read_all(), "HTTP/1.1 204 \r\n\r\n");
    EXPECT_EQ(client.error, 0);
  }
  EXPECT_EQ(got, "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
}

TEST(ScriptedServer, ReadsChunkedRequests) {
  std::string got;
  {
    ScriptedServer server([&](Peer& peer) { got = peer.read_request(); });
    Plain client(server.port());
    client.send("PATCH / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nrest");
    client.read_all();
  }
  EXPECT_TRUE(got.ends_with("0\r\n\r\n")) << got;
}

TEST(ScriptedServer, AResetIsAReset) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    peer.reset();
  });
  Plain client(server.port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(client.error, ECONNRESET);
}

TEST(ScriptedServer, EndsWhileStalling) {
  ScriptedServer server([](Peer& peer) { peer.stall(); });
  Plain client(server.port());
  client.send("GET / HTTP/1.1\r\n\r\n");
}

TEST(ScriptedServer, ScriptsArePlayedInOrderAndProblemsKept) {
  ScriptedServer server(std::vector<ScriptedServer::Script>{
      answer("one"), [](Peer&) { throw std::runtime_error("told"); }});
  for (const std::string expected : {"one", ""}) {
    Plain client(server.port());
    client.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.read_all(), expected);
  }
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_EQ(server.problems(), std::vector<std::string>{"told"});
}

}  // namespace
}  // namespace testkit
