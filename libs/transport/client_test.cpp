#include "transport/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/digest.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace transport {
namespace {

using testing::HasSubstr;
using testing::Not;
using testkit::answer;
using testkit::answers;
using testkit::Peer;
using testkit::ScriptedServer;
using Kind = Failure::Kind;

Client client() {
  ClientOptions options;
  options.user_agent = "dex-test/1 (run 7)";
  return Client(options);
}

Request request(const std::string& method, const std::string& url) {
  Request r;
  r.method = method;
  r.url = url;
  r.timeout = Milliseconds{5000};
  return r;
}

Exchange failed(const Exchange& e, Kind kind) {
  EXPECT_TRUE(e.failure) << transcript(e);
  if (e.failure) {
    EXPECT_EQ(e.failure->kind, kind) << e.failure->message;
  }
  return e;
}

TEST(Client, ExtraHeadersGoToTheOriginsTheyWereGivenFor) {
  for (const bool own : {true, false}) {
    std::string got;
    {
      ScriptedServer server([&](Peer& peer) {
        got = peer.read_request();
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
      });
      ClientOptions options;
      options.extra_headers = {{"X-API-Key", "k"}};
      options.extra_headers_to.emplace();
      options.extra_headers_to->add(own ? server.url("/elsewhere") : "http://127.0.0.1:1/");
      static_cast<void>(Client(options).send(request("GET", server.url("/"))));
    }
    EXPECT_EQ(got.find("X-API-Key: k") != std::string::npos, own) << got;
  }
}

/// What begins a connection of HTTP/2 (RFC 9113 section 3.4).
constexpr const char* preface = "PRI * HTTP/2.0\r\n\r\n";

TEST(Client, SpeaksHttp2ByPriorKnowledgeToTheOriginsItIsToldOf) {
  for (const bool known : {true, false}) {
    std::string got;
    Exchange seen;
    {
      ScriptedServer server([&](Peer& peer) {
        got = peer.read_request();
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
      });
      ClientOptions options;
      options.http = HttpVersion::http2;
      options.prior_knowledge.add(known ? server.url("/") : "http://127.0.0.1:1/");
      seen = Client(options).send(request("GET", server.url("/")));
    }
    EXPECT_EQ(got.starts_with(preface), known) << got;
    if (known) {
      EXPECT_FALSE(seen.response);
      EXPECT_TRUE(seen.failure) << transcript(seen);
    } else {
      ASSERT_TRUE(seen.response);
      EXPECT_EQ(seen.response->version, "HTTP/1.1");
    }
  }
}

TEST(Client, DoesNotSendWhatHttp2HasNoFormFor) {
  ClientOptions options;
  options.http = HttpVersion::http2;
  const std::string url = "http://127.0.0.1:1/";
  Request old = request("GET", url);
  old.http10 = true;
  Request framed = request("PATCH", url);
  framed.headers = {{"transfer-encoding", "chunked"}};
  Request waiting = request("PATCH", url);
  waiting.expect_continue = true;
  Request of_no_length = request("PATCH", url);
  of_no_length.body = "abc";
  of_no_length.chunked = true;
  for (const Request* r : {&old, &framed, &waiting, &of_no_length}) {
    EXPECT_FALSE(Client(options).cannot_send(*r)) << "HTTP/1.1 goes there";
  }
  options.prior_knowledge.add(url);
  Client two(options);
  EXPECT_THAT(two.cannot_send(framed).value_or(""), HasSubstr("HTTP/2 has no Transfer-Encoding"));
  EXPECT_TRUE(two.cannot_send(old));
  EXPECT_TRUE(two.cannot_send(waiting));
  EXPECT_FALSE(two.cannot_send(of_no_length));
  const Exchange seen = failed(two.send(framed), Kind::other);
  EXPECT_THAT(seen.failure->message, HasSubstr("Transfer-Encoding"));
}

TEST(Client, SendsExactlyWhatWasAsked) {
  std::string got;
  Exchange seen;
  {
    ScriptedServer server([&](Peer& peer) {
      got = peer.read_request();
      peer.send("HTTP/1.1 204 \r\nupload-offset: 3\r\n\r\n");
    });
    Request r = request("PATCH", server.url("/files/..%2f/../x?y=1"));
    r.headers = {{"Upload-Offset", "0"}, {"X-Empty", ""}};
    r.body = "abc";
    seen = client().send(r);
  }
  ASSERT_TRUE(seen.response);
  EXPECT_TRUE(got.starts_with("PATCH /files/..%2f/../x?y=1 HTTP/1.1\r\n")) << got;
  for (const char* line : {"\r\nUpload-Offset: 0\r\n", "\r\nX-Empty:\r\n",
                           "\r\nContent-Length: 3\r\n", "\r\nUser-Agent: dex-test/1 (run 7)\r\n"}) {
    EXPECT_THAT(got, HasSubstr(line));
  }
  for (const char* name : {"Expect", "Accept", "Content-Type", "Transfer-Encoding"}) {
    EXPECT_THAT(got, Not(HasSubstr(std::string(name) + ":")));
  }
  EXPECT_TRUE(got.ends_with("\r\n\r\nabc"));
  // What was seen of it.
  EXPECT_EQ(seen.response->status, 204);
  EXPECT_EQ(seen.response->reason, "");
  EXPECT_EQ(seen.response->headers.find("Upload-Offset"), "3");
  EXPECT_EQ(seen.sent.headers.find("Content-Length"), "3");
  EXPECT_TRUE(seen.sent.headers.has("Host"));
  EXPECT_EQ(seen.sent.body_size, Bytes{3});
  EXPECT_EQ(seen.sent.body_sha256, sha256_hex("abc"));
  EXPECT_FALSE(seen.reused_connection);
  EXPECT_GT(seen.timings.total.count(), 0);
  EXPECT_GE(seen.timings.total, seen.timings.first_byte);
}

TEST(Client, RequestsWithoutABodySayTheirLength) {
  for (const auto& [method, has_length] : {std::pair{"POST", true},
                                           {"PATCH", true},
                                           {"GET", false},
                                           {"DELETE", false},
                                           {"OPTIONS", false},
                                           {"HEAD", false}}) {
    std::string got;
    {
      ScriptedServer server([&](Peer& peer) {
        got = peer.read_request();
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
      });
      EXPECT_TRUE(client().send(request(method, server.url("/"))).response);
    }
    EXPECT_TRUE(got.starts_with(std::string(method) + " / HTTP/1.1\r\n")) << got;
    EXPECT_EQ(got.find("Content-Length: 0\r\n") != std::string::npos, has_length) << got;
  }
}

TEST(Client, ChunkedBodies) {
  std::string got;
  {
    ScriptedServer server([&](Peer& peer) {
      got = peer.read_request();
      peer.send("HTTP/1.1 204 \r\n\r\n");
    });
    Request r = request("PATCH", server.url("/"));
    r.body = "abc";
    r.chunked = true;
    EXPECT_TRUE(client().send(r).response);
  }
  EXPECT_THAT(got, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(got, Not(HasSubstr("Content-Length")));
  EXPECT_TRUE(got.ends_with("3\r\nabc\r\n0\r\n\r\n")) << got;
}

TEST(Client, ExpectContinueAndInterimResponses) {
  ScriptedServer server([&](Peer& peer) {
    const std::string head = peer.read_until("\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("Expect: 100-continue"));
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(peer.read_bytes(3), "abc");
    peer.send("HTTP/1.1 103 Early\r\nX: 1\r\n\r\nHTTP/1.1 204 \r\nY: 2\r\n\r\n");
  });
  Request r = request("PATCH", server.url("/"));
  r.body = "abc";
  r.expect_continue = true;
  const Exchange seen = client().send(r);
  ASSERT_TRUE(seen.response);
  EXPECT_EQ(seen.response->status, 204);
  EXPECT_FALSE(seen.response->headers.has("X"));
  ASSERT_EQ(seen.interims.size(), 2U);
  EXPECT_EQ(seen.interims[0].status, 100);
  EXPECT_EQ(seen.interims[1].headers.find("X"), "1");
}

TEST(Client, Http10) {
  std::string got;
  {
    ScriptedServer server([&](Peer& peer) {
      got = peer.read_request();
      peer.send("HTTP/1.0 200 OK\r\n\r\nbody");
    });
    Request r = request("GET", server.url("/"));
    r.http10 = true;
    const Exchange seen = client().send(r);
    ASSERT_TRUE(seen.response);
    EXPECT_EQ(seen.response->version, "HTTP/1.0");
    EXPECT_EQ(seen.response->body, "body");
  }
  EXPECT_THAT(got, HasSubstr("GET / HTTP/1.0\r\n"));
}

TEST(Client, RedirectsAreNotFollowed) {
  ScriptedServer server(
      answer("HTTP/1.1 301 Moved\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"));
  const Exchange seen = client().send(request("POST", server.url("/")));
  ASSERT_TRUE(seen.response);
  EXPECT_EQ(seen.response->status, 301);
  EXPECT_EQ(server.connections(), 1U);
}

TEST(Client, ConnectionsAreReusedUnlessFreshOnesAreAsked) {
  ScriptedServer server(answers({"HTTP/1.1 204 \r\n\r\n"}));
  Client c = client();
  EXPECT_FALSE(c.send(request("GET", server.url("/"))).reused_connection);
  const Exchange second = c.send(request("GET", server.url("/")));
  EXPECT_TRUE(second.reused_connection);
  EXPECT_EQ(second.timings.connect.count(), 0);
  EXPECT_EQ(server.connections(), 1U);
}

TEST(Client, AFreshConnectionIsNotKept) {
  ScriptedServer server(answers({"HTTP/1.1 204 \r\n\r\n"}));
  Client c = client();
  Request r = request("GET", server.url("/"));
  r.fresh_connection = true;
  EXPECT_FALSE(c.send(r).reused_connection);
  EXPECT_FALSE(c.send(r).reused_connection);
  EXPECT_EQ(server.connections(), 2U);
}

TEST(Client, ADeadReusedConnectionIsReportedNotReplayed) {
  for (const char* method : {"GET", "PATCH"}) {
    ScriptedServer server(std::vector<ScriptedServer::Script>{
        [](Peer& peer) {
          peer.read_request();
          peer.send("HTTP/1.1 204 \r\n\r\n");
          peer.read_until("\r\n\r\n");  // the second request, which gets no answer
        },
        answer("HTTP/1.1 200 replayed\r\nContent-Length: 0\r\n\r\n")});
    Client c = client();
    EXPECT_TRUE(c.send(request("GET", server.url("/"))).response);
    Request r = request(method, server.url("/"));
    if (r.method == "PATCH") r.body = "abc";
    const Exchange seen = failed(c.send(r), Kind::closed);
    EXPECT_FALSE(seen.response) << transcript(seen);
    EXPECT_TRUE(seen.reused_connection);
  }
}

TEST(Client, WaysToFailAreToldApart) {
  {
    ScriptedServer server([](Peer& peer) {
      peer.read_request();
      peer.reset();
    });
    failed(client().send(request("GET", server.url("/"))), Kind::reset);
  }
  {
    ScriptedServer server([](Peer& peer) { peer.read_request(); });
    failed(client().send(request("GET", server.url("/"))), Kind::closed);
  }
  {
    ScriptedServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"));
    const Exchange seen = failed(client().send(request("GET", server.url("/"))), Kind::closed);
    ASSERT_TRUE(seen.response);
    EXPECT_EQ(seen.response->body, "abc");
  }
  {
    // Within the header: what came of it is no response.
    ScriptedServer server(answer("HTTP/1.1 204 No Content\r\nUpload-Off"));
    EXPECT_FALSE(failed(client().send(request("GET", server.url("/"))), Kind::closed).response);
  }
  {
    ScriptedServer server([](Peer& peer) { peer.stall(); });
    Request r = request("GET", server.url("/"));
    r.timeout = Milliseconds{50};
    failed(client().send(r), Kind::timeout);
  }
  {
    ScriptedServer server(answer("220 smtp ready\r\n"));
    failed(client().send(request("GET", server.url("/"))), Kind::protocol);
  }
  {
    ScriptedServer server(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));
    failed(client().send(request("GET", server.url("/"))), Kind::protocol);
  }
  std::uint16_t port = 0;
  {
    ScriptedServer gone([](Peer&) {});
    port = gone.port();
  }
  const Exchange refused = failed(
      client().send(request("GET", "http://127.0.0.1:" + std::to_string(port))), Kind::connect);
  EXPECT_EQ(refused.failure->message, "Connection refused");
  failed(client().send(request("GET", "http://no-such-host.invalid/")), Kind::resolve);
  // The target is not to blame for its proxy.
  ClientOptions behind_proxy;
  behind_proxy.proxy = "http://127.0.0.1:" + std::to_string(port);
  const Exchange no_proxy =
      failed(Client(behind_proxy).send(request("GET", "http://127.0.0.1:9/")), Kind::proxy);
  EXPECT_EQ(no_proxy.failure->message, behind_proxy.proxy + ": Connection refused");
}

TEST(Client, AnAnswerBeforeTheBodyWasReadIsSeen) {
  ScriptedServer server([](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    peer.stall();
  });
  Request r = request("PATCH", server.url("/"));
  r.body = std::string(8U << 20U, 'x');
  const Exchange seen = client().send(r);
  ASSERT_TRUE(seen.response) << transcript(seen);
  EXPECT_EQ(seen.response->status, 413);
  EXPECT_LT(seen.sent.body_size.value, r.body->size());
}

/// Answers with `begin`, and then with `more` until the client has gone.
ScriptedServer::Script endless(std::string begin, std::string more) {
  return [begin = std::move(begin), more = std::move(more)](Peer& peer) {
    peer.read_request();
    peer.send(begin);
    std::string much;
    while (much.size() < 16384) much += more;
    while (peer.send(much)) {
    }
  };
}

TEST(Client, ReadsNoMoreOfABodyThanAsked) {
  ScriptedServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef"));
  ClientOptions options;
  options.body_limit = Bytes{4};
  const Exchange seen =
      failed(Client(options).send(request("GET", server.url("/"))), Kind::protocol);
  EXPECT_EQ(seen.failure->message, "the answer's body is longer than 4 B");
  ASSERT_TRUE(seen.response);
  EXPECT_EQ(seen.response->status, 200);
  EXPECT_EQ(seen.response->body, "abcd");
  Request whole = request("GET", server.url("/"));
  whole.body_limit = Bytes{6};
  const Exchange fits = Client(options).send(whole);
  EXPECT_FALSE(fits.failure) << transcript(fits);
  EXPECT_EQ(fits.response->body, "abcdef");
}

struct Endless {
  const char* what;
  std::string begin, more;
  const char* problem;
  bool has_head;  ///< a whole one came, and may be judged
};
const std::vector<Endless>& endless_answers() {
  static const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  static const std::vector<Endless> all{
      {"header", "HTTP/1.1 200 OK\r\n", "X-A: " + std::string(2000, 'a') + "\r\n", "256 KiB",
       false},
      {"fields", "HTTP/1.1 200 OK\r\n", "X:\r\n", "1000 header fields", false},
      {"trailers", chunked + "1\r\na\r\n0\r\n", "X-A: " + std::string(2000, 'a') + "\r\n",
       "trailers", true},
      {"trailers of an empty body", chunked + "0\r\n", "X:\r\n", "1000 header fields", true},
      {"interim responses", "", "HTTP/1.1 103 \r\n\r\n", "100 interim", false},
      {"body", "HTTP/1.1 200 OK\r\n\r\n", "a", "body is longer", true},
      {"chunks", chunked, "1\r\na\r\n", "body is longer", true},
  };
  return all;
}

TEST(Client, AnAnswerWithoutEndIsGivenUp) {
  for (const Endless& one : endless_answers()) {
    SCOPED_TRACE(one.what);
    ScriptedServer server(endless(one.begin, one.more));
    const Exchange seen = failed(client().send(request("GET", server.url("/"))), Kind::protocol);
    EXPECT_THAT(seen.failure ? seen.failure->message : "", HasSubstr(one.problem));
    EXPECT_EQ(seen.response.has_value(), one.has_head);
    EXPECT_LE(seen.interims.size(), 101U);
  }
}

// libcurl bounds one line by itself, and reads chunk extensions without keeping them.
TEST(Client, ALineWithoutEndIsGivenUp) {
  for (const char* begin : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 ",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x="}) {
    SCOPED_TRACE(begin);
    ScriptedServer server(endless(begin, "a"));
    Request r = request("GET", server.url("/"));
    r.timeout = Milliseconds{300};
    const Exchange seen = client().send(r);
    ASSERT_TRUE(seen.failure);
    const bool in_time = seen.failure->kind == Kind::protocol;
    EXPECT_TRUE(in_time || seen.failure->kind == Kind::timeout) << seen.failure->message;
  }
}

TEST(Client, HeadWithContentLength) {
  ScriptedServer server(answers({"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"}));
  Client c = client();
  EXPECT_EQ(c.send(request("HEAD", server.url("/"))).response->status, 200);
  EXPECT_EQ(c.send(request("HEAD", server.url("/"))).response->status, 200);
}

TEST(Client, Tls) {
  const auto certificate = testkit::self_signed();
  const testkit::TempFolder folder;
  ScriptedServer server({answer("HTTP/1.1 204 \r\n\r\n")}, certificate);
  ClientOptions options;
  const Exchange untrusted =
      failed(Client(options).send(request("GET", server.url("/"))), Kind::tls);
  EXPECT_FALSE(untrusted.response);
  options.tls.ca_file = folder.write("ca.pem", certificate.cert_pem);
  ASSERT_TRUE(validate(options));
  const Exchange seen = Client(options).send(request("GET", server.url("/")));
  EXPECT_TRUE(seen.response) << transcript(seen);
}

TEST(Client, AnExpiredCertificateIsSaidToBeExpired) {
  const auto certificate = testkit::self_signed(true);
  const testkit::TempFolder folder;
  ScriptedServer server({answer("HTTP/1.1 204 \r\n\r\n")}, certificate);
  ClientOptions options;
  options.tls.ca_file = folder.write("ca.pem", certificate.cert_pem);
  const Exchange seen = failed(Client(options).send(request("GET", server.url("/"))), Kind::tls);
  EXPECT_THAT(seen.failure->message, HasSubstr("expired"));
}

TEST(Client, AHeaderThatWouldSplitIsRefused) {
  Request r = request("GET", "http://127.0.0.1:1/");
  r.headers = {{"X", "a\r\nY: b"}};
  failed(client().send(r), Kind::other);
}

TEST(Validate, NamesTheOption) {
  const testkit::TempFolder folder;
  const auto error = [](ClientOptions options) {
    const auto ok = validate(options);
    return ok ? std::string() : ok.error().line();
  };
  EXPECT_EQ(error({}), "");
  ClientOptions o;
  o.tls.ca_file = "/no/such.pem";
  EXPECT_THAT(error(o), HasSubstr("--ca-file: \"/no/such.pem\" cannot be read: No such file"));
  o.tls.ca_file = folder.path().string();
  EXPECT_THAT(error(o), HasSubstr("is a directory"));
  o.tls.ca_file = folder.write("x.pem", "not pem");
  EXPECT_THAT(error(o), HasSubstr("not a PEM file"));
  o = {};
  o.proxy = "localhost:1";
  EXPECT_THAT(error(o), HasSubstr("--proxy"));
  o = {};
  o.extra_headers = {{"bad name", "x"}};
  EXPECT_THAT(error(o), HasSubstr("--header"));
}

}  // namespace
}  // namespace transport
