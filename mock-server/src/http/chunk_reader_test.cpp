#include "http/chunk_reader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/head.hpp"

namespace mock {
namespace {

struct Read {
  std::string body;
  std::string rest;
  std::string fault;
  bool complete = false;
  std::string trailers;
};

/// Feeds `wire` in pieces of `step` bytes, taking at most `limit` body bytes at once.
Read read(const std::string& wire, std::size_t step, std::uint64_t limit = 1000) {
  ChunkReader reader;
  Read result;
  std::string held;
  std::size_t given = 0;
  while (!reader.complete() && reader.fault().empty()) {
    const auto piece = reader.take(std::as_bytes(std::span(held.data(), held.size())), limit);
    result.body.append(reinterpret_cast<const char*>(piece.body.data()), piece.body.size());
    held.erase(0, piece.consumed);
    if (piece.consumed > 0) continue;
    if (reader.complete() || !reader.fault().empty() || given == wire.size()) break;
    held += wire.substr(given, step);
    given = std::min(wire.size(), given + step);
  }
  result.rest = held + wire.substr(given);
  result.fault = reader.fault();
  result.complete = reader.complete();
  for (const auto& field : reader.trailers()) result.trailers += field.name + "=" + field.value;
  return result;
}

TEST(ChunkReader, GivesTheSameBytesHoweverTheyCome) {
  const std::string wire =
      "5;a=\"b\";c\r\nhello\r\n000A \t\r\n0123456789\r\n1\r\n\r\r\n0;last\r\nA: "
      "1\r\nContent-Length:  2 "
      "\r\n\r\nNEXT";
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    for (const std::uint64_t limit : {1, 3, 1000}) {
      const auto got = read(wire, step, limit);
      EXPECT_EQ(got.body, "hello0123456789\r") << step << " " << limit;
      EXPECT_TRUE(got.complete);
      EXPECT_EQ(got.rest, "NEXT") << step << " " << limit;
      EXPECT_EQ(got.trailers, "A=1Content-Length=2");
    }
  }
  EXPECT_TRUE(read("0\r\n\r\n", 1).complete);
}

TEST(ChunkReader, NamesWhatIsWrongAndKeepsWhatCameBefore) {
  struct Row {
    std::string wire;
    std::string_view fault;
    std::string body;
  };
  const Row rows[] = {
      {"x\r\nhello\r\n0\r\n\r\n", bad_http::chunk_size, ""},
      {"-5\r\nhello\r\n", bad_http::chunk_size, ""},
      {"0x5\r\nhello\r\n", bad_http::chunk_size, ""},
      {" 5\r\nhello\r\n", bad_http::chunk_size, ""},
      {"5 5\r\nhello\r\n", bad_http::chunk_size, ""},
      {"\r\nhello\r\n", bad_http::chunk_size_empty, ""},
      {";a\r\nhello\r\n", bad_http::chunk_size_empty, ""},
      {"10000000000000005\r\nhello\r\n", bad_http::chunk_size_large, ""},
      {std::string(40, '0') + "5\r\nhello\r\n", bad_http::chunk_size_large, ""},
      {"5;" + std::string(20'000, 'a') + "\r\nhello\r\n", bad_http::chunk_line_long, ""},
      {"5\nhello\r\n", bad_http::chunk_line_lf, ""},
      {"5\rhello\r\n", bad_http::chunk_line_cr, ""},
      {"5\r\nhello!\r\n0\r\n\r\n", bad_http::chunk_end, "hello"},
      {"6\r\nhello\r\n0\r\n\r\n", bad_http::chunk_end, "hello\r"},
      {"5\r\nhello\n0\r\n\r\n", bad_http::chunk_end, "hello"},
      {"5\r\nhello\r\nx\r\n", bad_http::chunk_size, "hello"},
      {"5\r\nhello\r\n0\r\nno colon\r\n\r\n", bad_http::trailer, "hello"},
      {"5\r\nhello\r\n0\r\nno name : x\r\n\r\n", bad_http::trailer, "hello"},
      {"5\r\nhello\r\n0\r\nA: " + std::string(20'000, 'b') + "\r\n\r\n", bad_http::trailer_long,
       "hello"},
  };
  for (const auto& row : rows) {
    for (const std::size_t step : {std::size_t{1}, row.wire.size()}) {
      const auto got = read(row.wire, step);
      EXPECT_EQ(got.fault, row.fault) << row.wire.substr(0, 60) << " by " << step;
      EXPECT_EQ(got.body, row.body) << row.wire.substr(0, 60) << " by " << step;
      EXPECT_FALSE(got.complete);
    }
  }
}

TEST(ChunkReader, ADecoderTellsWhatIsMissingAtTheEnd) {
  HttpOptions http;
  http.reads_short_chunk_lines = true;
  const auto fault = [&](const std::string& wire) {
    auto head =
        parse_head("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", http);
    auto& body = head->body;
    std::string_view rest = wire;
    for (std::size_t used = 1; used > 0; rest.remove_prefix(used))
      used = body.take(std::as_bytes(std::span(rest.data(), rest.size())), 1000).consumed;
    EXPECT_FALSE(body.complete());
    EXPECT_EQ(body.fault(false), body.broken() ? body.fault(true) : "");
    return std::string(body.fault(true)) + body.faulty_line();
  };
  EXPECT_EQ(fault("5\r\nhel"), "");
  EXPECT_EQ(fault("5\r\nhello\r\n"), "");
  EXPECT_EQ(fault("5\r\nhello\r\n0\r\n"), "trailer-cut");
  EXPECT_EQ(fault("5\r\nhello\r\n0\r\nA\r\n\r\n"), "trailerA");
}

}  // namespace
}  // namespace mock
