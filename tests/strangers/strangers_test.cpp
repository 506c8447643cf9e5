// Each of the wrong servers does what its line in the catalogue says, which one exchange shows, and
// the relay does none of it when no wrong is chosen. Each is red on its row of red.tsv.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "catalogue.hpp"
#include "control_client.hpp"
#include "programs.hpp"
#include "protocol/base64.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/raw_connection.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using programs::Answer;
using programs::ControlClient;
using programs::Mock;
using programs::payload;
using transport::RawConnection;

constexpr Milliseconds patience = 20s;
constexpr std::size_t mib = 1U << 20U;
constexpr auto media_type = "application/offset+octet-stream";

class Stranger {
 public:
  Stranger(const Mock& behind, const std::string& wrong, const std::string& speed = "1")
      : process_(command(behind, wrong, speed)), url_(process_.wait_ready()) {}
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  static std::vector<std::string> command(const Mock& behind, const std::string& wrong,
                                          const std::string& speed) {
    std::vector<std::string> all{DEX_STRANGER, "--upstream", behind.url().substr(7), "--speed",
                                 speed};
    if (!wrong.empty()) all.insert(all.end(), {"--wrong", wrong});
    return all;
  }
  testkit::ChildProcess process_;
  std::string url_;
};

/// A client with the requests that show what is wrong with a server.
class Door : public ControlClient {
 public:
  explicit Door(const std::string& url) : ControlClient(url), url_(url) {}

  /// Any tus request.
  Answer tus(const std::string& method, const std::string& path, http::Fields fields = {},
             std::optional<std::string> body = std::nullopt) {
    if (!fields.has("Tus-Resumable")) fields.add("Tus-Resumable", "1.0.0");
    if (body) fields.add("Content-Type", media_type);
    return send(method, path, std::move(fields), std::move(body));
  }
  std::string offset(const std::string& url) { return head(url).header("Upload-Offset"); }
  std::string bytes(const std::string& url) { return get(url).body; }
  /// Creates an upload with all of its bytes in the creation; returns its URL.
  std::string whole(const std::string& bytes, http::Fields fields = {}) {
    fields.add("Upload-Length", std::to_string(bytes.size()));
    return tus("POST", "/files", std::move(fields), bytes).header("Location");
  }
  /// Sends `sent` in chunks of `size`; whether the server then has other bytes.
  bool damages(const std::string& sent, std::size_t size = std::string::npos) {
    const auto url = create(sent.size());
    for (std::size_t at = 0; at < sent.size();) {
      const auto piece = sent.substr(at, size);
      EXPECT_EQ(patch(url, at, piece).status, 204);
      at += piece.size();
    }
    return bytes(url) != sent;
  }
  std::string concat(const std::vector<std::string>& parts) {
    std::string value = "final;";
    for (const auto& part : parts) value += (value.back() == ';' ? "" : " ") + part;
    return tus("POST", "/files", {{"Upload-Concat", value}}).header("Location");
  }
  std::string part(const std::string& bytes) {
    return whole(bytes, {{"Upload-Concat", "partial"}});
  }

  // ---- raw connections

  [[nodiscard]] RawConnection connect() const {
    auto opened = RawConnection::open(url_, {}, patience);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  [[nodiscard]] std::string request(const std::string& method, const std::string& url,
                                    http::Fields fields,
                                    std::string_view version = "HTTP/1.1") const {
    const auto path = url.starts_with("http") ? url.substr(url.find('/', 7)) : url;
    http::Fields all{{"Host", url_.substr(7)}, {"Tus-Resumable", "1.0.0"}};
    for (const auto& field : fields) all.add(field.name, field.value);
    return transport::request_head(method, path, all, version);
  }
  /// The head of a PATCH.
  [[nodiscard]] std::string patch_head(const std::string& url, std::size_t offset,
                                       http::Fields fields) const {
    fields.add("Upload-Offset", std::to_string(offset));
    fields.add("Content-Type", media_type);
    return request("PATCH", url, std::move(fields));
  }
  [[nodiscard]] std::string chunked_head(const std::string& url, http::Fields fields = {}) const {
    fields.add("Transfer-Encoding", "chunked");
    return patch_head(url, 0, std::move(fields));
  }
  /// The status of the reply; 0 when there is none.
  static int status(RawConnection& connection) {
    const auto read = connection.read_response(patience);
    return read.response ? read.response->status : 0;
  }
  [[nodiscard]] int status_of(const std::string& request) const {
    auto connection = connect();
    EXPECT_TRUE(connection.send(request, patience));
    return status(connection);
  }
  /// Begins a PATCH of `size` bytes with `first`; returns when those have arrived.
  RawConnection begin(const std::string& url, std::size_t size, const std::string& first) {
    auto connection = connect();
    const auto head = patch_head(url, 0, {{"Content-Length", std::to_string(size)}});
    EXPECT_TRUE(connection.send(head + first, patience));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (offset(url) != std::to_string(first.size()) &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return connection;
  }
  /// Makes an upload of ten bytes whose first PATCH breaks off after `first`; returns when the
  /// server has noticed.
  std::string cut(const std::string& first) {
    auto url = create(10);
    auto connection = begin(url, 10, first);
    connection.shutdown_send();
    EXPECT_NE(connection.wait_for_close(patience), RawConnection::Seen::timeout);
    return url;
  }

 private:
  std::string url_;
};

/// Whether an exchange shows the wrong.
using Show = std::function<bool(Door&)>;
struct Shown {
  Show show;
  std::string speed = "1";
};
const std::string fast = "1000000";
const std::string slow = "0.01";

std::string metadata(const std::string& value) { return "filename " + base64::encode(value); }

const std::map<std::string, Shown>& tus_shows() {
  static const std::map<std::string, Shown> shows{
      {"every-byte", {[](Door& d) { return d.damages(std::string(1, '\x5a')); }}},
      {"odd-last-byte", {[](Door& d) { return d.damages("abc"); }}},
      {"beyond-1m-ring", {[](Door& d) { return d.damages(payload(1, mib + 9)); }}},
      {"beyond-5m-zero", {[](Door& d) { return d.damages(payload(2, 5 * mib + 9)); }}},
      {"beyond-8m-shift", {[](Door& d) { return d.damages(payload(3, 8 * mib + 9)); }}},
      {"buffer-edge", {[](Door& d) { return d.damages(payload(4, 65537)); }}},
      {"chunk-edge", {[](Door& d) {
         const auto url = d.create(4);
         EXPECT_EQ(d.status_of(d.chunked_head(url) + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"), 204);
         return d.bytes(url) != "abcd";
       }}},
      {"creation-body-1k", {[](Door& d) {
         const auto sent = payload(5, 1025);
         return d.bytes(d.whole(sent)) != sent;
       }}},
      {"second-patch-hole", {[](Door& d) { return d.damages("abcdef", 3); }}},
      {"paused-slice-repeats",
       {[](Door& d) {
          const auto url = d.create(6);
          auto connection = d.begin(url, 6, "abc");
          EXPECT_TRUE(connection.send("def", patience));
          EXPECT_EQ(Door::status(connection), 204);
          return d.bytes(url) != "abcdef";
        },
        fast}},
      {"resume-eats-byte", {[](Door& d) {
         const auto url = d.cut("hello");
         EXPECT_EQ(d.patch(url, 5, "world").status, 204);
         return d.bytes(url) != "helloworld";
       }}},
      {"twentieth-chunk", {[](Door& d) { return d.damages("abcdefghijklmnopqrst", 1); }}},
      {"ten-parts-by-name", {[](Door& d) {
         std::vector<std::string> parts;
         for (const char c : std::string("abcdefghij")) parts.push_back(d.part({c}));
         return d.bytes(d.concat(parts)) != "abcdefghij";
       }}},
      {"preallocated-after-cut", {[](Door& d) { return d.offset(d.cut("hello")) != "5"; }}},
      {"head-stale",
       {[](Door& d) {
          const auto url = d.create(5);
          d.patch(url, 0, "hello");
          return d.offset(url) != "5";
        },
        slow}},
      {"replica-lag", {[](Door& d) {
         const auto url = d.create(10);
         d.patch(url, 0, "hello");
         EXPECT_EQ(d.offset(url), "5");
         EXPECT_EQ(d.offset(url), "5");
         return d.offset(url) == "0";
       }}},
      {"refused-yet-stored", {[](Door& d) {
         const auto url = d.create(10);
         EXPECT_EQ(d.patch(url, 3, "hello").status, 409);
         return d.offset(url) != "0";
       }}},
      {"ack-before-kept",
       {[](Door& d) {
          const auto url = d.create(5);
          EXPECT_EQ(d.patch(url, 0, "hello").header("Upload-Offset"), "5");
          return d.offset(url) != "5";
        },
        slow}},
      {"forgets-after-5s", {[](Door& d) { return d.head(d.create(5)).status == 404; }, fast}},
      {"slow-body-tail-lost",
       {[](Door& d) {
          const auto url = d.create(6);
          auto connection = d.begin(url, 6, "abc");
          EXPECT_TRUE(connection.send("def", patience));
          EXPECT_EQ(Door::status(connection), 204);
          return d.bytes(url).substr(3) != "def";
        },
        fast}},
      {"upload-lives-15s",
       {[](Door& d) { return d.patch(d.create(5), 0, "a").status == 410; }, fast}},
      {"same-metadata-same-upload", {[](Door& d) {
         const http::Fields fields{{"Upload-Metadata", metadata("a.csv")}};
         return d.create(5, fields) == d.create(5, fields);
       }}},
      {"racing-ids",
       {[](Door& d) {
          const auto post =
              d.request("POST", "/files", {{"Upload-Length", "5"}, {"Content-Length", "0"}});
          auto one = d.connect();
          auto other = d.connect();
          EXPECT_TRUE(one.send(post, patience));
          EXPECT_TRUE(other.send(post, patience));
          const auto a = one.read_response(patience).response;
          const auto b = other.read_response(patience).response;
          return a && b && a->headers.find("Location") == b->headers.find("Location");
        },
        "0.1"}},
      {"shared-buffer", {[](Door& d) {
         const auto first = d.create(10);
         const auto under_way = d.begin(first, 10, "aaaaa");
         const auto second = d.create(5);
         EXPECT_EQ(d.patch(second, 0, "bbbbb").status, 204);
         return d.bytes(second) != "bbbbb";
       }}},
      {"two-writers", {[](Door& d) {
         const auto url = d.create(5);
         const auto under_way = d.begin(url, 5, "ab");
         return d.patch(url, 0, "bbbbb").status == 204;
       }}},
      {"lock-leaks-on-cut", {[](Door& d) { return d.head(d.cut("hello")).status == 423; }}},
      {"refused-body-is-next-request", {[](Door& d) {
         const auto url = d.create(5);
         auto connection = d.connect();
         const auto refused = d.patch_head(url, 3, {{"Content-Length", "2"}}) + "ab";
         EXPECT_TRUE(connection.send(refused, patience));
         EXPECT_EQ(Door::status(connection), 409);
         EXPECT_TRUE(connection.send(d.request("OPTIONS", "/files", {}), patience));
         return Door::status(connection) == 400;
       }}},
      {"http10-chunked", {[](Door& d) {
         auto connection = d.connect();
         const auto url = d.whole("hello");
         EXPECT_TRUE(connection.send(d.request("GET", url, {}, "HTTP/1.0"), patience));
         return connection.read_response(patience).raw.find("\r\n5\r\nhello\r\n0") !=
                std::string::npos;
       }}},
      {"chunk-extension-400", {[](Door& d) {
         return d.status_of(d.chunked_head(d.create(2)) + "2;a=b\r\nab\r\n0\r\n\r\n") == 400;
       }}},
      {"expect-waits", {[](Door& d) {
         auto connection = d.connect();
         const auto head =
             d.patch_head(d.create(2), 0, {{"Content-Length", "2"}, {"Expect", "100-continue"}});
         EXPECT_TRUE(connection.send(head, patience));
         return connection.read_response(500ms).interims.empty();
       }}},
      {"offset-twice",
       {[](Door& d) { return d.head(d.whole("hello")).headers.count("Upload-Offset") == 2; }}},
      {"metadata-255", {[](Door& d) {
         const auto sent = metadata(std::string(300, 'a'));
         return d.head(d.create(5, {{"Upload-Metadata", sent}})).header("Upload-Metadata") != sent;
       }}},
      {"metadata-empty-lost", {[](Door& d) {
         const auto url = d.create(5, {{"Upload-Metadata", "a eA==,is_confidential"}});
         return d.head(url).header("Upload-Metadata") != "a eA==,is_confidential";
       }}},
      {"length-2g-negative",
       {[](Door& d) { return d.head(d.create(1ULL << 31U)).header("Upload-Length")[0] == '-'; }}},
      {"length-octal", {[](Door& d) {
         const auto made = d.tus("POST", "/files", {{"Upload-Length", "010"}});
         return made.status == 201 &&
                d.head(made.header("Location")).header("Upload-Length") == "8";
       }}},
      {"deferred-length-twice", {[](Door& d) {
         const auto url =
             d.tus("POST", "/files", {{"Upload-Defer-Length", "1"}}).header("Location");
         EXPECT_EQ(d.patch(url, 0, "ab", {{"Upload-Length", "10"}}).status, 204);
         d.patch(url, 2, "cd", {{"Upload-Length", "20"}});
         return d.head(url).header("Upload-Length") != "10";
       }}},
      {"checksum-whole-upload", {[](Door& d) {
         const auto url = d.create(10);
         EXPECT_EQ(d.patch(url, 0, "hello").status, 204);
         const http::Fields sum{{"Upload-Checksum", "sha1 fCEUM/AgcVl3Qeb/Wo6jR4mrv0M="}};
         return d.patch(url, 5, "world", sum).status == 460;
       }}},
      {"checksum-chunked-ignored", {[](Door& d) {
         const auto head = d.chunked_head(
             d.create(5), {{"Upload-Checksum", "sha1 fCEUM/AgcVl3Qeb/Wo6jR4mrv0M="}});
         return d.status_of(head + "5\r\nhello\r\n0\r\n\r\n") == 204;
       }}},
      {"trailer-ignored", {[](Door& d) {
         const auto head = d.chunked_head(d.create(5), {{"Trailer", "Upload-Checksum"}});
         const std::string sum = "Upload-Checksum: sha1 fCEUM/AgcVl3Qeb/Wo6jR4mrv0M=\r\n";
         return d.status_of(head + "5\r\nhello\r\n0\r\n" + sum + "\r\n") == 204;
       }}},
      {"partial-deferred-forgets", {[](Door& d) {
         const auto made =
             d.tus("POST", "/files", {{"Upload-Defer-Length", "1"}, {"Upload-Concat", "partial"}});
         return d.head(made.header("Location")).header("Upload-Concat") != "partial";
       }}},
      {"part-delete-kills-final", {[](Door& d) {
         const auto part = d.part("a");
         const auto final_upload = d.concat({part, d.part("b")});
         EXPECT_EQ(d.tus("DELETE", part).status, 204);
         return d.head(final_upload).status != 200;
       }}},
      {"delete-takes-namesake", {[](Door& d) {
         const http::Fields fields{{"Upload-Metadata", metadata("a.csv")}};
         const auto url = d.create(5, fields);
         EXPECT_EQ(d.tus("DELETE", d.create(6, fields)).status, 204);
         return d.head(url).status != 200;
       }}},
      {"refusal-harms-next", {[](Door& d) {
         EXPECT_EQ(d.tus("POST", "/files").status, 400);
         return d.tus("POST", "/files", {{"Upload-Length", "5"}}).status != 201;
       }}},
      {"crc32-announced", {[](Door& d) {
         const http::Fields sum{{"Upload-Checksum", "crc32 NhCmhg=="}};
         return d.patch(d.create(5), 0, "hello", sum).status == 400;
       }}},
      {"termination-unannounced", {[](Door& d) {
         return !d.send("OPTIONS", "/files").headers.has_token("Tus-Extension", "termination");
       }}},
      {"version-412-stores", {[](Door& d) {
         const auto url = d.create(5);
         const http::Fields fields{{"Tus-Resumable", "2.0.0"}, {"Upload-Offset", "0"}};
         EXPECT_EQ(d.tus("PATCH", url, fields, "hello").status, 412);
         return d.offset(url) != "0";
       }}},
      {"finished-head-cacheable", {[](Door& d) {
         return !d.head(d.whole("hello")).headers.has_token("Cache-Control", "no-store");
       }}},
      {"cors-offset-hidden", {[](Door& d) {
         const auto answer = d.tus("HEAD", d.create(5), {{"Origin", "https://page.example"}});
         return !answer.headers.has_token("Access-Control-Expose-Headers", "Upload-Offset");
       }}},
      {"final-location-of-part", {[](Door& d) {
         const auto part = d.part("a");
         return d.concat({part, d.part("b")}) == part;
       }}},
  };
  return shows;
}

// ---- DEX

/// A client of a DEX server, which logs in.
class Dex {
 public:
  explicit Dex(Door& door) : door_(door) {}

  /// Asks for a token, and uses it from now on; returns the answer.
  Answer log_in(const std::string& password = "demo") {
    auto answer = form("/oauth", "username=demo&password=" + password);
    if (answer.json.is_object() && answer.json.contains("access_token")) use(answer.json);
    return answer;
  }
  Answer form(const std::string& path, const std::string& text) {
    return door_.send("POST", path, {{"Content-Type", "application/x-www-form-urlencoded"}}, text);
  }
  void use(const json& token) {
    credential_ = {"Authorization", "Bearer " + token.at("access_token").get<std::string>()};
  }

  Answer make(const std::string& sender, bool jurisdiction = true) {
    std::vector<std::pair<std::string, std::string>> manifest{
        {"data_stream_id", "dextesting"}, {"data_stream_route", "testevent1"},
        {"received_filename", "a.csv"},   {"sender_id", sender},
        {"data_producer_id", "producer"}, {"version", "2.0"}};
    if (jurisdiction) manifest.emplace_back("jurisdiction", "here");
    std::string all;
    for (const auto& [name, value] : manifest) {
      all += (all.empty() ? "" : ",") + name + ' ' + base64::encode(value);
    }
    return door_.tus("POST", "/files",
                     {credential_, {"Upload-Length", "5"}, {"Upload-Metadata", all}});
  }
  std::string create(const std::string& sender) {
    if (credential_.value.empty()) log_in();
    return make(sender).header("Location");
  }
  int patch(const std::string& url, const std::string& bytes) {
    return door_.patch(url, 0, bytes, {credential_}).status;
  }
  json info(const std::string& url) {
    return door_.send("GET", "/info/" + ControlClient::id_of(url), {credential_}).json;
  }
  /// Sends the five bytes of an upload; returns where they were delivered.
  std::string delivered(const std::string& url, const std::string& bytes) {
    EXPECT_EQ(patch(url, bytes), 204);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    do {
      const auto told = info(url);
      const auto deliveries = told.value("deliveries", json());
      if (deliveries.is_array() && !deliveries.empty()) {
        return deliveries[0].at("location").get<std::string>();
      }
      std::this_thread::yield();
    } while (std::chrono::steady_clock::now() < deadline);
    ADD_FAILURE() << "not delivered";
    return {};
  }
  std::string deliver(const std::string& bytes) { return delivered(create("sender"), bytes); }

 private:
  Door& door_;
  http::Field credential_{"Authorization", ""};
};

const std::map<std::string, Shown>& dex_shows() {
  static const std::map<std::string, Shown> shows{
      {"dex-complete-early", {[](Door& d) {
         Dex dex(d);
         const auto url = dex.create("sender");
         EXPECT_EQ(dex.patch(url, "ab"), 204);
         return dex.info(url)["upload_status"]["status"] == "Complete";
       }}},
      {"dex-size-of-whole", {[](Door& d) {
         Dex dex(d);
         return dex.info(dex.create("sender"))["file_info"]["size_bytes"] != 0;
       }}},
      {"dex-location-of-other", {[](Door& d) {
         Dex dex(d);
         return dex.deliver("hello") == dex.deliver("world");
       }}},
      {"dex-delivery-overwrites", {[](Door& d) {
         Dex dex(d);
         const auto first = dex.deliver("hello");
         dex.deliver("world");
         return testkit::read_file(first) != "hello";
       }}},
      {"dex-delivery-short",
       {[](Door& d) { return testkit::read_file(Dex(d).deliver("hello")) != "hello"; }}},
      {"dex-health-over-down", {[](Door& d) {
         const auto answer = d.get("/health");
         return answer.json.at("status") == "UP" && answer.body.find("DOWN") != std::string::npos;
       }}},
      {"dex-token-shorter",
       {[](Door& d) { return Dex(d).log_in().json.at("expires_in") != 3600; }}},
      {"dex-refreshed-refused", {[](Door& d) {
         Dex dex(d);
         const auto token = dex.log_in().json.at("refresh_token").get<std::string>();
         dex.use(dex.form("/oauth/refresh", "refresh_token=" + token).json);
         return dex.make("sender").status != 201;
       }}},
      {"dex-oauth-error-200", {[](Door& d) { return Dex(d).log_in("wrong").status != 400; }}},
      {"dex-manifest-of-last", {[](Door& d) {
         Dex dex(d);
         const auto url = dex.create("first");
         dex.create("second");
         return dex.info(url)["manifest"]["sender_id"] != "first";
       }}},
      {"dex-head-unguarded",
       {[](Door& d) { return d.head(Dex(d).create("sender")).status == 200; }}},
      {"dex-jurisdiction-optional", {[](Door& d) {
         Dex dex(d);
         dex.log_in();
         return dex.make("sender", false).status == 201;
       }}},
  };
  return shows;
}

/// Each show sees its wrong at the relay that does it, and not at a relay without a wrong.
void expect_shown(const std::map<std::string, Shown>& shows, const Mock& mock) {
  const Stranger right(mock, "");
  for (const auto& [name, shown] : shows) {
    SCOPED_TRACE(name);
    Door through_right(right.url());
    EXPECT_FALSE(shown.show(through_right)) << "the relay does it by itself";
    const Stranger wrong(mock, name, shown.speed);
    Door through_wrong(wrong.url());
    EXPECT_TRUE(shown.show(through_wrong)) << "it does not do what its line says";
  }
}

TEST(Strangers, EachIsShownByAnExchangeOfItsOwn) {
  std::set<std::string> listed, shown;
  for (const auto& entry : strangers::catalogue()) listed.emplace(entry.name);
  for (const auto* shows : {&tus_shows(), &dex_shows()}) {
    for (const auto& [name, show] : *shows) shown.insert(name);
  }
  EXPECT_EQ(listed, shown);
  EXPECT_EQ(listed.size(), 61U);
}

TEST(Strangers, OfTusDoWhatTheirLinesSay) {
  expect_shown(tus_shows(), Mock({"--profile", "tus", "--store", "memory"}));
}

TEST(Strangers, OfDexDoWhatTheirLinesSay) {
  const testkit::TempFolder folder;
  expect_shown(dex_shows(), Mock({"--profile", "dex", "--auth", "jwt", "--store",
                                  (folder.path() / "store").string()}));
}

/// The verdicts of some rows.
std::map<std::string, std::string> broken(const std::string& url) {
  const auto run = programs::judge(url + "/files", {"--select", "TUS-CORE-HEAD-*", "--select",
                                                    "TUS-CREATE-*", "--select", "http"});
  EXPECT_GT(run.results.size(), 50U) << run.out << run.err;
  std::map<std::string, std::string> verdicts;
  for (const auto& [id, entry] : run.results) {
    const auto verdict = entry.at("verdict").get<std::string>();
    // A note tells of behaviour that is free, and may differ from run to run.
    verdicts[id] = verdict == "note" ? "pass" : verdict;
  }
  return verdicts;
}

TEST(Strangers, TheRelayIsJudgedAsTheServerBehindIt) {
  // The control API has a listener of its own, so that neither shows it to the judge.
  const Mock mock({"--profile", "tus", "--store", "memory", "--control", "127.0.0.1:0"});
  const Stranger right(mock, "");
  EXPECT_EQ(broken(right.url()), broken(mock.url()));
}

/// A line of red.tsv: a row that is about what the wrong server does, and that is red for it; or
/// "-" and the reason why none is.
struct Caught {
  std::string wrong, row, why_not;
};
void PrintTo(const Caught& one, std::ostream* out) { *out << one.wrong << " on " << one.row; }
std::vector<Caught> caught() {
  std::vector<Caught> all;
  std::ifstream table(DEX_STRANGERS "/red.tsv");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream cells(line);
    Caught one;
    std::getline(cells, one.wrong, '\t');
    std::getline(cells, one.row, '\t');
    std::getline(cells, one.why_not);
    all.push_back(one);
  }
  return all;
}

TEST(Strangers, EachIsRedOnARowOrSaysWhyNot) {
  std::set<std::string> listed, told;
  for (const auto& entry : strangers::catalogue()) listed.emplace(entry.name);
  int red = 0;
  for (const auto& [wrong, row, why_not] : caught()) {
    EXPECT_TRUE(told.insert(wrong).second) << wrong;
    EXPECT_EQ(row == "-", !why_not.empty()) << wrong;
    if (row != "-") ++red;
  }
  EXPECT_EQ(told, listed);
  EXPECT_GE(red, 57);
}

class JudgedStranger : public ::testing::TestWithParam<Caught> {};

TEST_P(JudgedStranger, IsRed) {
  const auto& [wrong, row, why_not] = GetParam();
  if (row == "-") GTEST_SKIP() << why_not;
  const testkit::TempFolder folder;
  const bool dex = wrong.starts_with("dex-");
  std::vector<std::string> arguments{"--control", "127.0.0.1:0", "--store"};
  std::vector<std::string> judge{"--system", dex ? "dex" : "tus", "--select", row};
  if (dex) {
    const auto delivered = folder.path() / "delivered";
    std::filesystem::create_directory(delivered);
    arguments.insert(arguments.end(), {(folder.path() / "store").string(), "--profile", "dex",
                                       "--auth", "jwt", "--deliver-root", delivered.string()});
    judge.insert(judge.end(), {"--username-env", "DEX_TEST_USERNAME", "--password-env",
                               "DEX_TEST_PASSWORD", "--delivered-dir", delivered.string()});
  } else {
    arguments.insert(arguments.end(), {"memory", "--profile", "tus"});
  }
  const Mock mock(arguments);
  const Stranger stranger(mock, wrong);
  const auto judged = programs::judge(stranger.url() + "/files", judge);
  EXPECT_EQ(judged.results.at(row).at("verdict"), "fail") << judged.out << judged.err;
  EXPECT_EQ(judged.exit_code, 1) << judged.out << judged.err;
}

INSTANTIATE_TEST_SUITE_P(Sixty, JudgedStranger, testing::ValuesIn(caught()), [](const auto& one) {
  std::string name = one.param.wrong;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Strangers, TheRelayKeepsTheServersDoorForTestsShut) {
  const Mock mock({"--profile", "tus", "--store", "memory"});
  const Stranger right(mock, "");
  EXPECT_EQ(ControlClient(mock.url()).get("/_mock/health").status, 200);
  EXPECT_EQ(ControlClient(right.url()).get("/_mock/health").status, 404);
}

TEST(Strangers, WrongUseIsToldInOneLine) {
  for (const auto& [arguments, told] :
       {std::pair{std::vector<std::string>{"--upstream", "here"}, "--upstream: not HOST:PORT"},
        std::pair{std::vector<std::string>{"--upstream", "127.0.0.1:1", "--wrong", "all"},
                  "--wrong: no such wrong"}}) {
    std::vector<std::string> command{DEX_STRANGER};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto ended = testkit::run(command);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, testing::HasSubstr(told));
  }
}

}  // namespace
