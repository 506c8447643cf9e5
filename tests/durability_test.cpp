// kill -9 at any moment loses no byte that was acknowledged, and leaves no upload that can neither
// be resumed nor explained. The moments are calls that change a file, swept from the first one on
// under the load of several clients (kill_at.cpp).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "programs.hpp"
#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "transport/client.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int clients = 6;
constexpr int moments_per_shard = 50;
constexpr int shards = 8;

/// What a client knows about one upload when the server has been killed.
struct Record {
  std::string path;  ///< of the upload; empty when its creation was not answered
  std::string bytes;
  std::size_t acknowledged = 0;
  std::size_t sent = 0;           ///< where the last request would have ended
  std::set<std::size_t> borders;  ///< where chunks with a checksum begin and end
  bool deferred = false;          ///< its length is not acknowledged yet
  bool final_upload = false;
  bool part = false;  ///< of a final upload: DEX does not deliver it
  bool delete_sent = false;
  bool deleted = false;
};

/// One client: uploads of every kind, one after another, until the server no longer answers.
class Uploader {
 public:
  Uploader(std::string url, std::size_t first, bool dex)
      : url_(std::move(url)), next_(first), dex_(dex), client_({}) {}

  void run() {
    for (std::size_t kind = next_; alive_; ++kind) {
      switch (kind % 6) {
        case 0:
          chunks(create(96'000, {}), false);
          break;
        case 1:
          chunks(create_with_upload(70'000, 20'000), false);
          break;
        case 2:
          chunks(create(60'000, {}), true);
          break;
        case 3:
          concatenate();
          break;
        case 4:
          terminate();
          break;
        default:
          deferred();
      }
    }
  }
  std::vector<Record> records;
  std::size_t unanswered_creations = 0;

 private:
  std::optional<transport::Response> send(const std::string& method, const std::string& path,
                                          http::Fields fields, std::optional<std::string> body) {
    if (!alive_) return std::nullopt;
    transport::Request request;
    request.method = method;
    request.url = url_ + path;
    request.headers = std::move(fields);
    request.headers.add("Tus-Resumable", "1.0.0");
    request.body = std::move(body);
    auto exchange = client_.send(request);
    if (exchange.failure || !exchange.response) {
      alive_ = false;
      return std::nullopt;
    }
    return exchange.response;
  }

  Record* created(const std::optional<transport::Response>& response, Record record) {
    if (!response) {
      ++unanswered_creations;
      return nullptr;
    }
    EXPECT_EQ(response->status, 201) << response->body;
    const std::string location(response->headers.find("Location").value_or(""));
    if (response->status != 201 || location.size() <= url_.size()) {
      alive_ = false;
      return nullptr;
    }
    record.path = location.substr(url_.size());
    records.push_back(std::move(record));
    return &records.back();
  }

  http::Fields metadata() const {
    http::Fields fields;
    if (dex_) {
      fields.add("Upload-Metadata",
                 "version Mi4w,data_stream_id ZGV4dGVzdGluZw==,data_stream_route dGVzdGV2ZW50MQ==,"
                 "sender_id dGVzdA==,data_producer_id dGVzdA==,jurisdiction dGVzdA==,"
                 "received_filename " +
                     base64::encode(fmt::format("sweep-{}.bin", next_)));
    }
    return fields;
  }

  Record* create(std::size_t size, const http::Fields& more, bool with_length = true) {
    Record record;
    record.bytes = programs::payload(next_++, size);
    auto fields = metadata();
    for (const auto& field : more) fields.add(field.name, field.value);
    if (with_length) fields.add("Upload-Length", std::to_string(size));
    record.deferred = !with_length;
    return created(send("POST", "/files", std::move(fields), std::nullopt), std::move(record));
  }

  Record* create_with_upload(std::size_t size, std::size_t first) {
    Record record;
    record.bytes = programs::payload(next_++, size);
    record.sent = record.acknowledged = first;
    auto fields = metadata();
    fields.add("Upload-Length", std::to_string(size));
    fields.add("Content-Type", "application/offset+octet-stream");
    const auto response = send("POST", "/files", std::move(fields), record.bytes.substr(0, first));
    return created(response, std::move(record));
  }

  bool patch(Record& record, std::size_t size, bool checksum) {
    const auto from = record.acknowledged;
    const auto body = record.bytes.substr(from, size);
    http::Fields fields;
    fields.add("Upload-Offset", std::to_string(from));
    fields.add("Content-Type", "application/offset+octet-stream");
    if (record.deferred) fields.add("Upload-Length", std::to_string(record.bytes.size()));
    if (checksum) {
      Digest sha1(DigestAlgorithm::sha1);
      sha1.update(body);
      fields.add("Upload-Checksum", "sha1 " + base64::encode(sha1.finish()));
      record.borders.insert(from + body.size());
    }
    record.sent = from + body.size();
    const auto response = send("PATCH", record.path, std::move(fields), body);
    if (!response) return false;
    EXPECT_EQ(response->status, 204) << response->body;
    if (response->status != 204) return alive_ = false;
    record.acknowledged = record.sent;
    record.deferred = false;
    return true;
  }

  void chunks(Record* record, bool checksum) {
    if (record == nullptr) return;
    // DEX has no checksums.
    if (checksum && !dex_) record->borders.insert(0);
    while (record->acknowledged < record->bytes.size()) {
      if (!patch(*record, 23'000, checksum && !dex_)) return;
    }
  }

  void concatenate() {
    Record whole;
    whole.final_upload = true;
    std::string concat = "final;";
    for (int i = 0; i < 2; ++i) {
      http::Fields fields;
      fields.add("Upload-Concat", "partial");
      auto* part = create(30'000, fields);
      if (part == nullptr) return;
      part->part = true;
      chunks(part, false);
      if (!alive_) return;
      whole.bytes += part->bytes;
      concat += (i == 0 ? "" : " ") + part->path;
    }
    whole.acknowledged = whole.sent = whole.bytes.size();
    ++next_;
    auto fields = metadata();
    fields.add("Upload-Concat", concat);
    created(send("POST", "/files", std::move(fields), std::nullopt), std::move(whole));
  }

  void terminate() {
    auto* record = create(40'000, {});
    if (record == nullptr || !patch(*record, 15'000, false)) return;
    record->delete_sent = true;
    const auto response = send("DELETE", record->path, {}, std::nullopt);
    if (!response) return;
    EXPECT_EQ(response->status, 204);
    record->deleted = true;
  }

  void deferred() {
    http::Fields fields;
    fields.add("Upload-Defer-Length", "1");
    chunks(create(50'000, fields, /*with_length=*/false), false);
  }

  std::string url_;
  std::size_t next_;
  bool dex_;
  bool alive_ = true;
  transport::Client client_;
};

/// Asks the server after the kill about everything that the clients remember.
class Inspector {
 public:
  Inspector(std::string url, bool dex) : url_(std::move(url)), dex_(dex), client_({}) {}

  void check(Record& record) {
    SCOPED_TRACE(record.path);
    known_.insert(record.path);
    const auto head = send("HEAD", record.path, {}, std::nullopt);
    if (record.delete_sent && (head.status == 404 || head.status == 410)) return;
    EXPECT_FALSE(record.deleted) << "a terminated upload came back: " << head.status;
    ASSERT_TRUE(head.status == 200 || head.status == 204)
        << "an acknowledged upload is gone: " << head.status;
    const auto offset = number(head, "Upload-Offset");
    EXPECT_GE(offset, record.acknowledged) << "acknowledged bytes are lost";
    ASSERT_LE(offset, record.sent) << "bytes that nobody sent";
    if (!record.borders.empty() && offset > record.acknowledged) {
      EXPECT_TRUE(record.borders.contains(offset)) << "part of a chunk whose checksum is unknown";
    }
    EXPECT_EQ(digest(record.path), sha256_hex(std::string_view(record.bytes).substr(0, offset)));
    if (record.final_upload) {
      EXPECT_EQ(offset, record.bytes.size());
    } else {
      resume(record, offset);
    }
    if (dex_ && !record.part) delivered(record);
  }

  /// Uploads in the store that no client knows can only be creations whose answer was lost, and
  /// HEAD has to find them.
  void check_strangers(std::size_t unanswered) {
    const auto list = nlohmann::json::parse(send("GET", "/_mock/uploads", {}, std::nullopt).body);
    std::size_t strangers = 0;
    for (const auto& item : list.at("uploads")) {
      const auto id = item.is_string() ? item.get<std::string>() : item.at("id").get<std::string>();
      if (known_.contains("/files/" + id)) continue;
      ++strangers;
      const auto head = send("HEAD", "/files/" + id, {}, std::nullopt);
      EXPECT_TRUE(head.status == 200 || head.status == 204)
          << id << " can neither be resumed nor explained: " << head.status;
    }
    EXPECT_LE(strangers, unanswered) << "uploads that no client asked for";
  }

 private:
  transport::Response send(const std::string& method, const std::string& path, http::Fields fields,
                           std::optional<std::string> body) {
    transport::Request request;
    request.method = method;
    request.url = url_ + path;
    request.headers = std::move(fields);
    request.headers.add("Tus-Resumable", "1.0.0");
    request.body = std::move(body);
    auto exchange = client_.send(request);
    EXPECT_FALSE(exchange.failure) << method << " " << path << ": " << exchange.failure->message;
    return exchange.response.value_or(transport::Response{});
  }

  static std::size_t number(const transport::Response& response, std::string_view name) {
    const auto text = std::string(response.headers.find(name).value_or("none"));
    EXPECT_TRUE(!text.empty() &&
                std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
        << name << ": " << text;
    return std::strtoull(text.c_str(), nullptr, 10);
  }

  std::string digest(const std::string& path) {
    const auto id = path.substr(path.rfind('/') + 1);
    const auto reply = send("GET", "/_mock/uploads/" + id, {}, std::nullopt);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.status == 200 ? nlohmann::json::parse(reply.body).value("sha256", "") : "";
  }

  void resume(const Record& record, std::size_t offset) {
    if (offset == record.bytes.size() && !record.deferred) return;
    http::Fields fields;
    fields.add("Upload-Offset", std::to_string(offset));
    fields.add("Content-Type", "application/offset+octet-stream");
    const auto head = send("HEAD", record.path, {}, std::nullopt);
    if (head.headers.has("Upload-Defer-Length")) {
      fields.add("Upload-Length", std::to_string(record.bytes.size()));
    }
    const auto reply = send("PATCH", record.path, std::move(fields), record.bytes.substr(offset));
    EXPECT_EQ(reply.status, 204) << "cannot be resumed: " << reply.body;
    EXPECT_EQ(digest(record.path), sha256_hex(record.bytes));
  }

  void delivered(const Record& record) {
    const auto id = record.path.substr(record.path.rfind('/') + 1);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    std::string last;
    while (std::chrono::steady_clock::now() < deadline) {
      last = send("GET", "/info/" + id, {}, std::nullopt).body;
      const auto info = nlohmann::json::parse(last, nullptr, false);
      if (info.is_object() && info.at("deliveries").is_array()) {
        for (const auto& one : info.at("deliveries")) {
          if (one.at("status") == "SUCCESS") return;
        }
      }
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "a complete upload was never delivered: " << last;
  }

  std::string url_;
  bool dex_;
  transport::Client client_;
  std::set<std::string> known_;
};

struct Moment {
  int call;  ///< the ordinal of the call that changes a file, from 1
  const char* when;
  bool dex;
};

void survive(const Moment& moment) {
  const testkit::TempFolder folder;
  const std::vector<std::string> arguments{"--profile",   moment.dex ? "dex" : "tus",
                                           "--store",     (folder.path() / "store").string(),
                                           "--log-level", "warning"};
  std::vector<std::string> command{DEX_MOCK_SERVER, "--listen", "127.0.0.1:0"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  testkit::ChildProcess::Options options;
  options.environment = {{"LD_PRELOAD", DEX_KILL_AT_LIBRARY},
                         {"DEX_KILL_AT", std::to_string(moment.call)},
                         {"DEX_KILL_WHEN", moment.when},
                         {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
  testkit::ChildProcess doomed(command, options);
  const auto url = doomed.wait_ready();

  std::vector<Uploader> uploaders;
  for (std::size_t i = 0; i < clients; ++i) {
    uploaders.emplace_back(url, 1000 * i + i, moment.dex);
  }
  std::vector<std::thread> threads;
  threads.reserve(clients);
  for (auto& uploader : uploaders) threads.emplace_back([&uploader] { uploader.run(); });
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(doomed.wait().signal, SIGKILL) << doomed.err();

  programs::Mock second(arguments);
  Inspector inspector(second.url(), moment.dex);
  std::size_t unanswered = 0;
  for (auto& uploader : uploaders) {
    for (auto& record : uploader.records) inspector.check(record);
    unanswered += uploader.unanswered_creations;
  }
  inspector.check_strangers(unanswered);
  EXPECT_EQ(second.process().err().find("damaged"), std::string::npos) << second.process().err();
}

class KillSweep : public ::testing::TestWithParam<int> {};

TEST_P(KillSweep, NothingAcknowledgedIsLost) {
  for (int i = 0; i < moments_per_shard; ++i) {
    const int ordinal = GetParam() * moments_per_shard + i;
    // From the first call on, every second one; profiles alternate, and so do kills before and
    // after the call.
    const Moment moment{1 + 2 * ordinal, (ordinal / 2) % 2 == 0 ? "before" : "after",
                        ordinal % 2 == 1};
    SCOPED_TRACE(fmt::format("killed {} change {} of a file, profile {}", moment.when, moment.call,
                             moment.dex ? "dex" : "tus"));
    survive(moment);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Moments, KillSweep, ::testing::Range(0, shards));

}  // namespace
