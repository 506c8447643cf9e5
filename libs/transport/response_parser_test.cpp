#include "transport/response_parser.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace transport {
namespace {

using State = ResponseParser::State;

/// Whole, and byte by byte: both must tell the same.
ResponseParser parsed(std::string_view bytes, bool head_request = false) {
  ResponseParser whole(head_request, Bytes{1024});
  whole.feed(bytes);
  ResponseParser slow(head_request, Bytes{1024});
  for (const char c : bytes) {
    if (slow.state() == State::more) slow.feed({&c, 1});
  }
  EXPECT_EQ(whole.state(), slow.state()) << bytes;
  EXPECT_EQ(whole.response().body, slow.response().body) << bytes;
  EXPECT_EQ(whole.response().headers, slow.response().headers) << bytes;
  return whole;
}

TEST(ResponseParser, EmptyReasonAndLowerCaseNames) {
  const auto p = parsed("HTTP/1.1 204 \r\nupload-offset: 5\r\n\r\n");
  EXPECT_EQ(p.state(), State::complete);
  EXPECT_EQ(p.response().status, 204);
  EXPECT_EQ(p.response().reason, "");
  EXPECT_EQ(p.response().headers.find("Upload-Offset"), "5");
  EXPECT_EQ(parsed("HTTP/1.1 204\r\n\r\n").state(), State::complete);
}

TEST(ResponseParser, ContentLength) {
  ResponseParser p(false, Bytes{3});
  EXPECT_EQ(p.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcREST"), 41U);
  EXPECT_EQ(p.state(), State::complete);
  EXPECT_EQ(p.response().body, "abc");
  EXPECT_EQ(p.response().body_size, Bytes{3});
}

TEST(ResponseParser, Chunked) {
  const auto p = parsed(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: "
      "chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n"
      "Trailer: 1\r\n\r\n");
  EXPECT_EQ(p.state(), State::complete);
  EXPECT_EQ(p.response().body, "abc0123456789");
  EXPECT_FALSE(p.response().headers.has("Trailer"));
}

TEST(ResponseParser, InterimResponsesComeApart) {
  const auto p = parsed(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\nHTTP/1.1 204 No "
      "Content\r\n\r\n");
  EXPECT_EQ(p.state(), State::complete);
  ASSERT_EQ(p.interims().size(), 2U);
  EXPECT_EQ(p.interims()[0].status, 100);
  EXPECT_EQ(p.interims()[1].headers.find("Link"), "x");
  EXPECT_FALSE(p.response().headers.has("Link"));
}

TEST(ResponseParser, HeadHasNoBodyWhateverItSays) {
  EXPECT_EQ(parsed("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", true).state(), State::complete);
  EXPECT_EQ(parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true).state(),
            State::complete);
}

TEST(ResponseParser, ABodyUpToTheClose) {
  ResponseParser p(false, Bytes{1024});
  p.feed("HTTP/1.0 200 OK\n\nabc");
  EXPECT_EQ(p.state(), State::more);
  p.end_of_stream();
  EXPECT_EQ(p.state(), State::complete);
  EXPECT_EQ(p.response().body, "abc");
}

TEST(ResponseParser, ACutResponseStaysIncomplete) {
  for (const char* text :
       {"", "HT", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    ResponseParser p(false, Bytes{1024});
    p.feed(text);
    p.end_of_stream();
    EXPECT_EQ(p.state(), State::more) << text;
  }
}

TEST(ResponseParser, MalformedIsTold) {
  for (const char* text :
       {"SSH-2.0-x\r\n", "<html>", "HTTP/1.1 2x4 No\r\n", "HTTP/1.1\r\n", "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX\r\n"}) {
    const auto p = parsed(text);
    EXPECT_EQ(p.state(), State::malformed) << text;
    EXPECT_FALSE(p.problem().empty()) << text;
    EXPECT_EQ(p.problem().find('\n'), std::string::npos);
  }
}

TEST(ResponseParser, WhatDoesNotEndIsRefused) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string field = "X: " + std::string(1000, 'a') + "\r\n";
  for (const auto& [begin, more, problem] :
       {std::tuple<std::string, std::string, const char*>{"HTTP/1.1 200 OK\r\n", field, "256 KiB"},
        {"", "HTTP/1.1 103 \r\n" + field + "\r\n", "100 interim"},
        {"HTTP/1.1 200 OK\r\nX: ", "aaaaaaaaaaaaaaaa", "256 KiB"},
        {"", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", "256 KiB"},
        {"HTTP/1.1 200 OK\r\n", "X:\r\n", "1000 header fields"},
        {chunked + "0\r\n", field, "trailers are longer"},
        {chunked + "0\r\n", "X:\r\n", "1000 header fields"},
        {chunked + "1;x=", "aaaaaaaaaaaaaaaa", "chunk's size line"},
        {chunked, "1\r\na\r\n", "body is longer than 1.0 KiB"},
        {"HTTP/1.1 200 OK\r\n\r\n", "aaaaaaaaaaaaaaaa", "body is longer than 1.0 KiB"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n", "aaaaaaaaaaaaaaaa",
         "body is longer than 1.0 KiB"}}) {
    ResponseParser p(false, Bytes{1024});
    p.feed(begin);
    for (int i = 0; i < 100'000 && p.state() == State::more; ++i) p.feed(more);
    EXPECT_EQ(p.state(), State::malformed) << begin << more;
    EXPECT_NE(p.problem().find(problem), std::string::npos) << p.problem();
  }
}

}  // namespace
}  // namespace transport
