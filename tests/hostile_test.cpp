// Requests that no honest client sends, over raw sockets to the real server. Each gets the right
// 4xx or a clean close; then the next request is served, and another upload is untouched.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "hostile.hpp"
#include "programs.hpp"
#include "protocol/base64.hpp"
#include "transport/raw_connection.hpp"

namespace {

using hostile::After;
using hostile::patience;
using hostile::Row;
using transport::RawConnection;
using Seen = RawConnection::Seen;

std::string request(const std::string& line, const std::string& fields = {},
                    const std::string& body = {}) {
  return line + " HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\n" + fields + "\r\n" + body;
}

std::string patch(const std::string& fields, const std::string& body = {}) {
  return request("PATCH /files/{id}", "Content-Type: application/offset+octet-stream\r\n" + fields,
                 body);
}

/// A request that removes the innocent upload. It is hidden in others, and must never be carried
/// out.
const std::string smuggled = request("DELETE /files/{id}", "Content-Length: 0\r\n");

struct Profile {
  friend void PrintTo(const Profile& profile, std::ostream* out) { *out << profile.name; }
  std::string name;
  std::vector<std::string> arguments;
  std::string metadata;  ///< the header line that a creation needs
};

class Hostile : public testing::TestWithParam<Profile> {
 protected:
  Hostile() {
    id_ = create();
    auto filled = exchange(patch("Upload-Offset: 0\r\nContent-Length: 9\r\n", "innocent!"));
    EXPECT_EQ(filled.status, 204);
    const auto state = head();
    metadata_ = state.headers.find("Upload-Metadata").value_or("");
    EXPECT_FALSE(metadata_.empty());
  }

  RawConnection connect() const { return hostile::connect(mock_.url()); }
  /// Puts the id of the innocent upload in place of "{id}", and that of a new one in place of
  /// "{new}".
  [[nodiscard]] std::string with_id(std::string bytes) const {
    const auto fill = [&bytes](const std::string& name, const auto& value) {
      for (std::size_t at = 0; (at = bytes.find(name, at)) != std::string::npos;)
        bytes.replace(at, name.size(), value());
    };
    fill("{id}", [this] { return id_; });
    fill("{new}", [this] { return create(); });
    return bytes;
  }
  /// Creates an upload of 1000 bytes; returns its id.
  [[nodiscard]] std::string create() const {
    const auto created = exchange(request(
        "POST /files", "Upload-Length: 1000\r\n" + GetParam().metadata + "Content-Length: 0\r\n"));
    EXPECT_EQ(created.status, 201);
    const auto location = std::string(created.headers.find("Location").value_or(""));
    return location.substr(location.rfind('/') + 1);
  }
  transport::Response exchange(const std::string& bytes) const {
    auto connection = connect();
    EXPECT_TRUE(connection.send(with_id(bytes), patience));
    auto read = connection.read_response(patience, bytes.starts_with("HEAD "));
    EXPECT_EQ(read.seen, Seen::response);
    return read.response.value_or(transport::Response{});
  }
  transport::Response head() const { return exchange(request("HEAD /files/{id}")); }

  /// Expects that a request on a new connection is answered, and the innocent upload is as it was.
  void innocent_is_unharmed() const {
    const auto state = head();
    EXPECT_EQ(state.status, 200);
    EXPECT_EQ(state.headers.find("Upload-Offset"), "9");
    EXPECT_EQ(state.headers.find("Upload-Length"), "1000");
    EXPECT_EQ(state.headers.find("Upload-Metadata"), metadata_);
    EXPECT_EQ(testkit::read_file(surroundings_.store() / id_), "innocent!");
  }
  void play(const Row& row) const {
    SCOPED_TRACE(row.name);
    auto filled = row;
    filled.bytes = with_id(row.bytes);
    hostile::play(mock_.url(), filled, request("OPTIONS /files"), "innocent!");
    if (HasFatalFailure()) return;
    innocent_is_unharmed();
  }
  void play(const std::vector<Row>& rows) const {
    for (const auto& row : rows) {
      play(row);
      if (HasFatalFailure()) return;
    }
    surroundings_.are_untouched();
  }

  hostile::Surroundings surroundings_;
  programs::Mock mock_{hostile::impatient(GetParam().arguments, surroundings_.store())};
  std::string id_;
  std::string metadata_;
};

std::string encoded(const std::string& key, const std::string& value) {
  return key + " " + base64::encode(value);
}

const std::string dex_manifest =
    encoded("version", "2.0") + "," + encoded("data_stream_id", "dextesting") + "," +
    encoded("data_stream_route", "testevent1") + "," + encoded("sender_id", "s") + "," +
    encoded("data_producer_id", "p") + "," + encoded("jurisdiction", "j") + "," +
    encoded("received_filename", "innocent.txt");

INSTANTIATE_TEST_SUITE_P(
    Profiles, Hostile,
    testing::Values(Profile{"tus",
                            {"--profile", "tus"},
                            "Upload-Metadata: " + encoded("filename", "innocent.txt") + "\r\n"},
                    Profile{"dex",
                            {"--profile", "dex", "--chunked-and-length", "refuse"},
                            "Upload-Metadata: " + dex_manifest + "\r\n"}),
    [](const auto& profile) { return profile.param.name; });

TEST_P(Hostile, PathsThatClimb) {
  std::vector<Row> rows;
  const std::vector<std::string> ids{"..",
                                     "../secret",
                                     "..%2fsecret",
                                     "..%2Fsecret.info",
                                     "%2e%2e",
                                     "%2e%2e%2fsecret",
                                     "%2e%2e/%2e%2e/secret",
                                     "..%5csecret",
                                     "..\\secret",
                                     "%252e%252e%252fsecret",
                                     "%c0%ae%c0%ae%c0%afsecret",
                                     "%e0%80%ae%e0%80%ae%e0%80%afsecret",
                                     "..%c1%9csecret",
                                     "%00",
                                     "{id}%00",
                                     "{id}%00.info",
                                     "{id}.info",
                                     "{id}.info%00",
                                     "{id}/",
                                     "{id}/..",
                                     "{id}%2f",
                                     "./{id}",
                                     "/{id}",
                                     "%2f{id}",
                                     "{id}%20",
                                     "%20{id}",
                                     "%0d%0aX:%20y",
                                     "%",
                                     "%2",
                                     "%zz",
                                     "%ff",
                                     ".",
                                     "%2e",
                                     "~",
                                     "auth",
                                     "reports",
                                     "deliveries",
                                     "con",
                                     std::string(300, 'a'),
                                     std::string(10'000, 'a')};
  for (const auto& id : ids) {
    const auto name = id.substr(0, 40);
    const auto fields = "Content-Type: application/offset+octet-stream\r\nUpload-Offset: 9\r\n";
    rows.push_back({"HEAD " + name, request("HEAD /files/" + id), {404}, After::open});
    rows.push_back({"GET " + name, request("GET /upload/" + id), {404, 405}, After::open});
    rows.push_back({"DELETE " + name,
                    request("DELETE /upload/" + id, "Content-Length: 0\r\n"),
                    {404, 405},
                    After::open});
    rows.push_back(
        {"PATCH " + name,
         request("PATCH /files/" + id, std::string(fields) + "Content-Length: 4\r\n", "evil"),
         {404, 405},
         After::open});
    for (const std::string where : {"/info/", "/upload/info/"}) {
      if (id == "{id}%00" || id.find("{id}") == std::string::npos)
        rows.push_back({"GET " + where + name, request("GET " + where + id), {404}, After::open});
    }
  }
  play(rows);
}

TEST_P(Hostile, RequestLines) {
  using namespace std::string_literals;
  play({
      {"no version", "GET /files\r\n\r\n", {400}},
      {"HTTP/0.9", "GET /files\r\n", {400}},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}},
      {"HTTP/3.0", "GET / HTTP/3.0\r\nHost: h\r\n\r\n", {505}},
      {"HTTP/1.", "GET / HTTP/1.\r\nHost: h\r\n\r\n", {400}},
      {"HTTP/11.1", "GET / HTTP/11.1\r\nHost: h\r\n\r\n", {400}},
      {"http/1.1", "GET / http/1.1\r\nHost: h\r\n\r\n", {400}},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"tab", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"blank in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"leading blank", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"NUL in the path", "HEAD /files/{id}\0 HTTP/1.1\r\nHost: h\r\n\r\n"s, {400}},
      {"NUL in the method", "HE\0AD / HTTP/1.1\r\nHost: h\r\n\r\n"s, {400}},
      {"bare LF", "GET / HTTP/1.1\nHost: h\n\n", {400}},
      {"bare CR", "GET / HTTP/1.1\rHost: h\r\r\n\r\n", {400}},
      {"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, {400}},
      {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", {400}},
      {"another scheme", "GET ftp://h/files HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"no slash", "GET files HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"authority form", "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"* for GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", {400}},
      {"CONNECT", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", {404, 405, 501}, After::either},
      {"TRACE", request("TRACE /files/{id}"), {405}, After::open},
      {"TRACE of nothing", request("TRACE /"), {200, 404, 405}, After::open},
      {"unknown method", request("BREW /files/{id}"), {404, 405, 501}, After::open},
      {"lower-case method", request("patch /files/{id}"), {404, 405, 501}, After::open},
      {"override to nonsense",
       request("POST /files/{id}", "X-HTTP-Method-Override: X\r\n"),
       {404, 405, 501},
       After::open},
      {"absolute form",
       "HEAD http://other/files/nothing HTTP/1.1\r\nHost: h\r\n\r\n",
       {404, 412},
       After::open},
      {"a long method", std::string(40'000, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n", {400, 414}},
      {"a target of 1 MB", request("GET /" + std::string(1'000'000, 'a')), {414}},
      {"a query of 1 MB", request("GET /?" + std::string(1'000'000, 'a')), {414}},
  });
}

TEST_P(Hostile, Fields) {
  using namespace std::string_literals;
  const auto fields = [](const std::string& text) {
    return "HEAD /files/{id} HTTP/1.1\r\n" + text + "\r\n";
  };
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "X: y\r\n";
  play({
      {"no Host", fields("X: y\r\n"), {400}},
      {"two Hosts", fields("Host: h\r\nHost: h\r\n"), {400}},
      {"two different Hosts", fields("Host: h\r\nHost: i\r\n"), {400}},
      {"a blank before the colon", fields("Host: h\r\nX : y\r\n"), {400}},
      {"Host with a blank before the colon", fields("Host : h\r\n"), {400}},
      {"no colon", fields("Host: h\r\nX\r\n"), {400}},
      {"no name", fields("Host: h\r\n: y\r\n"), {400}},
      {"a blank in a name", fields("Host: h\r\nX Y: z\r\n"), {400}},
      {"NUL in a name", fields("Host: h\r\nX\0Y: z\r\n"s), {400}},
      {"NUL in a value", fields("Host: h\r\nX: y\0z\r\n"s), {400}},
      {"NUL in Upload-Metadata", fields("Host: h\r\nUpload-Metadata: a\0 Yg==\r\n"s), {400}},
      {"a control in a value", fields("Host: h\r\nX: y\x01z\r\n"), {400}},
      {"DEL in a value", fields("Host: h\r\nX: y\x7fz\r\n"), {400}},
      {"CR in a value", fields("Host: h\r\nX: y\rInjected: z\r\n"), {400}},
      {"LF in a value", fields("Host: h\r\nX: y\nInjected: z\r\n"), {400}},
      {"folded", fields("Host: h\r\nX: y\r\n z\r\n"), {400}},
      {"folded with a tab", fields("Host: h\r\nX: y\r\n\tz\r\n"), {400}},
      {"folded first", fields(" Host: h\r\n"), {400}},
      {"LF ends the last line", "HEAD /files/{id} HTTP/1.1\r\nHost: h\r\n\n", {400}},
      {"a field of 100 kB", fields("Host: h\r\nX: " + std::string(100'000, 'y') + "\r\n"), {431}},
      {"a name of 100 kB", fields("Host: h\r\n" + std::string(100'000, 'X') + ": y\r\n"), {431}},
      {"10,000 fields", fields("Host: h\r\n" + many), {431}},
      {"another expectation",
       patch("Upload-Offset: 9\r\nContent-Length: 4\r\nExpect: other\r\n"),
       {417}},
      {"an upgrade to h2c",
       request("OPTIONS /files",
               "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
               "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
       {200, 204},
       After::open},
  });
}

TEST_P(Hostile, Numbers) {
  const std::vector<std::string> bad{"-1",  "-0",      "+9",  "9.0",
                                     "1e3", "0x9",     "9 9", "9;9",
                                     "9a",  "a",       "",    "99999999999999999999999",
                                     "NaN", "\xd9\xa9"};
  const std::vector<std::string> huge{"9223372036854775808", "18446744073709551615",
                                      "18446744073709551616"};
  std::vector<Row> rows;
  for (const auto& number : bad) {
    rows.push_back({"Content-Length: " + number,
                    patch("Upload-Offset: 9\r\nContent-Length: " + number + "\r\n"),
                    {400}});
  }
  for (const auto& number : huge) {
    // No client will send that much, so the connection cannot be used again.
    rows.push_back({"Content-Length: " + number,
                    patch("Upload-Offset: 9\r\nContent-Length: " + number + "\r\n"),
                    {400, 413}});
  }
  for (auto numbers : {bad, huge}) {
    for (const auto& number : numbers) {
      rows.push_back({"Upload-Offset: " + number,
                      patch("Upload-Offset: " + number + "\r\nContent-Length: 4\r\n", "evil"),
                      {400, 409, 413},
                      After::open});
      rows.push_back({"Upload-Length: " + number,
                      request("POST /files", GetParam().metadata + "Upload-Length: " + number +
                                                 "\r\nContent-Length: 0\r\n"),
                      {400, 413},
                      After::open});
      rows.push_back(
          {"Upload-Length of a PATCH: " + number,
           patch("Upload-Offset: 9\r\nUpload-Length: " + number + "\r\nContent-Length: 0\r\n"),
           {400, 413, 204},
           After::open});
    }
  }
  rows.push_back({"Upload-Offset twice, different",
                  patch("Upload-Offset: 9\r\nUpload-Offset: 0\r\nContent-Length: 4\r\n", "evil"),
                  {400},
                  After::open});
  rows.push_back(
      {"Upload-Length twice, different",
       request("POST /files", GetParam().metadata + "Upload-Length: 9\r\nUpload-Length: 8\r\n"
                                                    "Content-Length: 0\r\n"),
       {400},
       After::open});
  rows.push_back({"a list in Upload-Offset",
                  patch("Upload-Offset: 9, 9\r\nContent-Length: 4\r\n", "evil"),
                  {400, 409},
                  After::open});
  rows.push_back({"beyond the length",
                  patch("Upload-Offset: 9\r\nContent-Length: 992\r\n", std::string(992, 'x')),
                  {400, 413},
                  After::open});
  play(rows);
}

TEST_P(Hostile, Smuggling) {
  const auto framed = [](const std::string& fields, const std::string& body = "0\r\n\r\n") {
    return patch("Upload-Offset: 9\r\n" + fields, body + smuggled);
  };
  const auto length = fmt::format("Content-Length: {}\r\n", smuggled.size() + 5);
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  std::vector<Row> rows{
      {"length and chunked", framed(length + chunked), {400}},
      {"chunked and length", framed(chunked + length), {400}},
      {"chunked and a length of zero", framed(chunked + "Content-Length: 0\r\n"), {400}},
      {"chunked with a blank before the colon",
       framed(length + "Transfer-Encoding : chunked\r\n"),
       {400}},
      {"two lengths", framed("Content-Length: 4\r\n" + length), {400}},
      {"two lengths in one field", framed("Content-Length: 4, 9\r\n"), {400}},
      {"the same length in one field", framed("Content-Length: 0, 0\r\n"), {400}},
      {"chunked, identity", framed("Transfer-Encoding: chunked, identity\r\n"), {400, 501}},
      {"identity, chunked", framed("Transfer-Encoding: identity, chunked\r\n"), {400, 501}},
      {"identity", framed("Transfer-Encoding: identity\r\n"), {400, 501}},
      {"xchunked", framed("Transfer-Encoding: xchunked\r\n"), {400, 501}},
      {"chunkedx", framed("Transfer-Encoding: chunkedx\r\n"), {400, 501}},
      {"chunked twice", framed(chunked + chunked), {400, 501}},
      {"chunked, chunked", framed("Transfer-Encoding: chunked, chunked\r\n"), {400, 501}},
      {"chunked and identity", framed(chunked + "Transfer-Encoding: identity\r\n"), {400, 501}},
      {"quoted", framed("Transfer-Encoding: \"chunked\"\r\n"), {400, 501}},
      {"with a parameter", framed("Transfer-Encoding: chunked;q=1\r\n"), {400, 501}},
      {"with a vertical tab", framed("Transfer-Encoding: \vchunked\r\n"), {400, 501}},
      {"empty", framed("Transfer-Encoding:\r\n"), {400, 501}},
      {"folded", framed("Transfer-Encoding:\r\n chunked\r\n"), {400}},
      {"behind a bare CR", framed("X: y\rTransfer-Encoding: chunked\r\n"), {400}},
      {"in HTTP/1.0",
       "PATCH /files/{id} HTTP/1.0\r\nHost: h\r\nUpload-Offset: 9\r\n" + chunked + "\r\n0\r\n\r\n" +
           smuggled,
       {400}},
  };
  // What follows a broken chunk must not be taken for a request.
  for (const std::string chunk :
       {"-1\r\n", "+4\r\nevil\r\n0\r\n\r\n", "0x4\r\nevil\r\n0\r\n\r\n", " 4\r\nevil\r\n0\r\n\r\n",
        "g\r\n", "\r\n0\r\n\r\n", "4\nevil\r\n0\r\n\r\n", "4\r\nevilx0\r\n\r\n",
        "4\r\nevil\n0\r\n\r\n", "4\r\nevil0\r\n\r\n", "10000000000000000\r\n",
        "ffffffffffffffffff\r\n", ";x\r\n0\r\n\r\n", "4;\x01x=y\r\nevil\r\n0\r\n\r\n",
        "4\rx\r\nevil\r\n0\r\n\r\n"}) {
    // Bytes that came before the framing broke may be kept, so they go to another upload.
    auto bytes = framed(chunked, chunk);
    bytes.replace(bytes.find("{id}"), 4, "{new}");
    bytes.replace(bytes.find("Upload-Offset: 9"), 16, "Upload-Offset: 0");
    rows.push_back({"chunk " + chunk, bytes, {400}});
  }
  rows.push_back(
      {"an endless chunk extension", framed(chunked, "4;" + std::string(300'000, 'x')), {400}});
  rows.push_back(
      {"endless trailers", framed(chunked, "0\r\nX: " + std::string(300'000, 'x')), {400}});
  rows.push_back({"a bad trailer", framed(chunked, "0\r\nX y: z\r\n\r\n"), {400}});
  play(rows);
}

/// Profiles of servers that accept Content-Length beside Transfer-Encoding: chunked.
class HostileToTakers : public Hostile {};

INSTANTIATE_TEST_SUITE_P(
    Profiles, HostileToTakers,
    testing::Values(
        Profile{"dex", {"--profile", "dex"}, "Upload-Metadata: " + dex_manifest + "\r\n"},
        Profile{"dex_2_8", {"--profile", "dex-2.8"}, "Upload-Metadata: " + dex_manifest + "\r\n"},
        Profile{"tusd_2_10",
                {"--profile", "tusd-2.10"},
                "Upload-Metadata: " + encoded("filename", "innocent.txt") + "\r\n"}),
    [](const auto& profile) { return profile.param.name; });

/// The chunks are the body, and what follows them is the next request. A Content-Length that is
/// malformed or contradicts another is refused all the same.
TEST_P(HostileToTakers, ChunksBesideALength) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  for (const std::string length : {"0", "4", "5", "990"}) {
    for (const auto& fields : {"Content-Length: " + length + "\r\n" + chunked,
                               chunked + "Content-Length: " + length + "\r\n"}) {
      SCOPED_TRACE(fields);
      auto connection = connect();
      const auto path = "/files/" + create();
      auto bytes = patch("Upload-Offset: 0\r\n" + fields, "4\r\nevil\r\n0\r\n\r\n");
      bytes.replace(bytes.find("/files/{id}"), 11, path);
      ASSERT_TRUE(connection.send(bytes + request("HEAD " + path), patience));
      const auto taken = connection.read_response(patience);
      ASSERT_EQ(taken.seen, Seen::response) << taken.raw;
      EXPECT_EQ(taken.response->status, 204) << taken.raw;
      EXPECT_EQ(taken.response->headers.find("Upload-Offset"), "4");
      EXPECT_FALSE(taken.response->headers.has_token("Connection", "close"));
      const auto next = connection.read_response(patience, true);
      ASSERT_EQ(next.seen, Seen::response) << next.raw;
      EXPECT_EQ(next.response->headers.find("Upload-Offset"), "4") << next.raw;
    }
  }
  const auto framed = [&](const std::string& fields) {
    return patch("Upload-Offset: 9\r\n" + fields, "0\r\n\r\n" + smuggled);
  };
  play({
      {"no length", framed("Content-Length:\r\n" + chunked), {400}},
      {"an odd length", framed("Content-Length: 0x5\r\n" + chunked), {400}},
      {"two lengths", framed("Content-Length: 4\r\nContent-Length: 5\r\n" + chunked), {400}},
      {"a length and chunked twice",
       framed("Content-Length: 4\r\n" + chunked + chunked),
       {400, 501}},
      {"a length and gzip", framed("Content-Length: 4\r\nTransfer-Encoding: gzip\r\n"), {501}},
  });
}

TEST_P(Hostile, BodiesThatLookLikeRequests) {
  // These are framed correctly, so they are bodies; a refused body is skipped to its last byte.
  const auto size = fmt::format("{}", with_id(smuggled).size());
  play({
      {"in a refused body",
       patch("Upload-Offset: 5\r\nContent-Length: " + size + "\r\n", smuggled),
       {409},
       After::open},
      {"in a body of GET",
       request("GET /nothing", "Content-Length: " + size + "\r\n", smuggled),
       {404},
       After::open},
      {"in a refused chunked body",
       patch("Upload-Offset: 5\r\nTransfer-Encoding: chunked\r\n",
             fmt::format("{:x}\r\n", with_id(smuggled).size()) + smuggled + "\r\n0\r\n\r\n"),
       {409},
       After::open},
      {"in a chunk extension",
       patch("Upload-Offset: 5\r\nTransfer-Encoding: chunked\r\n",
             "4;x=\"DELETE /files/{id} HTTP/1.1\"\r\nevil\r\n0\r\n\r\n"),
       {409},
       After::open},
      {"in a trailer",
       patch("Upload-Offset: 5\r\nTransfer-Encoding: chunked\r\n",
             "4\r\nevil\r\n0\r\nUpload-Offset: 9\r\nHost: evil\r\n\r\n"),
       {409},
       After::open},
      {"a length in a trailer",
       patch("Upload-Offset: 5\r\nTransfer-Encoding: chunked\r\n",
             "4\r\nevil\r\n0\r\nContent-Length: 3\r\n\r\n") +
           smuggled,
       {409},
       After::ends},
  });
}

/// A refused request with intact framing leaves the connection usable: what the client has sent
/// after it is answered, in order.
TEST_P(Hostile, ErrorsKeepTheConnectionInStep) {
  const bool tus = GetParam().name == "tus";
  const std::string octets = "Content-Type: application/offset+octet-stream\r\n";
  struct Error {
    std::string line;
    std::string fields;
    std::string body;
    std::set<int> statuses;
  };
  std::vector<Error> errors{
      {"PATCH /files/nothing", octets + "Upload-Offset: 0\r\n", "body", {404}},
      {"PATCH /files/{id}", octets + "Upload-Offset: 5\r\n", "body", {409}},
      {"PATCH /files/{id}", octets, "body", {400}},
      {"PATCH /files/{id}", octets + "Upload-Offset: x\r\n", "body", {400}},
      {"PATCH /files/{id}", "Content-Type: text/plain\r\nUpload-Offset: 9\r\n", "body", {415, 400}},
      {"PATCH /files/{id}", octets + "Upload-Offset: 9\r\n", std::string(992, 'x'), {413, 400}},
      {"POST /files", "", "body", {400}},
      {"POST /files", "Upload-Length: x\r\n", "body", {400}},
      {"PUT /files/{id}", "", std::string(100'000, 'x'), {404, 405}},
      {"GET /no/such/path", "", "body", {404}},
      {"BREW /files", "", "body", {404, 405, 501}},
      {"DELETE /files/nothing", "", "body", {404, 405}},
  };
  if (tus) {
    errors.push_back(
        {"PATCH /files/{id}",
         octets + "Upload-Offset: 9\r\nUpload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=\r\n",
         "body",
         {460}});
    errors.push_back({"PATCH /files/{id}",
                      octets + "Upload-Offset: 9\r\nUpload-Checksum: x y\r\n",
                      "body",
                      {400}});
  }
  const auto framed = [](const Error& error, bool chunked) {
    if (!chunked) {
      return request(error.line,
                     error.fields + fmt::format("Content-Length: {}\r\n", error.body.size()),
                     error.body);
    }
    return request(error.line, error.fields + "Transfer-Encoding: chunked\r\n",
                   transport::chunk(error.body.substr(0, 1)) +
                       transport::chunk(error.body.substr(1)) + transport::chunk(""));
  };
  const auto good = request("HEAD /files/{id}");
  const auto answered = [&](RawConnection& connection, const Error& error, bool chunked) {
    SCOPED_TRACE(error.line + " " + error.fields + (chunked ? "chunked" : ""));
    const auto refused = connection.read_response(patience);
    ASSERT_EQ(refused.seen, Seen::response) << refused.raw;
    EXPECT_TRUE(error.statuses.contains(refused.response->status)) << refused.raw;
    EXPECT_FALSE(refused.response->headers.has_token("Connection", "close")) << refused.raw;
    const auto next = connection.read_response(patience, true);
    ASSERT_EQ(next.seen, Seen::response) << next.raw;
    EXPECT_EQ(next.response->status, 200) << next.raw;
    EXPECT_EQ(next.response->headers.find("Upload-Offset"), "9");
  };
  auto all = connect();
  std::string stream;
  for (const auto& error : errors) {
    for (const bool chunked : {false, true}) {
      // In a chunked body, bytes beyond the length show only after others have been stored.
      if (chunked && error.body.size() == 992) continue;
      auto connection = connect();
      ASSERT_TRUE(connection.send(with_id(framed(error, chunked) + good), patience));
      answered(connection, error, chunked);
      if (HasFatalFailure()) return;
      stream += framed(error, chunked) + good;
    }
  }
  ASSERT_TRUE(all.send(with_id(stream), patience));
  for (const auto& error : errors) {
    for (const bool chunked : {false, true}) {
      if (chunked && error.body.size() == 992) continue;
      answered(all, error, chunked);
      if (HasFatalFailure()) return;
    }
  }
  innocent_is_unharmed();
  // If it is uncertain where the next request begins, or the client asks for it, the connection is
  // closed after the reply, and the reply can be read.
  const std::string megabyte(1'000'000, 'x');
  play({
      {"a refused body that is too long to skip",
       patch("Upload-Offset: 5\r\nContent-Length: 100000000\r\n", megabyte),
       {409}},
      {"a refused body that may never come",
       patch("Upload-Offset: 5\r\nContent-Length: 4\r\nExpect: 100-continue\r\n"),
       {409}},
      {"the client's own wish",
       patch("Upload-Offset: 5\r\nContent-Length: 4\r\nConnection: close\r\n", "body"),
       {409}},
  });
}

TEST_P(Hostile, GarbageBehindARequest) {
  auto connection = connect();
  ASSERT_TRUE(connection.send(request("OPTIONS /files") + "\x01garbage\r\n\r\n" + with_id(smuggled),
                              patience));
  const auto first = connection.read_response(patience);
  ASSERT_EQ(first.seen, Seen::response);
  EXPECT_LT(first.response->status, 300);
  const auto second = connection.read_response(patience);
  ASSERT_EQ(second.seen, Seen::response);
  EXPECT_EQ(second.response->status, 400);
  EXPECT_EQ(connection.wait_for_close(patience), Seen::closed);
  innocent_is_unharmed();
}

TEST_P(Hostile, SlowClients) {
  play({
      {"half a request-line", "HEAD /fi", {408}},
      {"half a head", "HEAD /files/{id} HTTP/1.1\r\nHost: h\r\nX: ", {408}},
  });
  // A byte now and then does not extend the timeout.
  auto dribble = connect();
  const auto start = std::chrono::steady_clock::now();
  std::string head = "HEAD /files/{id} HTTP/1.1\r\nX: ";
  RawConnection::Read read;
  for (std::size_t i = 0; read.seen == Seen::timeout && i < 200; ++i) {
    static_cast<void>(dribble.send(i < head.size() ? head.substr(i, 1) : "y", patience));
    read = dribble.read_response(Milliseconds{50});
  }
  ASSERT_EQ(read.seen, Seen::response);
  EXPECT_EQ(read.response->status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{5});
  innocent_is_unharmed();
  // The bytes of a body that stalls are kept (tus: as much of the received data as possible), so
  // these requests have an upload of their own.
  const auto target = "/files/" + create();
  const std::string fields = "Content-Type: application/offset+octet-stream\r\n";
  play({
      {"a body that stalls",
       request("PATCH " + target, fields + "Upload-Offset: 0\r\nContent-Length: 9\r\n", "slow"),
       {408}},
      {"a chunk size that stalls",
       request("PATCH " + target, fields + "Upload-Offset: 4\r\nTransfer-Encoding: chunked\r\n",
               "4\r\nslow\r\n4"),
       {408}},
      {"a refused body that stalls",
       request("PATCH " + target, fields + "Upload-Offset: 1\r\nContent-Length: 9\r\n", "slow"),
       {409},
       After::ends},
  });
  EXPECT_EQ(exchange(request("HEAD " + target)).headers.find("Upload-Offset"), "8");
}

TEST_P(Hostile, Metadata) {
  using namespace std::string_literals;
  const auto create = [this](const std::string& metadata) {
    return request("POST /files", "Upload-Length: 0\r\nContent-Length: 0\r\nUpload-Metadata: " +
                                      metadata + "\r\n");
  };
  const bool dex = GetParam().name == "dex";
  const std::string good = dex ? dex_manifest + "," : "";
  std::string pairs;
  for (int i = 0; i < 100'000; ++i) pairs += fmt::format("k{} dg==,", i);
  std::string fits;
  for (int i = 0; fits.size() < 60'000; ++i) fits += fmt::format(",{:x}", i);
  std::string repeated;
  for (int i = 0; repeated.size() < 60'000; ++i) repeated += fmt::format(",{:x} a", i);
  const auto start = std::chrono::steady_clock::now();
  play({
      {"100,000 pairs", create(good + pairs), {431}},
      {"as many pairs as fit", create(good + "k dg==" + fits), {201, 400, 413, 431}, After::either},
      {"as many bad pairs as fit",
       create(good + "k dg==" + repeated),
       {201, 400, 413, 431},
       After::either},
  });
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{5})
      << "the server is one thread: what takes long takes it from everyone";

  // A decoded value may be anything; it does harm only when it is used in a header or a path.
  for (const std::string& value :
       {"a\r\nInjected: yes"s, "a\r\n\r\n<html>"s, "\0"s, "../../secret"s, "/etc/passwd"s,
        "..\\..\\secret"s, "a\"; Injected=\"yes"s, "\xff\xfe"s, std::string(20'000, 'n'),
        "\xe2\x80\xae.exe"s}) {
    SCOPED_TRACE(value.substr(0, 20));
    for (const char* key : {"filename", "received_filename", "filetype", "data_stream_id",
                            "data_stream_route", "sender_id"}) {
      std::string manifest = dex ? dex_manifest : encoded("x", "y");
      if (const auto at = manifest.find(std::string(key) + " "); dex && at == std::string::npos) {
        manifest += "," + encoded(key, value);
      } else if (dex) {
        manifest.replace(at, manifest.find(',', at) - at, encoded(key, value));
      } else {
        manifest = encoded(key, value);
      }
      const auto created = exchange(create(manifest));
      EXPECT_TRUE(created.status == 201 || created.status == 400) << created.status;
      EXPECT_FALSE(created.headers.has("Injected"));
      if (created.status != 201) continue;
      const auto location = std::string(created.headers.find("Location").value_or(""));
      const auto id = location.substr(location.rfind('/') + 1);
      for (const auto& line : {"HEAD /files/" + id, "GET /files/" + id, "GET /info/" + id}) {
        const auto told = exchange(request(line));
        EXPECT_FALSE(told.headers.has("Injected")) << line;
        EXPECT_LT(told.status, 500) << line;
      }
    }
  }
  innocent_is_unharmed();
  surroundings_.are_untouched();
}

}  // namespace
