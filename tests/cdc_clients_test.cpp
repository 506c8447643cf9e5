// Sends what CDC's own clients sent to DEX 2.8, as it was seen on the wire; every upload has to be
// finished and delivered. The clients: the load tool of CDC's repository; the upload page with
// tus-js-client 4.3.1 in Chromium; the TestNG tests and the Java example with tus-java-client
// 0.5.0; the example clients for Node.js (tus-js-client 3.1.0), Python (tuspy 1.0.0) and browsers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "programs.hpp"
#include "protocol/base64.hpp"
#include "protocol/http/fields.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/raw_connection.hpp"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using programs::Mock;
using transport::RawConnection;

constexpr std::chrono::seconds patience{20};
constexpr auto media_type = "application/offset+octet-stream";
constexpr auto form_type = "application/x-www-form-urlencoded";
constexpr auto draft_version = "Upload-Draft-Interop-Version";

http::Fields operator+(http::Fields all, const http::Fields& more) {
  for (const auto& field : more) all.add(field.name, field.value);
  return all;
}

std::string metadata(const std::vector<std::pair<std::string, std::string>>& manifest) {
  std::string all;
  for (const auto& [name, value] : manifest) {
    if (!all.empty()) all += ',';
    all += name + ' ' + base64::encode(value);
  }
  return all;
}

/// The manifest of CDC's test clients; it has no version.
std::string test_manifest() {
  return metadata({{"data_stream_id", "dextesting"},
                   {"data_stream_route", "testevent1"},
                   {"received_filename", "dex-smoke-test"},
                   {"sender_id", "test sender"},
                   {"data_producer_id", "test-producer-id"},
                   {"jurisdiction", "test-jurisdiction"}});
}

/// The manifest of CDC's example clients, with the placeholders that their user is to replace.
std::string example_manifest() {
  return metadata({{"version", "2.0"},
                   {"data_stream_id", "data stream id value here"},
                   {"data_stream_route", "data stream route value here"},
                   {"sender_id", "sender id value here"},
                   {"data_producer_id", "data producer id value here"},
                   {"jurisdiction", "jurisdiction value here"},
                   {"received_filename", "uploaded file name here"}});
}

std::string some_bytes(std::size_t size) {
  std::string all;
  for (std::size_t i = 0; i < size; ++i) all += static_cast<char>(i * 7 + i / 251);
  return all;
}

std::string id_of(const std::string& url) { return url.substr(url.rfind('/') + 1); }

/// A client against a mock; the parameter is the mock's profile.
class CdcClients : public testing::TestWithParam<std::string> {
 protected:
  void start(const std::string& login) {
    mock_.emplace(std::vector<std::string>{"--profile", GetParam(), "--auth", login,
                                           "--upload-configs", DEX_FIXTURES "/upload-configs",
                                           "--store", (folder_.path() / "store").string()});
    host_ = mock_->url().substr(mock_->url().rfind('/') + 1);
  }

  /// Sends the head, waits for 100 if it has Expect, then sends the body. Connections are kept
  /// open, as all of these clients do.
  transport::Response ask(const std::string& method, const std::string& url, http::Fields fields,
                          const std::string& body = {}) {
    const auto at = url.find("//") == std::string::npos ? 0 : url.find('/', url.find("//") + 2);
    fields.add("Host", host_);
    if (!connection_) connect();
    if (!connection_) return {};
    const auto head = transport::request_head(method, url.substr(at), fields);
    EXPECT_TRUE(connection_->send(head, patience)) << head;
    if (fields.has("Expect")) {
      if (auto early = await_continue()) return *early;
    }
    EXPECT_TRUE(connection_->send(body, patience)) << head;
    auto read = connection_->read_response(patience, method == "HEAD");
    EXPECT_TRUE(read.response) << method << " " << url << ": no reply " << read.problem;
    if (!read.response || read.response->headers.has_token("Connection", "close")) {
      connection_.reset();
    }
    return read.response.value_or(transport::Response{});
  }
  transport::Response expect(int status, const std::string& method, const std::string& url,
                             http::Fields fields, const std::string& body = {}) {
    auto reply = ask(method, url, std::move(fields), body);
    EXPECT_EQ(reply.status, status) << method << " " << url << ": " << reply.body;
    return reply;
  }
  static std::string value(const transport::Response& reply, std::string_view name) {
    return std::string(reply.headers.find(name).value_or(""));
  }
  void disconnect() { connection_.reset(); }

  /// Logs in as the mock's default user; returns the Authorization field.
  http::Fields log_in(http::Fields fields = {}) {
    const std::string form = "username=demo&password=demo";
    fields.add("Content-Type", form_type);
    fields.add("Content-Length", std::to_string(form.size()));
    const auto reply = expect(200, "POST", "/oauth", std::move(fields), form);
    const auto token = nlohmann::json::parse(reply.body, nullptr, false);
    return {{"Authorization", "Bearer " + token.value("access_token", "")}};
  }

  nlohmann::json info(const std::string& path, const http::Fields& credential) {
    return nlohmann::json::parse(expect(200, "GET", path, credential).body, nullptr, false);
  }
  /// Waits until /info says Complete and SUCCESS, then compares the delivered file with `bytes`.
  void expect_delivered(const std::string& url, const std::string& bytes,
                        const http::Fields& credential, const std::string& base = "/info/") {
    if (HasFailure()) return;  // it cannot be delivered: do not wait for it
    const auto deadline = Clock::now() + patience;
    auto seen = info(base + id_of(url), credential);
    while (!delivered(seen) && Clock::now() < deadline) {
      std::this_thread::yield();
      seen = info(base + id_of(url), credential);
    }
    ASSERT_TRUE(delivered(seen)) << url << " is not finished and delivered: " << seen.dump();
    EXPECT_EQ(seen.at("file_info").at("size_bytes"), bytes.size());
    EXPECT_EQ(seen.at("deliveries").size(), 1U) << seen.dump();
    EXPECT_EQ(seen.at("deliveries").at(0).at("name"), "edav");
    EXPECT_EQ(delivered_file(id_of(url)), bytes);
  }

 private:
  void connect() {
    auto opened = RawConnection::open(mock_->url(), {}, patience);
    ASSERT_TRUE(opened) << opened.error().line();
    connection_.emplace(std::move(*opened));
  }
  /// Waits for 100; returns the final reply if that came instead.
  std::optional<transport::Response> await_continue() {
    constexpr Milliseconds slice{50};
    const auto deadline = Clock::now() + patience;
    do {
      const auto read = connection_->read_response(slice);
      if (!read.interims.empty()) return std::nullopt;
      if (read.response) return read.response;
    } while (Clock::now() < deadline);
    ADD_FAILURE() << "a client that waits for 100 waits for ever";
    return std::nullopt;
  }
  static bool delivered(const nlohmann::json& info) {
    if (!info.is_object() || info.at("upload_status").at("status") != "Complete") return false;
    const auto& all = info.at("deliveries");
    return all.is_array() && !all.empty() &&
           std::all_of(all.begin(), all.end(),
                       [](const auto& one) { return one.at("status") == "SUCCESS"; });
  }
  std::string delivered_file(const std::string& id) const {
    for (const auto& at : fs::recursive_directory_iterator(folder_.path() / "store/deliveries")) {
      if (at.is_regular_file() && at.path().string().find(id) != std::string::npos) {
        return testkit::read_file(at.path());
      }
    }
    return "(no file)";
  }

  testkit::TempFolder folder_;
  std::optional<Mock> mock_;
  std::string host_;
  std::optional<RawConnection> connection_;
};

/// The load tool: it announces no length, and yet sends an empty Upload-Length. Its last PATCH ends
/// the upload by the IETF draft's Upload-Complete; whether that PATCH has bytes depends on how the
/// test file is made.
class LoadTool : public CdcClients {
 protected:
  static constexpr auto agent = "Go-http-client/1.1";
  static constexpr std::size_t chunk = 1000;

  http::Fields log_in_as_go() { return log_in({{"User-Agent", agent}}); }

  static http::Fields fields(const http::Fields& credential, std::size_t size) {
    return http::Fields{{"User-Agent", agent}, {"Content-Length", std::to_string(size)}} +
           credential +
           http::Fields{
               {"Tus-Resumable", "1.0.0"}, {"Upload-Defer-Length", "1"}, {"Upload-Length", ""}};
  }
  std::string create(const http::Fields& credential, const std::string& path = "/files") {
    const auto created =
        expect(201, "POST", path,
               fields(credential, 0) +
                   http::Fields{{"Upload-Metadata", test_manifest()}, {"Accept-Encoding", "gzip"}});
    return value(created, "Location");
  }
  void patch(const std::string& url, std::size_t offset, const std::string& bytes, bool last,
             const http::Fields& credential) {
    auto all =
        fields(credential, bytes.size()) +
        http::Fields{{"Content-Type", media_type}, {"Upload-Offset", std::to_string(offset)}};
    if (last) all = all + http::Fields{{"Upload-Complete", "?1"}, {draft_version, "5"}};
    const auto reply = expect(204, "PATCH", url, all, bytes);
    EXPECT_EQ(value(reply, "Upload-Offset"), std::to_string(offset + bytes.size()));
  }
  /// `empty_end`: an empty PATCH ends the upload, as the end of the file was not known before.
  void upload(const std::string& url, const std::string& bytes, bool empty_end,
              const http::Fields& credential) {
    ASSERT_FALSE(url.empty());
    std::size_t offset = 0;
    while (offset < bytes.size() || (offset == 0 && !empty_end)) {
      const auto part = bytes.substr(offset, chunk);
      patch(url, offset, part, !empty_end && offset + part.size() == bytes.size(), credential);
      offset += part.size();
    }
    if (empty_end) patch(url, offset, "", true, credential);
  }
};

TEST_P(LoadTool, EndsARandomFileWithItsLastBytes) {
  start("none");
  for (const std::size_t size : {std::size_t{1}, chunk, 2 * chunk + 500, 3 * chunk}) {
    SCOPED_TRACE(size);
    const auto bytes = some_bytes(size);
    const auto url = create({});
    upload(url, bytes, false, {});
    expect_delivered(url, bytes, {});
  }
}

TEST_P(LoadTool, EndsAFileFromATemplateWithAnEmptyPatch) {
  start("none");
  for (const std::size_t size : {std::size_t{0}, chunk, 2 * chunk}) {
    SCOPED_TRACE(size);
    const auto bytes = some_bytes(size);
    const auto url = create({});
    upload(url, bytes, true, {});
    expect_delivered(url, bytes, {});
  }
}

TEST_P(LoadTool, LogsInAndUploads) {
  start("jwt");
  const auto credential = log_in_as_go();
  const auto bytes = some_bytes(2 * chunk + 1);
  const auto url = create(credential);
  upload(url, bytes, false, credential);
  expect_delivered(url, bytes, credential);
}

TEST_P(LoadTool, UploadsThroughTheGateway) {
  start("jwt");
  const auto credential = log_in_as_go();
  const auto bytes = some_bytes(chunk / 2);
  const auto url = create(credential, "/upload");
  upload(url, bytes, false, credential);
  expect_delivered(url, bytes, credential, "/upload/info/");
}

/// tus-java-client, as CDC's TestNG tests and its Java example use it: Content-Length: 0 on every
/// request, also beside a chunked body; PATCH is sent as POST, and its body waits for 100.
class JavaClient : public CdcClients {
 protected:
  static http::Fields fields(const http::Fields& credential) {
    return http::Fields{{"Tus-Resumable", "1.0.0"}} + credential +
           http::Fields{{"Content-Length", "0"}};
  }
  static http::Fields connection() {
    return {{"User-Agent", "Java/17.0.15"},
            {"Accept", "text/html, image/gif, image/jpeg, */*; q=0.2"},
            {"Connection", "keep-alive"}};
  }
  std::string create(const http::Fields& credential, std::size_t length) {
    const auto created = expect(201, "POST", "/upload",
                                fields(credential) +
                                    http::Fields{{"Upload-Metadata", test_manifest()},
                                                 {"Upload-Length", std::to_string(length)}} +
                                    connection());
    return value(created, "Location");
  }
  void patch(const std::string& url, std::size_t offset, const std::string& bytes,
             std::size_t chunk, const http::Fields& credential) {
    std::string body;
    for (std::size_t at = 0; at < bytes.size(); at += chunk) {
      body += transport::chunk(bytes.substr(at, chunk));
    }
    body += transport::chunk("");
    const auto reply = expect(204, "POST", url,
                              fields(credential) +
                                  http::Fields{{"Upload-Offset", std::to_string(offset)},
                                               {"Content-Type", media_type},
                                               {"Expect", "100-continue"},
                                               {"X-HTTP-Method-Override", "PATCH"}} +
                                  connection() + http::Fields{{"Transfer-Encoding", "chunked"}},
                              body);
    EXPECT_EQ(value(reply, "Upload-Offset"), std::to_string(offset + bytes.size()));
  }
};

TEST_P(JavaClient, OfTheTestNgTestsFinishes) {
  start("jwt");
  const auto credential = log_in({{"User-Agent", "okhttp/4.12.0"}});
  const auto bytes = some_bytes(10240);
  const auto url = create(credential, bytes.size());
  patch(url, 0, bytes, 1024, credential);
  expect_delivered(url, bytes, credential, "/upload/info/");
}

TEST_P(JavaClient, FinishesAFileOfSeveralRequests) {
  start("jwt");
  const auto credential = log_in({{"User-Agent", "okhttp/4.9.1"}});
  const auto bytes = some_bytes(50000);
  const auto url = create(credential, bytes.size());
  patch(url, 0, bytes.substr(0, 30000), 30000, credential);
  const auto head = expect(200, "HEAD", url, fields(credential) + connection());
  EXPECT_EQ(value(head, "Upload-Offset"), "30000");
  patch(url, 30000, bytes.substr(30000), 30000, credential);
  expect_delivered(url, bytes, credential, "/upload/info/");
}

TEST_P(JavaClient, IsToldWhatIsWrongWithTheManifest) {
  start("jwt");
  const auto credential = log_in({{"User-Agent", "okhttp/4.12.0"}});
  const auto refused =
      expect(400, "POST", "/upload",
             fields(credential) +
                 http::Fields{{"Upload-Metadata", metadata({{"data_stream_id", "dextesting"},
                                                            {"data_stream_route", "testevent1"},
                                                            {"received_filename", "a/b"},
                                                            {"jurisdiction", "j"},
                                                            {"sender_id", "s"}})},
                              {"Upload-Length", "10240"}} +
                 connection());
  EXPECT_NE(refused.body.find("field data_producer_id was missing"), std::string::npos);
  EXPECT_NE(refused.body.find("invalid character found"), std::string::npos);
}

/// A page of another origin: it sends only what the server allows, and sees only the fields of a
/// reply that are exposed to it (Fetch, sections 4.8 to 4.10).
class Browser : public CdcClients {
 protected:
  /// `page`: the fields that the page's script sets; `credentials`: cookies are sent as well.
  transport::Response fetch(const std::string& method, const std::string& url,
                            const http::Fields& page, const std::string& body, bool credentials) {
    if (!preflight(method, url, page, credentials)) return {};
    auto all = page + http::Fields{{"Origin", origin}, {"Accept", "*/*"}};
    if (method != "HEAD" && method != "GET") all.add("Content-Length", std::to_string(body.size()));
    if (credentials) all.add("Cookie", "_gorilla_csrf=MTc5NTg3MjMyOHxJ");
    auto reply = ask(method, url, all, body);
    EXPECT_TRUE(shares(reply, credentials)) << method << " " << url << ": the page sees no reply";
    const auto exposed = exposed_by(reply);
    reply.headers = exposed;
    return reply;
  }

  static constexpr auto origin = "http://127.0.0.1:8081";

 private:
  bool preflight(const std::string& method, const std::string& url, const http::Fields& page,
                 bool credentials) {
    std::vector<std::string> names;
    for (const auto& field : page) {
      std::string name = field.name;
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return std::tolower(c); });
      names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    const auto allowed =
        ask("OPTIONS", url,
            {{"Accept", "*/*"},
             {"Access-Control-Request-Method", method},
             {"Access-Control-Request-Headers", fmt::format("{}", fmt::join(names, ","))},
             {"Origin", origin}});
    bool good = allowed.status / 100 == 2 && shares(allowed, credentials);
    EXPECT_TRUE(good) << "OPTIONS " << url << ": " << allowed.status;
    const bool simple = method == "GET" || method == "HEAD" || method == "POST";
    if (!simple && !allowed.headers.has_token("Access-Control-Allow-Methods", method)) {
      ADD_FAILURE() << method << " is not allowed";
      good = false;
    }
    for (const auto& name : names) {
      if (allowed.headers.has_token("Access-Control-Allow-Headers", name)) continue;
      ADD_FAILURE() << name << " is not allowed";
      good = false;
    }
    return good;
  }
  static bool shares(const transport::Response& reply, bool credentials) {
    const auto allowed = value(reply, "Access-Control-Allow-Origin");
    if (!credentials) return allowed == origin || allowed == "*";
    return allowed == origin && value(reply, "Access-Control-Allow-Credentials") == "true";
  }
  static http::Fields exposed_by(const transport::Response& reply) {
    http::Fields seen;
    for (const auto& field : reply.headers) {
      if (http::same_name(field.name, "Content-Type") ||
          reply.headers.has_token("Access-Control-Expose-Headers", field.name)) {
        seen.add(field.name, field.value);
      }
    }
    return seen;
  }
};

/// CDC's upload page. The program that serves the page creates the upload, and asks /info each time
/// the page is shown; the browser sends the bytes.
class UploadPage : public Browser {
 protected:
  static constexpr std::size_t chunk = 16384;

  std::string create() {
    const auto created = expect(201, "POST", "/files/",
                                server_side() + http::Fields{{"Content-Length", "0"},
                                                             {"Tus-Resumable", "1.0.0"},
                                                             {"Upload-Defer-Length", "1"},
                                                             {"Upload-Metadata", test_manifest()}});
    const auto url = value(created, "Location");
    EXPECT_EQ(status(url), "Initiated");
    return url;
  }
  std::string status(const std::string& url) {
    return info("/info/" + id_of(url), server_side()).at("upload_status").at("status");
  }
  /// The offset at which the page goes on.
  std::size_t begin(const std::string& url) {
    const auto head = fetch("HEAD", url, page_fields(), "", true);
    EXPECT_EQ(head.status, 200);
    EXPECT_FALSE(head.headers.has("Upload-Length"));
    const auto offset = value(head, "Upload-Offset");
    EXPECT_FALSE(offset.empty()) << "the page is not shown it";
    return offset.empty() ? 0 : std::stoul(offset);
  }
  /// Sends the bytes from `offset` to `end`; the PATCH with the file's last bytes ends the upload.
  void send(const std::string& url, const std::string& bytes, std::size_t offset, std::size_t end) {
    while (offset < end) {
      const auto part = bytes.substr(offset, chunk);
      const bool last = offset + part.size() == bytes.size();
      auto fields = page_fields() + http::Fields{{"Upload-Offset", std::to_string(offset)},
                                                 {"Upload-Complete", last ? "?1" : "?0"}};
      if (last) fields.add("Upload-Length", std::to_string(bytes.size()));
      const auto reply = fetch("PATCH", url, fields, part, true);
      offset += part.size();
      ASSERT_EQ(reply.status, 204) << reply.body;
      ASSERT_EQ(value(reply, "Upload-Offset"), std::to_string(offset));
    }
  }
  static http::Fields server_side() {
    return {{"User-Agent", "Go-http-client/1.1"}, {"Authorization", "Bearer "}};
  }

 private:
  static http::Fields page_fields() {
    return {{"Tus-Resumable", "1.0.0"}, {"Content-Type", media_type}, {draft_version, "5"}};
  }
};

TEST_P(UploadPage, Finishes) {
  start("none");
  for (const std::size_t size : {std::size_t{300}, 3 * chunk, 2 * chunk + 17}) {
    SCOPED_TRACE(size);
    const auto bytes = some_bytes(size);
    const auto url = create();
    EXPECT_EQ(begin(url), 0U);
    send(url, bytes, 0, size);
    expect_delivered(url, bytes, server_side());
  }
}

TEST_P(UploadPage, GoesOnAfterAReload) {
  start("none");
  const auto bytes = some_bytes(4 * chunk + 5);
  const auto url = create();
  send(url, bytes, begin(url), 2 * chunk);
  disconnect();
  // Only when the upload is In Progress does the page offer to go on; DEX takes a second for that.
  const auto deadline = Clock::now() + patience;
  while (status(url) == "Initiated" && Clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(status(url), "In Progress");
  const auto offset = begin(url);
  EXPECT_EQ(offset, 2 * chunk);
  send(url, bytes, offset, bytes.size());
  expect_delivered(url, bytes, server_side());
}

TEST_P(Browser, OfTheExamplesFinishes) {
  start("jwt");
  // The gateway sends no CORS fields with this reply; the examples need a browser that lets them
  // read it all the same.
  const auto credential = log_in({{"Origin", origin}});
  const auto bytes = some_bytes(100'000);
  const auto created =
      fetch("POST", "/upload",
            credential + http::Fields{{"Tus-Resumable", "1.0.0"},
                                      {"Upload-Length", std::to_string(bytes.size())},
                                      {"Upload-Metadata", example_manifest()}},
            "", false);
  ASSERT_EQ(created.status, 201) << created.body;
  const auto url = value(created, "Location");
  ASSERT_FALSE(url.empty()) << "the page is not shown it";
  for (std::size_t offset = 0; offset < bytes.size(); offset += 40'000) {
    const auto reply = fetch("PATCH", url,
                             credential + http::Fields{{"Tus-Resumable", "1.0.0"},
                                                       {"Upload-Offset", std::to_string(offset)},
                                                       {"Content-Type", media_type}},
                             bytes.substr(offset, 40'000), false);
    ASSERT_EQ(reply.status, 204) << reply.body;
    EXPECT_FALSE(value(reply, "Upload-Offset").empty());
  }
  expect_delivered(url, bytes, credential, "/upload/info/");
}

class ScriptClients : public CdcClients {};

TEST_P(ScriptClients, NodeExampleFinishes) {
  start("jwt");
  const auto credential = log_in({{"user-agent", "node"}, {"sec-fetch-mode", "cors"}});
  const auto bytes = some_bytes(100'000);
  const auto fields = http::Fields{{"Tus-Resumable", "1.0.0"}} + credential;
  const auto created = expect(201, "POST", "/upload",
                              fields + http::Fields{{"Upload-Length", std::to_string(bytes.size())},
                                                    {"Upload-Metadata", example_manifest()},
                                                    {"Content-Length", "0"},
                                                    {"Connection", "keep-alive"}});
  const auto url = value(created, "Location");
  expect(204, "PATCH", url,
         fields + http::Fields{{"Upload-Offset", "0"},
                               {"Content-Type", media_type},
                               {"Content-Length", std::to_string(bytes.size())},
                               {"Connection", "keep-alive"}},
         bytes);
  expect_delivered(url, bytes, credential);
}

TEST_P(ScriptClients, PythonExampleFinishes) {
  start("jwt");
  const http::Fields requests{{"User-Agent", "python-requests/2.32.4"},
                              {"Accept-Encoding", "gzip, deflate"},
                              {"Accept", "*/*"},
                              {"Connection", "keep-alive"}};
  const auto credential = log_in(requests);
  const auto bytes = some_bytes(100'000);
  const auto created = expect(201, "POST", "/upload",
                              requests + http::Fields{{"Tus-Resumable", "1.0.0"}} + credential +
                                  http::Fields{{"upload-length", std::to_string(bytes.size())},
                                               {"upload-metadata", example_manifest()},
                                               {"Content-Length", "0"}});
  const auto url = value(created, "Location");
  expect(204, "PATCH", url,
         requests + http::Fields{{"upload-offset", "0"}, {"Content-Type", media_type}} +
             http::Fields{{"Tus-Resumable", "1.0.0"}} + credential +
             http::Fields{{"Content-Length", std::to_string(bytes.size())}},
         bytes);
  expect_delivered(url, bytes, credential, "/upload/info/");
}

const auto profiles = testing::Values("dex", "dex-2.8");
std::string name_of(const testing::TestParamInfo<std::string>& one) {
  return one.param == "dex" ? "Dex" : "Dex28";
}
INSTANTIATE_TEST_SUITE_P(Profiles, LoadTool, profiles, name_of);
INSTANTIATE_TEST_SUITE_P(Profiles, JavaClient, profiles, name_of);
INSTANTIATE_TEST_SUITE_P(Profiles, UploadPage, profiles, name_of);
INSTANTIATE_TEST_SUITE_P(Profiles, Browser, profiles, name_of);
INSTANTIATE_TEST_SUITE_P(Profiles, ScriptClients, profiles, name_of);

}  // namespace
