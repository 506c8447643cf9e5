#include <gtest/gtest.h>

#include "http/conversation_fixture.hpp"
#include "http/handler.hpp"

namespace mock {
namespace {

class HandlersTest : public test::ConversationFixture {
 protected:
  std::unique_ptr<Handler> handler_for(const Request& request, Intercept*) override {
    if (request.path == "/none") return nullptr;
    if (request.path == "/bodiless") {
      return bodiless([](const Request& got) { return text_reply(200, got.method); });
    }
    const auto answer = [](const Request& got, const std::string& body) {
      return text_reply(200, got.path + " " + body);
    };
    if (request.path != "/worded") return buffered(Bytes{5}, answer);
    return buffered(Bytes{5}, answer, [](int status, const std::string& sentence) {
      return text_reply(status, "[" + sentence + "]");
    });
  }
};

TEST_F(HandlersTest, BufferedGathersTheWholeBody) {
  begin();
  send(
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\n12\r\n3\r\n345\r\n0\r\n\r\n");
  EXPECT_TRUE(wire_.sent.ends_with("/a 12345")) << wire_.sent;
}

TEST_F(HandlersTest, BufferedRefusesMoreThanItsLimit) {
  begin();
  send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n0\r\n\r\n");
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 413 ")) << wire_.sent;
  begin();
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n");
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 413 ")) << wire_.sent;
  send("123456GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(wire_.sent.ends_with("/b ")) << wire_.sent;
}

TEST_F(HandlersTest, BufferedRefusesInWordsThatItIsGiven) {
  begin();
  send("POST /worded HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n");
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 413 ")) << wire_.sent;
  EXPECT_TRUE(wire_.sent.ends_with("[the request body is longer than 5 B]")) << wire_.sent;
}

TEST_F(HandlersTest, BufferedAnswersWhenTheBodyDoesNotCome) {
  begin();
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12");
  talk_->deadline_passed();
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 408 ")) << wire_.sent;
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(HandlersTest, BodilessDropsWhatComesAnyway) {
  begin();
  send(
      "POST /bodiless HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345GET /b "
      "HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(wire_.sent.find("\r\n\r\nPOSTHTTP/1.1 200"), std::string::npos) << wire_.sent;
}

TEST_F(HandlersTest, NoHandlerIsNotFound) {
  begin();
  send("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 404 ")) << wire_.sent;
  EXPECT_FALSE(wire_.ended);
}

}  // namespace
}  // namespace mock
