#include "http/reply_writer.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

constexpr TimePoint moment{std::chrono::seconds{784111777}};

Reply with_body(int status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

TEST(ReplyWriter, WritesStatusLineAndFieldsAsGiven) {
  auto reply = with_body(409, "no");
  reply.fields.add("Upload-Offset", "7");
  Framing(false, 1, moment).apply(reply, true);
  EXPECT_EQ(serialise_head(reply),
            "HTTP/1.1 409 Conflict\r\nUpload-Offset: 7\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 2\r\nConnection: close\r\n\r\n");
}

TEST(ReplyWriter, AReasonOfItsOwnStandsAndAnUnknownStatusHasNone) {
  auto reply = with_body(299, "");
  EXPECT_EQ(serialise_head(reply), "HTTP/1.1 299 \r\n\r\n");
  reply.reason = "Fine";
  EXPECT_EQ(serialise_head(reply), "HTTP/1.1 299 Fine\r\n\r\n");
}

TEST(ReplyWriter, TheReasonMayBeLeftOut) {
  auto reply = with_body(404, "");
  reply.no_reason = true;
  EXPECT_EQ(serialise_head(reply), "HTTP/1.1 404 \r\n\r\n");
}

TEST(ReplyWriter, NothingCanSplitAResponse) {
  auto reply = with_body(200, "");
  reply.reason = "OK\r\nX: y";
  reply.fields.add("Good", "1");
  reply.fields.add("Cr", "a\rb");
  reply.fields.add("Lf", "a\nSet-Cookie: b");
  reply.fields.add("Nul", std::string("a\0b", 3));
  reply.fields.add("Bad Name", "x");
  reply.fields.add("Bad:Name", "x");
  reply.fields.add("", "x");
  reply.fields.add("Colon: x\r\nY", "x");
  EXPECT_EQ(serialise_head(reply), "HTTP/1.1 200 OK\r\nGood: 1\r\n\r\n");
}

TEST(ReplyWriter, ContentLengthFollowsStatusAndMethod) {
  struct Row {
    int status;
    bool head;
    const char* body;
    const char* length;  // nullptr: none
  };
  for (const auto& row :
       {Row{200, false, "abc", "3"}, Row{200, false, "", "0"}, Row{200, true, "abc", "3"},
        Row{200, true, "", nullptr}, Row{204, false, "abc", nullptr}, Row{205, false, "abc", "0"},
        Row{304, false, "abc", nullptr}, Row{100, false, "", nullptr}}) {
    auto reply = with_body(row.status, row.body);
    Framing(row.head, 1, moment).apply(reply, false);
    const auto length = reply.fields.find("Content-Length");
    EXPECT_EQ(length.value_or("none"), row.length == nullptr ? "none" : row.length)
        << row.status << (row.head ? " HEAD" : "");
    EXPECT_FALSE(reply.fields.has("Connection"));
  }
}

TEST(ReplyWriter, AHandlersOwnLengthStandsOnlyWhereNoBodyFollows) {
  auto head = with_body(200, "");
  head.fields.add("Content-Length", "500");
  Framing(true, 1, moment).apply(head, false);
  EXPECT_EQ(head.fields.find("Content-Length"), "500");

  auto get = with_body(200, "abc");
  get.fields.add("Content-Length", "500");
  Framing(false, 1, moment).apply(get, false);
  EXPECT_EQ(get.fields.find("Content-Length"), "3");

  auto none = with_body(204, "");
  none.fields.add("Content-Length", "0");
  Framing(false, 1, moment).apply(none, false);
  EXPECT_FALSE(none.fields.has("Content-Length"));
}

TEST(ReplyWriter, OldClientsAreToldThatTheConnectionStays) {
  auto reply = with_body(200, "");
  Framing(false, 0, moment).apply(reply, false);
  EXPECT_EQ(reply.fields.find("Connection"), "keep-alive");
}

TEST(ReplyWriter, AnEditedReplyIsFramedAnew) {
  auto reply = with_body(200, "abc");
  Framing framing(false, 1, moment);
  framing.apply(reply, false);
  reply.body = "abcdef";
  framing.renew(reply, true);
  EXPECT_EQ(reply.fields.find("Content-Length"), "6");
  EXPECT_EQ(reply.fields.find("Connection"), "close");
  reply.status = 204;
  framing = Framing(false, 1, moment);
  framing.apply(reply, false);
  EXPECT_FALSE(reply.fields.has("Content-Length"));
  EXPECT_FALSE(reply.fields.has("Connection"));
}

TEST(ReplyWriter, WhatARuleSaysAboutFramingStands) {
  auto reply = with_body(200, "abc");
  Framing framing(false, 1, moment);
  framing.apply(reply, false);
  reply.fields.set("Content-Length", "99");
  reply.fields.remove("Date");
  reply.fields.set("Connection", "Upgrade");
  framing.renew(reply, true);
  EXPECT_EQ(reply.fields.find("Content-Length"), "99");
  EXPECT_EQ(reply.fields.find("Connection"), "Upgrade");
  EXPECT_FALSE(reply.fields.has("Date"));
  reply.fields.remove("Content-Length");
  framing.renew(reply, true);
  EXPECT_FALSE(reply.fields.has("Content-Length"));
  reply = with_body(200, "abc");
  framing.apply(reply, false);
  reply.fields.add("Content-Length", "4");
  framing.renew(reply, false);
  EXPECT_EQ(reply.fields.all("Content-Length"), (std::vector<std::string_view>{"3", "4"}));
}

TEST(Message, RepliesCarryTheirType) {
  EXPECT_EQ(text_reply(400, "x").fields.find("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(json_reply(200, "{}").fields.find("Content-Type"), "application/json");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace mock
