#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <tuple>
#include <vector>

#include "http/intercept.hpp"
#include "http/tls_names.hpp"
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

struct TlsPeer {
  std::string ca;  ///< PEM file; trusted, and nothing else
  const char* host = "localhost";
  int version = 0;  ///< the only one; 0: whatever both have
  const char* sni = nullptr;
  std::string crl = {};        ///< PEM file
  bool asks_for_ocsp = false;  ///< a staple
  unsigned long flags = 0;     ///< of X509_VERIFY_PARAM
  SSL_SESSION* session = nullptr;
};

/// A blocking TLS client.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, const TlsPeer& peer)
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_load_verify_locations(context_.get(), peer.ca.c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_security_level(context_.get(), 0);
    if (peer.version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), peer.version);
      SSL_CTX_set_max_proto_version(context_.get(), peer.version);
    }
    if (!peer.crl.empty()) {
      X509_load_crl_file(
          X509_STORE_add_lookup(SSL_CTX_get_cert_store(context_.get()), X509_LOOKUP_file()),
          peer.crl.c_str(), X509_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.descriptor());
    auto* const check = SSL_get0_param(ssl_.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(check, peer.host) != 1) {
      ERR_clear_error();
      SSL_set1_host(ssl_.get(), peer.host);
    }
    X509_VERIFY_PARAM_set_flags(check, peer.flags | (peer.crl.empty() ? 0 : X509_V_FLAG_CRL_CHECK));
    if (peer.sni != nullptr) {
      SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(peer.sni));
    }
    if (peer.asks_for_ocsp) {
      SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, TLSEXT_STATUSTYPE_ocsp, nullptr);
    }
    if (peer.session != nullptr) SSL_set_session(ssl_.get(), peer.session);
    SSL_set_msg_callback(ssl_.get(), &TlsClient::on_message);
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, this);
    ERR_clear_error();
    errno = 0;
    const int done = SSL_connect(ssl_.get());
    connected_ = done == 1;
    errno_ = errno;
    end_ = SSL_get_error(ssl_.get(), done);
    refused_ = ERR_GET_REASON(ERR_peek_last_error());
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// X509_V_OK, or why the certificate was refused.
  [[nodiscard]] long verdict() const { return SSL_get_verify_result(ssl_.get()); }
  /// Of the handshake, as far as they came.
  [[nodiscard]] const std::vector<int>& messages() const { return messages_; }
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
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
  static void on_message(int written, int /*version*/, int type, const void* bytes,
                         std::size_t size, SSL* /*ssl*/, void* self) {
    if (written == 0 && type == SSL3_RT_HANDSHAKE && size > 0)
      static_cast<TlsClient*>(self)->messages_.push_back(*static_cast<const unsigned char*>(bytes));
  }

  Client socket_;
  std::vector<int> messages_;
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
    return TlsClient(server_->port(), {path("ca.pem"), host, version});
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
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
  for (const auto& name : names_of_handshakes()) {
    EXPECT_TRUE(plan_of_name(name).any()) << name;
    EXPECT_TRUE(connect(name.c_str()).connected()) << name;
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

/// Plans for the first connection, or as many as are `left`; the others are served.
struct FirstConnection final : Interceptor {
  explicit FirstConnection(ConnectionPlan first_plan) : plan(first_plan) {}
  std::unique_ptr<Intercept> begin(const Request&) override { return nullptr; }
  ConnectionPlan on_connection(const std::string&, std::uint64_t) override {
    return left > 0 && left-- > 0 ? plan : ConnectionPlan{};
  }
  ConnectionPlan plan;
  std::atomic<int> left = 1;
};

TEST_F(TlsTest, AHandshakeCanFailWithAnAlert) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    FirstConnection fails({.tls = {.stop = HandshakeStop{.alert = true}}});
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

// ---- what rules and server names ask for

TEST(TlsPlan, IsAskedForByAName) {
  EXPECT_EQ(plan_of_name("expired.localhost").certificate, BadCertificate::expired);
  EXPECT_EQ(plan_of_name("staple-expired.localhost").certificate, BadCertificate::staple_expired);
  EXPECT_EQ(plan_of_name("tls-1-0.localhost").version, TlsVersion::tls_1_0);
  EXPECT_TRUE(plan_of_name("alert.localhost").stop->alert);
  const auto stall = plan_of_name("stall-after-server-hello.localhost").stop;
  ASSERT_TRUE(stall);
  EXPECT_EQ(stall->after, HandshakeStep::server_hello);
  EXPECT_EQ(stall->end, SocketEnd::stall);
  for (const auto* nothing : {"localhost", ".localhost", "expired", "expired.localhost.example",
                              "stall-after-.localhost", "stall-after-lunch.localhost", ""}) {
    EXPECT_FALSE(plan_of_name(nothing).any()) << nothing;
  }
}

struct Refusal {
  const char* name;
  long verdict;
  long still_because = X509_V_OK;  ///< without the time being looked at
};

TEST_F(TlsTest, BadCertificatesAreBadAsTheirNamesSay) {
  serve();
  for (const auto& [name, verdict, timeless] :
       {Refusal{"expired", X509_V_ERR_CERT_HAS_EXPIRED},
        Refusal{"not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID},
        Refusal{"other-host", X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_HOSTNAME_MISMATCH},
        Refusal{"self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
        Refusal{"unknown-authority", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
        Refusal{"missing-intermediate", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        Refusal{"revoked", X509_V_ERR_CERT_REVOKED, X509_V_ERR_CERT_REVOKED},
        Refusal{"revoked-stapled", X509_V_ERR_CERT_REVOKED, X509_V_ERR_CERT_REVOKED},
        Refusal{"staple-missing", X509_V_OK}, Refusal{"staple-expired", X509_V_OK}}) {
    const auto host = std::string(name) + ".localhost";
    TlsPeer peer{path("ca.pem"), host.c_str(), 0, host.c_str()};
    // A client that asks for no list sees nothing wrong with a revoked certificate.
    if (verdict == X509_V_ERR_CERT_REVOKED) {
      EXPECT_EQ(TlsClient(server_->port(), peer).verdict(), X509_V_OK) << name;
      peer.crl = path("crl.pem");
    }
    EXPECT_EQ(TlsClient(server_->port(), peer).verdict(), verdict) << name;
    // Its own fault is the only one.
    peer.flags = X509_V_FLAG_NO_CHECK_TIME;
    EXPECT_EQ(TlsClient(server_->port(), peer).verdict(), timeless) << name;
  }
  TlsPeer by_address{path("ca.pem"), "127.0.0.1"};
  by_address.crl = path("crl.pem");
  EXPECT_TRUE(TlsClient(server_->port(), by_address).connected()) << "the good one is not revoked";
}

TEST_F(TlsTest, TheFolderHasWhatWouldMakeAMissingChainWhole) {
  serve();
  const TlsPeer peer{path("bad/missing-intermediate-ca.pem"),
                     "localhost",
                     0,
                     "Missing-Intermediate.LOCALHOST",
                     {},
                     false,
                     X509_V_FLAG_PARTIAL_CHAIN};
  EXPECT_TRUE(TlsClient(server_->port(), peer).connected());
  const TlsPeer unknown{path("bad/unknown-authority.pem"), "localhost", 0,
                        "unknown-authority.localhost"};
  EXPECT_TRUE(TlsClient(server_->port(), unknown).connected());
}

/// The certificate's status by the stapled answer; -1: none is stapled, -2: it is not the
/// authority's.
int stapled_status(const TlsClient& client, const std::string& ca) {
  unsigned char* bytes = nullptr;
  const long size = SSL_ctrl(client.ssl(), SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, &bytes);
  if (size <= 0) return -1;
  const unsigned char* at = bytes;
  const std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>> response(
      d2i_OCSP_RESPONSE(nullptr, &at, size));
  const std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>> basic(
      OCSP_response_get1_basic(response.get()));
  const std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_load_file(store.get(), ca.c_str());
  if (OCSP_basic_verify(basic.get(), SSL_get_peer_cert_chain(client.ssl()), store.get(), 0) != 1)
    return -2;
  return OCSP_single_get0_status(OCSP_resp_get0(basic.get(), 0), nullptr, nullptr, nullptr,
                                 nullptr);
}

TEST_F(TlsTest, CertificatesThatMustBeStapledAreStapledBadly) {
  serve();
  for (const auto& [sni, must, status] :
       {std::tuple{"revoked-stapled.localhost", true, V_OCSP_CERTSTATUS_REVOKED},
        std::tuple{"staple-missing.localhost", true, -1},
        std::tuple{"staple-expired.localhost", true, V_OCSP_CERTSTATUS_GOOD},
        std::tuple{"localhost", false, -1}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const TlsClient client(server_->port(),
                             {path("ca.pem"), "localhost", version, sni, {}, true});
      ASSERT_TRUE(client.connected()) << sni;
      const auto* const leaf = SSL_get0_peer_certificate(client.ssl());
      EXPECT_EQ(X509_get_ext_by_NID(leaf, NID_tlsfeature, -1) >= 0, must) << sni;
      EXPECT_EQ(stapled_status(client, path("ca.pem")), status) << sni;
    }
  }
}

TEST_F(TlsTest, BadCertificatesAreUsedAgainAsLongAsTheyFit) {
  const auto content = [this](const char* name) {
    std::ifstream in(path(name));
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  ASSERT_TRUE(self_signed(folder_.string()));
  const auto first = content("bad/revoked.pem");
  ASSERT_TRUE(first.starts_with("-----BEGIN CERTIFICATE-----"));
  ASSERT_TRUE(self_signed(folder_.string()));
  EXPECT_EQ(content("bad/revoked.pem"), first);
  fs::remove(path("bad/expired.pem"));
  ASSERT_TRUE(self_signed(folder_.string()));
  const auto second = content("bad/revoked.pem");
  EXPECT_NE(second, first);
  fs::remove(path("ca-key.pem"));  // another authority
  serve();
  EXPECT_NE(content("bad/revoked.pem"), second);
  const TlsPeer peer{path("ca.pem"), "localhost", 0, "revoked.localhost", path("crl.pem")};
  EXPECT_EQ(TlsClient(server_->port(), peer).verdict(), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(fs::status(path("bad/key.pem")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(TlsTest, OldVersionsCanBeAllThereIs) {
  serve();
  for (const auto& [sni, version, name] : {std::tuple{"tls-1-0.localhost", TLS1_VERSION, "TLSv1"},
                                           {"tls-1-1.localhost", TLS1_1_VERSION, "TLSv1.1"}}) {
    const TlsClient old(server_->port(), {path("ca.pem"), "localhost", version, sni});
    ASSERT_TRUE(old.connected()) << sni;
    EXPECT_EQ(old.version(), name);
    // A client that lists what it speaks (RFC 8446 section 4.2.1) is told so; one that does not is
    // answered in a version that it does not speak.
    const TlsClient lists(server_->port(), {path("ca.pem"), "localhost", TLS1_3_VERSION, sni});
    EXPECT_EQ(lists.refused(), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) << sni;
    const TlsClient modern(server_->port(), {path("ca.pem"), "localhost", TLS1_2_VERSION, sni});
    EXPECT_EQ(modern.refused(), SSL_R_UNSUPPORTED_PROTOCOL) << sni;
  }
}

/// The last message of the server that a client sees before a handshake ends after `step`.
int last_message(HandshakeStep step) {
  return step == HandshakeStep::server_hello  ? SSL3_MT_SERVER_HELLO
         : step == HandshakeStep::certificate ? SSL3_MT_CERTIFICATE
                                              : SSL3_MT_FINISHED;
}

TEST_F(TlsTest, AHandshakeCanEndAfterEachStep) {
  for (const auto step : {HandshakeStep::client_hello, HandshakeStep::server_hello,
                          HandshakeStep::certificate, HandshakeStep::finished}) {
    for (const auto end : {SocketEnd::fin, SocketEnd::rst}) {
      FirstConnection cuts({.tls = {.stop = HandshakeStop{step, false, end}}});
      serve(&cuts);
      for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        cuts.left = 1;
        auto client = connect("localhost", version);
        const auto where = testing::Message() << static_cast<int>(step) << ' ' << version;
        if (step == HandshakeStep::client_hello) {
          EXPECT_TRUE(client.messages().empty()) << where;
        } else {
          ASSERT_FALSE(client.messages().empty()) << where;
          EXPECT_EQ(client.messages().back(), last_message(step)) << where;
        }
        // The last word of TLS 1.2 is the server's Finished, that of TLS 1.3 the client's: a reset
        // may be faster than that.
        const bool whole = step == HandshakeStep::finished;
        const bool either = whole && version == TLS1_3_VERSION && end == SocketEnd::rst;
        if (!either) {
          EXPECT_EQ(client.connected(), whole) << where;
        }
        if (client.connected()) {
          EXPECT_EQ(client.read_until("never"), "") << where;
        }
        const bool reset = client.error() == ECONNRESET || client.error() == EPIPE;
        if (!whole || end == SocketEnd::rst) {
          EXPECT_EQ(reset, end == SocketEnd::rst) << where;
        }
        EXPECT_TRUE(connect("localhost", version).connected());
      }
      server_.reset();
    }
  }
}

TEST_F(TlsTest, AHandshakeCanStall) {
  Limits limits;
  limits.header_timeout = Milliseconds{40};
  FirstConnection stalls(
      {.tls = {.stop = HandshakeStop{HandshakeStep::server_hello, false, SocketEnd::stall}}});
  serve(&stalls, limits);
  // Its own timeout ends it, not the server's.
  Client::patience = {0, 200'000};
  auto client = connect();
  Client::patience = {10, 0};
  EXPECT_EQ(client.messages(), std::vector<int>{SSL3_MT_SERVER_HELLO});
  EXPECT_EQ(client.end(), SSL_ERROR_WANT_READ);
  EXPECT_TRUE(connect().connected());
}

TEST_F(TlsTest, APlanAndAServerNameGoTogether) {
  FirstConnection plan({.tls = {.version = TlsVersion::tls_1_1}});
  serve(&plan);
  const TlsPeer peer{path("ca.pem"), "localhost", TLS1_1_VERSION, "self-signed.localhost"};
  const TlsClient client(server_->port(), peer);
  EXPECT_EQ(client.version(), "TLSv1.1");
  EXPECT_EQ(client.verdict(), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
}

TEST_F(TlsTest, ASessionIsNotTakenUpPastABadCertificate) {
  FirstConnection plan({.tls = {.certificate = BadCertificate::self_signed}});
  plan.left = 0;
  serve(&plan);
  const auto good = connect("localhost", TLS1_2_VERSION);
  ASSERT_TRUE(good.connected());
  const std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>> session(
      SSL_get1_session(good.ssl()));
  TlsPeer peer{path("ca.pem"), "localhost", TLS1_2_VERSION};
  peer.session = session.get();
  EXPECT_EQ(SSL_session_reused(TlsClient(server_->port(), peer).ssl()), 1);
  plan.left = 1;
  const TlsClient refused(server_->port(), peer);
  EXPECT_FALSE(refused.connected());
  EXPECT_EQ(refused.verdict(), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
}

TEST_F(TlsTest, CertificatesOfOnesOwnHaveNoBadOnes) {
  auto files = *self_signed(folder_.string());
  files.bad = nullptr;
  ListenOptions options;
  options.tls = files;
  FirstConnection plan({.tls = {.certificate = BadCertificate::expired}});
  server_.emplace(application_, &plan, options, nullptr, &loop_);
  const TlsPeer peer{path("ca.pem"), "localhost", 0, "expired.localhost"};
  EXPECT_TRUE(TlsClient(server_->port(), peer).connected()) << "the plan's";
  EXPECT_TRUE(TlsClient(server_->port(), peer).connected()) << "the name's";
  server_.reset();
}

}  // namespace
}  // namespace mock
