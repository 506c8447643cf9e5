#include "http/head.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace mock {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// The status a whole head is refused with; 0 when it is accepted, -1 when more is needed.
int refused(const std::string& head, const Limits& limits = {}) {
  HeadScanner scanner;
  const auto length = scanner.scan(head, limits);
  if (!length) return length.error().status;
  if (*length == 0) return -1;
  const auto parsed = parse_head(std::string_view(head).substr(0, *length));
  return parsed ? 0 : parsed.error().status;
}

std::string post(const std::string& fields) {
  return "POST /files HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

Head parsed(const std::string& head) {
  auto result = parse_head(head);
  EXPECT_TRUE(result) << result.error().why;
  return std::move(*result);
}

TEST(Head, IsKeptAsItCame) {
  const auto head = parsed(
      "pAtCh /files/a%20b?x=%41&y HTTP/1.1\r\nhOST: h:1\r\nX:\r\nX:  two words \t\r\n"
      "Content-Length: 12\r\n\r\n");
  const auto& request = head.request;
  EXPECT_EQ(request.method, "pAtCh");
  EXPECT_EQ(request.target, "/files/a%20b?x=%41&y");
  EXPECT_EQ(request.path, "/files/a%20b");
  EXPECT_EQ(request.query, "x=%41&y");
  EXPECT_EQ(request.minor_version, 1);
  EXPECT_EQ(request.content_length, Bytes{12});
  EXPECT_FALSE(request.chunked);
  const ::http::Fields expected{
      {"hOST", "h:1"}, {"X", ""}, {"X", "two words"}, {"Content-Length", "12"}};
  EXPECT_EQ(request.fields, expected);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expects_continue);
}

TEST(Head, AnyTokenIsAMethod) {
  EXPECT_EQ(refused("M-SEARCH!#$ / HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
}

TEST(Head, TakesAllFormsOfTheTarget) {
  struct Row {
    std::string line, path, query, host;
  };
  for (const auto& row :
       {Row{"GET http://a.example:81/files/x?q HTTP/1.1", "/files/x", "q", "a.example:81"},
        Row{"GET HTTPS://a.example HTTP/1.1", "/", "", "a.example"},
        Row{"GET http://a.example?q=/ HTTP/1.1", "/", "q=/", "a.example"},
        Row{"OPTIONS * HTTP/1.1", "*", "", "h"}, Row{"GET /?? HTTP/1.1", "/", "?", "h"},
        Row{"CONNECT a.example:443 HTTP/1.1", "a.example:443", "", "h"}}) {
    const auto head = parsed(row.line + "\r\nHost: h\r\n\r\n");
    EXPECT_EQ(head.request.path, row.path) << row.line;
    EXPECT_EQ(head.request.query, row.query) << row.line;
    EXPECT_EQ(head.request.fields.find("Host"), row.host) << row.line;
  }
  for (const std::string target : {"files", "ftp://h/", "http:///x", "*x", "http:", "?x"}) {
    EXPECT_EQ(refused("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"), 400) << target;
  }
  EXPECT_EQ(refused("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(Head, WantsExactlyOneHostInHttp11) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(Head, KnowsWhenTheConnectionStays) {
  EXPECT_TRUE(parsed(post("")).keep_alive);
  EXPECT_FALSE(parsed(post("Connection: x, Close\r\n")).keep_alive);
  EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(Head, RefusesEveryDoubtfulFraming) {
  // RFC 9112 sections 6.1 to 6.3
  const std::pair<const char*, int> rows[] = {
      {"Content-Length: 5\r\n", 0},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5, 5\r\n", 400},
      {"Content-Length: 18446744073709551615\r\n", 0},
      {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
      {"Content-Length: 5, 6\r\n", 400},
      {"Content-Length: -5\r\n", 400},
      {"Content-Length: +5\r\n", 400},
      {"Content-Length: 0x5\r\n", 400},
      {"Content-Length: 5 5\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: 18446744073709551616\r\n", 400},
      {"Content-Length: 99999999999999999999999\r\n", 400},
      {"Transfer-Encoding: chunked\r\n", 0},
      {"Transfer-Encoding: Chunked\r\n", 0},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5 5\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length:\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: -0\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 9223372036854775808\r\n", 400},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n", 400},
      {"Content-Length: 0\r\nTransfer-Encoding: gzip\r\n", 501},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked, chunked\r\n", 400},
      {"Transfer-Encoding: gzip\r\n", 501},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Transfer-Encoding: identity\r\n", 501},
      {"Transfer-Encoding: xchunked\r\n", 501},
      {"Transfer-Encoding: chunked, chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding:\r\n", 400},
      {"Transfer-Encoding : chunked\r\n", 400},
  };
  for (const auto& [fields, status] : rows) EXPECT_EQ(refused(post(fields)), status) << fields;
  EXPECT_EQ(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
            400);
}

TEST(Head, LeavesItToTheCallerWhetherChunksBesideALengthAreTaken) {
  EXPECT_FALSE(parsed(post("Transfer-Encoding: chunked\r\n")).chunked_and_length);
  for (const std::string fields : {"Transfer-Encoding: chunked\r\nContent-Length: 7\r\n",
                                   "content-length:7 \r\nX: y\r\nTransfer-Encoding: Chunked\r\n",
                                   "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n"
                                   "Content-Length: 7\r\n"}) {
    auto head = parsed(post(fields));
    EXPECT_TRUE(head.chunked_and_length) << fields;
    EXPECT_TRUE(head.request.chunked) << fields;
    EXPECT_FALSE(head.request.content_length) << fields;
    EXPECT_EQ(head.request.fields.find("Content-Length"), "7") << "is on record, " << fields;
    EXPECT_FALSE(head.body.complete()) << fields;
    EXPECT_FALSE(head.body.remaining()) << fields;
  }
}

TEST(Head, RefusesWhatIsNoRequest) {
  const std::pair<std::string, int> rows[] = {
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n\tfolded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nNo colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400},
      {std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29), 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"\x16\x03\x01\x02", 400},
      {"\"quoted", 400},
  };
  for (const auto& [head, status] : rows) EXPECT_EQ(refused(head), status) << head;
}

/// The kind by which a whole head is refused; empty when it is accepted.
std::string_view kind(const std::string& head, const HttpOptions& http = {}) {
  const auto parsed = parse_head(head, http);
  return parsed ? std::string_view{} : parsed.error().kind;
}

TEST(Head, TellsOfWhichKindARefusalIs) {
  const std::pair<std::string, std::string_view> rows[] = {
      {post(""), ""},
      {post("X : y\r\n"), bad_http::field_name},
      {post("X(: y\r\n"), bad_http::malformed},
      {post(": y\r\n"), bad_http::malformed},
      {"GET / HTTP/1.1\r\n\r\n", bad_http::no_host},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", bad_http::malformed},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", bad_http::version},
      {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", bad_http::asterisk},
      {"PRI * HTTP/2.0\r\n\r\n", bad_http::asterisk},
      {post("Transfer-Encoding: gzip\r\n"), bad_http::transfer_coding},
      {post("Transfer-Encoding: chunked, chunked\r\n"), bad_http::transfer_coding},
      {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       bad_http::transfer_coding},
      {post("Content-Length: x\r\n"), bad_http::malformed},
      {post("Expect: nothing\r\n"), bad_http::expectation},
  };
  for (const auto& [head, expected] : rows) EXPECT_EQ(kind(head), expected) << head;
}

TEST(Head, RefusesAndTakesMoreWhereAProfileSaysSo) {
  HttpOptions all;
  all.refuses_odd_hosts = all.refuses_odd_percents = all.refuses_long_lengths = true;
  all.takes_lengths_twice = true;
  const auto get = [](const std::string& target, const std::string& host) {
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
  };
  for (const std::string host : {"a b", "a/b", "a@b", "\xff"}) {
    EXPECT_EQ(kind(get("/", host)), "") << host;
    EXPECT_EQ(kind(get("/", host), all), bad_http::host) << host;
  }
  for (const std::string host : {"", "a:b", "[::1]:80", "a.example"})
    EXPECT_EQ(kind(get("/", host), all), "") << host;
  for (const std::string target : {"/%zz", "/%", "/a%2", "/%4g?x"}) {
    EXPECT_EQ(kind(get(target, "h")), "") << target;
    EXPECT_EQ(kind(get(target, "h"), all), bad_http::malformed) << target;
  }
  for (const std::string target : {"/%41%2f", "/?%zz"}) EXPECT_EQ(kind(get(target, "h"), all), "");
  const auto longest = post("Content-Length: 9223372036854775808\r\n");
  EXPECT_EQ(kind(longest), "");
  EXPECT_EQ(kind(longest, all), bad_http::malformed);
  EXPECT_EQ(kind(post("Content-Length: 9223372036854775807\r\n"), all), "");
  const auto twice = post("Content-Length: 5\r\nContent-Length: 5\r\n");
  EXPECT_EQ(kind(twice), bad_http::malformed);
  EXPECT_EQ(kind(twice, all), "");
  EXPECT_EQ(kind(post("Content-Length: 5, 5\r\n"), all), bad_http::malformed);
  EXPECT_EQ(kind(post("Content-Length: 5\r\nContent-Length: 6\r\n"), all), bad_http::malformed);
}

TEST(Head, HasLimits) {
  Limits limits;
  limits.target_bytes = Bytes{100};
  limits.header_bytes = Bytes{300};
  EXPECT_EQ(refused("GET /" + std::string(200, 'a'), limits), 414);
  EXPECT_EQ(refused("GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", limits), 414);
  EXPECT_EQ(refused(std::string(200, 'A'), limits), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(300, 'a'), limits), 431);
  EXPECT_EQ(refused(post("X: " + std::string(300, 'a') + "\r\n"), limits), 431);
  EXPECT_EQ(refused(post("X: " + std::string(200, 'a') + "\r\n"), limits), 0);
}

TEST(Head, ExpectationsAreForBodiesInHttp11) {
  EXPECT_TRUE(parsed(post("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expects_continue);
  EXPECT_FALSE(parsed(post("Expect: 100-continue\r\n")).expects_continue);
  EXPECT_FALSE(parsed(post("Expect: 100-continue\r\nContent-Length: 0\r\n")).expects_continue);
  EXPECT_FALSE(parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
                   .expects_continue);
}

// ---- bodies

struct Decoded {
  std::string body;
  std::string rest;
  bool complete = false;
  bool broken = false;
  ::http::Fields trailers;
};

/// Feeds `input` in pieces of `step` bytes, taking at most `limit` body bytes at once.
Decoded decode(BodyDecoder decoder, const std::string& input, std::size_t step,
               std::uint64_t limit) {
  Decoded result;
  std::string held;
  std::size_t given = 0;
  while (!decoder.complete() && !decoder.broken()) {
    const auto piece = decoder.take(bytes(held), limit);
    result.body.append(reinterpret_cast<const char*>(piece.body.data()), piece.body.size());
    EXPECT_LE(piece.body.size(), limit);
    held.erase(0, piece.consumed);
    if (piece.consumed > 0) continue;
    if (decoder.broken() || given == input.size()) break;
    held += input.substr(given, step);
    given = std::min(input.size(), given + step);
  }
  result.rest = held + input.substr(given);
  result.complete = decoder.complete();
  result.broken = decoder.broken();
  if (result.complete) result.trailers = decoder.take_trailers();
  return result;
}

BodyDecoder chunked() { return std::move(parsed(post("Transfer-Encoding: chunked\r\n")).body); }

TEST(BodyDecoder, GivesTheSameBytesHoweverTheyCome) {
  const std::string wire =
      "5;a=\"b\";c\r\nhello\r\n000A\r\n0123456789\r\n1\r\n\r\r\n0;last\r\nA: 1\r\nB:  2 "
      "\r\n\r\nNEXT";
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    for (const std::uint64_t limit : {1, 3, 1000}) {
      const auto got = decode(chunked(), wire, step, limit);
      EXPECT_EQ(got.body, "hello0123456789\r") << step << " " << limit;
      EXPECT_TRUE(got.complete);
      EXPECT_EQ(got.rest, "NEXT") << step << " " << limit;
      const ::http::Fields expected{{"A", "1"}, {"B", "2"}};
      EXPECT_EQ(got.trailers, expected);
    }
  }
}

TEST(BodyDecoder, GivesWhatThereIsOfAChunkThatIsCutOff) {
  for (const std::string wire : {"5\r\nh", "5\r\nhell", "2\r\nhe\r\n5\r\nl"}) {
    for (std::size_t step = 1; step <= wire.size(); ++step) {
      const auto got = decode(chunked(), wire, step, 100);
      EXPECT_EQ(got.rest, "") << wire;
      EXPECT_FALSE(got.complete || got.broken);
    }
  }
}

TEST(BodyDecoder, AnEmptyChunkedBodyIsComplete) {
  for (std::size_t step = 1; step <= 5; ++step) {
    const auto got = decode(chunked(), "0\r\n\r\n", step, 10);
    EXPECT_TRUE(got.complete) << step;
    EXPECT_EQ(got.body, "");
  }
}

TEST(BodyDecoder, RefusesBrokenChunks) {
  for (const std::string wire :
       {"xyz\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n", "10000000000000000\r\nhello\r\n", "5 \r\nhello\r\n0\r\n\r\n",
        "5;\x01\r\nhello\r\n0\r\n\r\n", "0\r\nBad Trailer\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n"}) {
    for (const std::size_t step : {std::size_t{1}, wire.size()}) {
      EXPECT_TRUE(decode(chunked(), wire, step, 100).broken) << wire;
    }
  }
  EXPECT_TRUE(decode(chunked(), "5;" + std::string(100'000, 'a'), 4096, 100).broken);
  EXPECT_TRUE(decode(chunked(), "0\r\nX: " + std::string(100'000, 'a'), 4096, 100).broken);
}

TEST(BodyDecoder, ContentLengthTakesThatManyBytes) {
  for (const std::size_t step : {1U, 3U, 100U}) {
    const auto got = decode(BodyDecoder(Bytes{7}), "1234567NEXT", step, 4);
    EXPECT_TRUE(got.complete);
    EXPECT_EQ(got.body, "1234567");
    EXPECT_EQ(got.rest, "NEXT");
  }
  EXPECT_TRUE(BodyDecoder(Bytes{0}).complete());
  EXPECT_FALSE(decode(BodyDecoder(Bytes{7}), "123456", 2, 100).complete);
}

}  // namespace
}  // namespace mock
