#include <gmock/gmock.h>

#include "http/handler.hpp"
#include "net/test_server.hpp"

namespace mock {
namespace {

using test::Client;
using test::eventually;
using test::Log;
using test::MakesHandlers;
using test::RunningServer;

/// Says back what it was sent, or does what the path asks for:
///   /early     replies before it looks at the body (X-Unread: close asks for that mode)
///   /later     replies from the loop, after the body
///   /background  ... from a worker's completion
///   /never     does not reply
///   /throw     throws
///   /status/N  replies N without reading
/// The log gets "bytes N" when a body ended, and how.
class Echo final : public Handler {
 public:
  Echo(Log& log, Loop*& loop) : log_(log), loop_(loop) {}

  void on_header(const Request& request, Exchange& exchange) override {
    request_ = &request;
    exchange_ = &exchange;
    if (request.path == "/early") {
      auto reply = text_reply(409, "early\n");
      if (request.fields.find("X-Unread") == "close") reply.unread_body = UnreadBody::close;
      return exchange.reply(std::move(reply));
    }
    if (request.path == "/throw") throw std::runtime_error("thrown on purpose");
    if (request.path.starts_with("/status/")) {
      Reply reply;
      reply.status = std::stoi(request.path.substr(8));
      reply.body = "a body";
      return exchange.reply(std::move(reply));
    }
    exchange.read_body();
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (request_->path == "/overrun" && body_.size() > 4)
      exchange_->reply(text_reply(413, "much\n"));
  }
  void on_end(BodyEnd end) override {
    const char* how = end == BodyEnd::complete  ? "complete"
                      : end == BodyEnd::aborted ? "aborted"
                                                : "timed_out";
    log_.add(std::string(how) + " " + body_);
    if (end == BodyEnd::timed_out) return exchange_->reply(text_reply(408, "slow\n"));
    if (end == BodyEnd::aborted || request_->path == "/never") return;
    auto answer = [this] {
      auto text = request_->method + " " + request_->path + "?" + request_->query + " " + body_;
      for (const auto& trailer : request_->trailers) {
        text += " " + trailer.name + "=" + trailer.value;
      }
      exchange_->reply(text_reply(200, text));
    };
    if (request_->path == "/later") {
      timer_ = loop_->after(Milliseconds{1}, answer);
    } else if (request_->path == "/background") {
      loop_->background([] {},
                        [alive = std::weak_ptr(alive_), answer] {
                          if (alive.lock()) answer();
                        });
    } else {
      answer();
    }
  }

 private:
  Log& log_;
  Loop*& loop_;
  const Request* request_ = nullptr;
  Exchange* exchange_ = nullptr;
  std::string body_;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

class ServerTest : public testing::Test {
 protected:
  void serve(ListenOptions options = {}, Interceptor* interceptor = nullptr) {
    server_.emplace(application_, interceptor, options);
    loop_ = &server_->server().loop();
  }
  Client connect() {
    if (!server_) serve();
    return server_->connect();
  }

  Log log_;
  Loop* loop_ = nullptr;
  MakesHandlers application_{
      [this](const Request&, Intercept*) { return std::make_unique<Echo>(log_, loop_); }};
  std::optional<RunningServer> server_;
};

TEST_F(ServerTest, AnswersOneRequestAfterAnotherOnOneConnection) {
  auto client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send("POST /files?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /files?x=1 hello");
    EXPECT_TRUE(reply.fields.has("Date"));
    EXPECT_FALSE(reply.fields.has("Server"));
    EXPECT_FALSE(reply.fields.has("Connection"));
  }
}

TEST_F(ServerTest, DecodesChunkedBodiesWithExtensionsAndTrailers) {
  auto client = connect();
  client.send(
      "PATCH /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nUpload-Checksum: sha1 abc\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply().body, "PATCH /a? hello 0123456789 Upload-Checksum=sha1 abc");
  EXPECT_EQ(client.reply().body, "GET /b? ");
}

}  // namespace
}  // namespace mock
