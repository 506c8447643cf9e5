#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>

#include "http/intercept.hpp"
#include "net/openssl_ptr.hpp"
#include "net/self_signed.hpp"
#include "net/test_server.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;
using test::Client;
using test::Echo;
using test::eventually;
using test::Log;
using test::MakesHandlers;
using test::RunningServer;

/// A blocking TLS client that trusts the folder's authority only.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, const std::string& ca, const char* host = "localhost",
            int version = 0)
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_load_verify_locations(context_.get(), ca.c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_security_level(context_.get(), 0);
    if (version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), version);
      SSL_CTX_set_max_proto_version(context_.get(), version);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.descriptor());
    auto* const check = SSL_get0_param(ssl_.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(check, host) != 1) {
      ERR_clear_error();
      SSL_set1_host(ssl_.get(), host);
    }
    ERR_clear_error();
    connected_ = SSL_connect(ssl_.get()) == 1;
    refused_ = ERR_GET_REASON(ERR_peek_last_error());
  }

  [[nodiscard]] bool connected() const { return connected_; }
  /// OpenSSL's reason when it is not connected.
  [[nodiscard]] int refused() const { return refused_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_.get()); }
  Client& socket() { return socket_; }

  bool send(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  /// Reads until `enough` is in what came, or the stream ends.
  std::string read_until(const std::string& enough) {
    std::string all;
    char buffer[4096];
    while (all.find(enough) == std::string::npos) {
      ERR_clear_error();
      errno = 0;
      const int n = SSL_read(ssl_.get(), buffer, sizeof buffer);
      if (n <= 0) {
        end_ = SSL_get_error(ssl_.get(), n);
        errno_ = errno;
        break;
      }
      all.append(buffer, static_cast<std::size_t>(n));
    }
    return all;
  }
  /// How the stream ended: SSL_ERROR_ZERO_RETURN is a close_notify.
  [[nodiscard]] int end() const { return end_; }
  [[nodiscard]] int error() const { return errno_; }

 private:
  Client socket_;
  std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, FreeWith<SSL_free>> ssl_;
  bool connected_ = false;
  int refused_ = 0;
  int end_ = 0;
  int errno_ = 0;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::string pattern = (fs::temp_directory_path() / "tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TlsTest() override {
    server_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  void serve(Interceptor* interceptor = nullptr, Limits limits = {}) {
    const auto files = self_signed(folder_.string());
    ASSERT_TRUE(files) << files.error().line();
    ListenOptions options;
    options.tls = *files;
    options.limits = limits;
    server_.emplace(application_, interceptor, options, nullptr, &loop_);
  }
  TlsClient connect(const char* host = "localhost", int version = 0) {
    if (!server_) serve();
    return TlsClient(server_->port(), (folder_ / "ca.pem").string(), host, version);
  }

  fs::path folder_;
  Log log_;
  Loop* loop_ = nullptr;
  MakesHandlers application_{
      [this](const Request&, Intercept*) { return std::make_unique<Echo>(log_, loop_); }};
  std::optional<RunningServer> server_;
};

TEST_F(TlsTest, ServesEveryNameOfTheSelfSignedCertificate) {
  serve();
  EXPECT_TRUE(server_->server().url().starts_with("https://127.0.0.1:"));
  for (const char* host : {"localhost", "127.0.0.1", "::1"}) {
    auto client = connect(host);
    ASSERT_TRUE(client.connected()) << host;
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(client.read_until("GET /a? ").starts_with("HTTP/1.1 200 OK\r\n"));
    client.send("GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    client.read_until("GET /b? ");
    client.read_until("never");
    EXPECT_EQ(client.end(), SSL_ERROR_ZERO_RETURN) << "close_notify";
  }
  EXPECT_FALSE(connect("example.org").connected());
}

TEST_F(TlsTest, SpeaksTls12And13Only) {
  EXPECT_EQ(connect("localhost", TLS1_2_VERSION).version(), "TLSv1.2");
  EXPECT_EQ(connect("localhost", TLS1_3_VERSION).version(), "TLSv1.3");
  EXPECT_FALSE(connect("localhost", TLS1_1_VERSION).connected());
  EXPECT_EQ(connect().version(), "TLSv1.3");
}

TEST_F(TlsTest, TakesBodiesLargerThanAnyBuffer) {
  auto client = connect();
  const std::string body(3UL << 20U, 'x');
  client.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n");
  ASSERT_TRUE(client.send(body));
  EXPECT_TRUE(client.read_until("PUT /a? ").starts_with("HTTP/1.1 200"));
  client.read_until(std::string(1000, 'x'));
}

TEST_F(TlsTest, AnswersPipelinedRequestsOfOneRecord) {
  auto client = connect();
  client.send(
      "PUT /later HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
      "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto all = client.read_until("GET /b? ");
  EXPECT_NE(all.find("PUT /later? x"), std::string::npos);
}

TEST_F(TlsTest, PlainHttpIsToldSo) {
  serve();
  auto client = server_->connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto reply = client.reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("https"), std::string::npos);
  EXPECT_TRUE(reply.body.ends_with("\n"));
  EXPECT_EQ(client.rest(), "");
}

TEST_F(TlsTest, AHandshakeHasATimeout) {
  Limits limits;
  limits.header_timeout = Milliseconds{40};
  serve(nullptr, limits);
  auto silent = server_->connect();
  EXPECT_EQ(silent.rest(), "");
}

TEST_F(TlsTest, ADisconnectInTheBodyGivesWhatCame) {
  {
    auto client = connect();
    client.send("PUT /tell HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nfirst");
    EXPECT_TRUE(eventually([&] { return log_.has("got first"); }));
    client.socket().close();
  }
  EXPECT_TRUE(eventually([&] { return log_.has("aborted first"); }));
}

TEST_F(TlsTest, AResetComesWithoutCloseNotify) {
  struct Resets final : Interceptor {
    struct One final : Intercept {
      RequestPlan on_request(Request&) override { return {.end = SocketEnd::rst}; }
      [[nodiscard]] std::optional<Bytes> next_stop() const override { return std::nullopt; }
      BodyPlan on_body(Bytes) override { return {}; }
      ReplyPlan on_reply(Reply&) override { return {}; }
      void on_abort() override {}
      Services& services(Services& correct) override { return correct; }
    };
    std::unique_ptr<Intercept> begin(const Request&) override { return std::make_unique<One>(); }
  } resets;
  serve(&resets);
  auto client = connect();
  ASSERT_TRUE(client.connected());
  client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_until("never"), "");
  EXPECT_EQ(client.end(), SSL_ERROR_SYSCALL);
  EXPECT_EQ(client.error(), ECONNRESET);
  server_.reset();
}

/// Plans for the first connection; the others are served.
struct FirstConnection final : Interceptor {
  explicit FirstConnection(ConnectionPlan first_plan) : plan(first_plan) {}
  std::unique_ptr<Intercept> begin(const Request&) override { return nullptr; }
  ConnectionPlan on_connection(const std::string&, std::uint64_t ordinal) override {
    return ordinal == 1 ? plan : ConnectionPlan{};
  }
  ConnectionPlan plan;
};

TEST_F(TlsTest, AHandshakeCanFailWithAnAlert) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    FirstConnection fails({.fail_handshake = true});
    serve(&fails);
    auto client = connect("localhost", version);
    EXPECT_FALSE(client.connected());
    EXPECT_EQ(client.refused(), SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE) << "an alert, not a cut";
    EXPECT_TRUE(connect("localhost", version).connected());
    server_.reset();
  }
}

TEST_F(TlsTest, AHandshakeCanBeCut) {
  for (const auto end : {SocketEnd::fin, SocketEnd::rst}) {
    FirstConnection cuts({.end = end});
    serve(&cuts);
    EXPECT_FALSE(connect().connected());
    EXPECT_TRUE(connect().connected());
    server_.reset();
  }
}

TEST_F(TlsTest, AHandshakeCanBeLate) {
  FirstConnection late({.delay = Milliseconds{60}});
  serve(&late);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(connect().connected());
  EXPECT_GE(std::chrono::steady_clock::now() - start, Milliseconds{60});
  server_.reset();
}

}  // namespace
}  // namespace mock
