// The sweep of store_failure_test.cpp for objects, the files of Open Humans and the samples of One
// Codex: every system call on the store's folder fails in turn, and the server is killed before
// every one. A refusal is in the words of its system, leaves what was there, and the request can be
// sent again. What was acknowledged is there, whole, also after a kill and a restart. Nothing else
// stays in the store.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "programs.hpp"
#include "protocol/base64.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"
#include "store_faults.hpp"
#include "store_world.hpp"
#include "transport/client.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr Milliseconds patience{20'000};
const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::string api = "/api/direct-sharing/project/";
const std::string with_token = "?access_token=example_token";
const std::string of_member = "project_member_id=12345678";
const std::string codex = "/api/v1/";
const std::string codex_key = "Basic " + base64::encode("demodemodemodemodemodemodemodemo:");
/// The content of a sample or document that is begun and not confirmed: no bytes.
const std::string awaited;

/// When all signatures expire: so late because the test puts the server's clock forward.
http::TimePoint in_a_year() { return std::chrono::system_clock::now() + 24h * 365; }

struct Answer {
  int status = 0;  ///< 0: the server is gone
  http::Fields fields;
  std::string body;

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

/// What the server may have: any one of these; nullopt: nothing.
using Contents = std::vector<std::optional<std::string>>;

/// A client of all three systems, with what it knows about its objects and files.
class Sender {
 public:
  enum class World { sound, failing, deadly };
  Sender(std::string url, std::size_t& serial, World world)
      : url_(std::move(url)), serial_(serial), world_(world), client_({}) {}

  /// From now on there are no faults; the server may have been restarted.
  void recover(const std::string& url) {
    url_ = url;
    world_ = World::sound;
    gone_ = false;
  }
  /// How many multipart uploads may have been begun without the client learning their ids.
  [[nodiscard]] std::size_t strangers() const { return strangers_; }

  // ---- objects

  void put(const std::string& key) {
    const auto bytes = programs::payload(serial_++, 900);
    settle(objects_[key], bytes, send("PUT", presigned("PUT", key), {}, bytes));
  }

  void post(const std::string& key) {
    const auto bytes = programs::payload(serial_++, 900);
    auto fields = s3::sign_post_v2(
        {in_a_year(), {s3::equals("bucket", "examplebucket"), s3::equals("key", key)}}, owner);
    fields.insert(fields.begin(), {"key", key});
    settle(objects_[key], bytes, send_form("/examplebucket", fields, {"file", "f", ""}, bytes));
  }

  void remove(const std::string& key) {
    const auto answer = send("DELETE", presigned("DELETE", key));
    forget(objects_[key], answer);
  }

  /// A multipart upload of one part, which is sent twice: the second replaces the first.
  void put_in_parts(const std::string& key) {
    const auto begun = send("POST", presigned("POST", key + "?uploads"), {}, "");
    if (begun.status == 0) ++strangers_;
    if (!begun.ok()) return;
    const auto upload =
        "uploadId=" + s3::parse_initiate_multipart_upload_result(begun.body)->upload_id;
    uploads_.emplace(key, upload);
    std::string bytes;
    Answer part;
    for (const std::size_t size : {500, 900}) {
      bytes = programs::payload(serial_++, size);
      part = send("PUT", presigned("PUT", key + "?partNumber=1&" + upload), {}, bytes);
      if (!part.ok()) return;
    }
    const auto etag = std::string(part.fields.find("ETag").value_or("\"\""));
    const auto list =
        s3::complete_multipart_upload({{1, etag.substr(0, etag.rfind('"')).substr(1)}});
    settle(objects_[key], bytes, send("POST", presigned("POST", key + "?" + upload), {}, list));
  }

  // ---- Open Humans

  void upload() {
    const auto name = fmt::format("{}.txt", serial_);
    const auto bytes = programs::payload(serial_++, 900);
    settle(files_[name], bytes,
           send_form(api + "files/upload/" + with_token, about(), {"data_file", name, ""}, bytes));
  }

  void upload_directly() {
    const auto name = fmt::format("{}.txt", serial_);
    auto fields = about();
    fields.emplace_back("filename", name);
    const auto begun = call("files/upload/direct/", http::format_form(fields));
    if (!begun.ok()) return;
    const auto file = json::parse(begun.body);
    const auto url = file.at("url").get<std::string>();
    const auto bytes = programs::payload(serial_++, 900);
    if (!send("PUT", url.substr(url_.size()), {}, bytes).ok()) return;
    settle(files_[name], bytes,
           call("files/upload/complete/",
                fmt::format("{}&file_id={}", of_member, file.at("id").get<int>())));
  }

  void remove_all() {
    const auto answer = call("files/delete/", of_member + "&all_files=true");
    for (auto& [name, contents] : files_) forget(contents, answer);
  }

  // ---- One Codex

  void send_sample() {
    const auto bytes = programs::payload(serial_++, 900);
    const auto begun = begin(onecodex::Kind::sample, "");
    if (!begun || !send_to(begun->file, bytes)) return;
    confirm(*begun, bytes);
  }

  void send_document() {
    const auto bytes = programs::payload(serial_++, 900);
    const auto begun = begin(onecodex::Kind::document, "");
    if (!begun || !send_to(begun->file, bytes)) return;
    confirm(*begun, bytes);
  }

  void send_paired_ends() {
    const auto bytes = programs::payload(serial_++, 900);
    const auto begun = begin(onecodex::Kind::sample, R"(, "paired_end_filename": "a_R2.fq")");
    if (!begun || !send_to(begun->file, bytes)) return;
    if (send_to(begun->paired_end.value(), programs::payload(serial_++, 900)))
      confirm(*begun, bytes);
  }

  /// A multipart upload with credentials, as onecodex does from version 0.7 on.
  void send_with_credentials() {
    const auto begun = ask("samples/init_multipart_upload", R"({"filename": "a.fq"})");
    if (!begun.ok()) return;
    const auto told =
        onecodex::parse_multipart_initiated(begun.body, onecodex::Kind::sample).value();
    auto& contents = samples_["samples/" + told.sample_id.value()];
    contents = {awaited};
    const auto bytes = programs::payload(serial_++, 900);
    const auto target =
        s3::presign_v2({"PUT", "/" + told.bucket + "/" + told.file_id, {}}, owner, in_a_year());
    if (!send("PUT", target, {}, bytes).ok()) return;
    settle(contents, bytes,
           ask("upload_callback",
               onecodex::to_json(onecodex::Callback{told.bucket, told.file_id, "a.fq"})));
  }

  void cancel_sample() {
    const auto begun = begin(onecodex::Kind::sample, "");
    if (!begun || !send_to(begun->file, programs::payload(serial_++, 900))) return;
    const auto answer = ask("samples/cancel_upload", R"({"sample_id": ")" + begun->id + "\"}");
    forget(samples_["samples/" + begun->id], answer);
  }

  void remove_samples() {
    for (auto& [uri, contents] : samples_) {
      forget(contents,
             send("DELETE", codex + uri, {{"Authorization", codex_key}}, std::nullopt, {204, 404}));
    }
  }

  // ---- what the server has

  /// Expects that the server has what the client knows, and shows nothing else.
  void inspect() {
    for (auto& [key, contents] : objects_) {
      SCOPED_TRACE(key);
      const auto answer = send("GET", presigned("GET", key), {}, std::nullopt, {200, 404});
      check(contents, answer.ok() ? std::optional(answer.body) : std::nullopt);
    }
    std::map<std::string, std::string> listed;
    const auto list =
        send("GET", api + "exchange-member/" + with_token + "&limit=100&" + of_member);
    const auto page = json::parse(list.body);
    for (const auto& file : page.at("data")) {
      const auto url = file.at("download_url").get<std::string>();
      listed[file.at("basename")] = send("GET", url.substr(url_.size())).body;
    }
    for (auto& [name, contents] : files_) {
      SCOPED_TRACE(name);
      const auto found = listed.find(name);
      check(contents, found == listed.end() ? std::nullopt : std::optional(found->second));
    }
    EXPECT_LE(listed.size(), files_.size()) << list.body;
    const auto shown = shown_samples();
    for (auto& [uri, contents] : samples_) {
      SCOPED_TRACE(uri);
      const auto found = shown.find(uri);
      check(contents, found == shown.end() ? std::nullopt : std::optional(found->second));
    }
  }

  /// Removes all that is known; at most `strangers` uploads may stay in the store.
  void clear(std::size_t strangers) {
    for (const auto& [key, contents] : objects_) remove(key);
    for (const auto& [key, upload] : uploads_) {
      send("DELETE", presigned("DELETE", key + "?" + upload), {}, std::nullopt, {204, 404});
    }
    remove_all();
    // Some calls that begin a sample were not answered; learn the samples that they made.
    for (const auto& [uri, bytes] : shown_samples()) samples_[uri] = {bytes};
    remove_samples();
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string left;
    do {
      // An incomplete file is removed after six hours. Repeat it: the file may date from a run
      // whose clock stood later, because a restart puts the clock back.
      send("POST", "/_mock/clock", {{"Content-Type", "application/json"}}, R"({"advance": "7h"})");
      left = send("GET", "/_mock/uploads?limit=10000").body;
      if (json::parse(left).at("uploads").size() <= strangers) return;
      std::this_thread::sleep_for(1ms);
    } while (std::chrono::steady_clock::now() < deadline);
    ADD_FAILURE() << "of what was refused or removed there is left: " << left;
  }

 private:
  static std::string presigned(std::string_view method, const std::string& key) {
    return s3::presign_v2({method, "/examplebucket/" + key, {}}, owner, in_a_year());
  }
  static http::Form about() {
    return {{"project_member_id", "12345678"}, {"metadata", R"({"tags": [], "description": ""})"}};
  }

  Answer send(const std::string& method, const std::string& target, http::Fields fields = {},
              std::optional<std::string> body = std::nullopt,
              const std::set<int>& expected = {200, 201, 204}) {
    if (gone_) return {};
    transport::Request request;
    request.method = method;
    request.url = url_ + target;
    request.headers = std::move(fields);
    request.body = std::move(body);
    request.timeout = patience;
    const auto exchange = client_.send(request);
    if (!exchange.response) {
      gone_ = true;
      EXPECT_EQ(world_, World::deadly) << "no answer to " << method << " " << target;
      return {};
    }
    Answer answer{exchange.response->status, exchange.response->headers, exchange.response->body};
    if (expected.contains(answer.status)) return answer;
    EXPECT_NE(world_, World::sound) << method << " " << target << ": " << answer.body;
    EXPECT_TRUE(is_refusal(answer)) << method << " " << target << ": " << answer.body;
    return answer;
  }
  Answer send_form(const std::string& target, const http::Form& fields, const http::FilePart& file,
                   const std::string& bytes) {
    const auto form = http::write_form(fields, file, "boundary");
    return send("POST", target, {{"Content-Type", form.content_type}},
                form.head + bytes + form.tail);
  }
  Answer ask(const std::string& which, const std::string& body) {
    return send("POST", codex + which,
                {{"Authorization", codex_key}, {"Content-Type", "application/json"}}, body);
  }
  std::optional<onecodex::Initiated> begin(onecodex::Kind kind, const std::string& more) {
    const std::string resource{onecodex::resource_of(kind)};
    const auto begun =
        ask(resource + "/init_upload", R"({"filename": "a_R1.fq", "size": 900)" + more + "}");
    if (!begun.ok()) return std::nullopt;
    auto told = onecodex::parse_initiated(begun.body, kind).value();
    samples_[resource + "/" + told.id] = {awaited};
    return told;
  }
  bool send_to(const onecodex::UploadForm& form, const std::string& bytes) {
    return send_form(form.url.substr(url_.size()), form.fields, {"file", "a.fq", ""}, bytes).ok();
  }
  void confirm(const onecodex::Initiated& begun, const std::string& bytes) {
    const bool sample = begun.kind == onecodex::Kind::sample;
    const std::string resource{onecodex::resource_of(begun.kind)};
    settle(samples_[resource + "/" + begun.id], bytes,
           ask(resource + "/confirm_upload",
               onecodex::to_json(
                   onecodex::Confirmation{begun.id},
                   sample ? onecodex::Call::confirm_sample : onecodex::Call::confirm_document)));
  }
  /// The contents of all samples and documents, by "samples/ID" and "documents/ID".
  std::map<std::string, std::string> shown_samples() {
    std::map<std::string, std::string> shown;
    const http::Fields key{{"Authorization", codex_key}};
    for (const std::string resource : {"samples", "documents"}) {
      const auto list = send("GET", codex + resource + "?per_page=1000", key);
      for (const auto& entry : json::parse(list.body)) {
        const auto uri = entry.at("$uri").get<std::string>().substr(codex.size());
        const auto place =
            send("POST", codex + uri + "/download_uri", key, std::nullopt, {200, 400});
        if (!place.ok()) {
          shown[uri] = awaited;
          continue;
        }
        const auto url = onecodex::parse_download(place.body).value().url;
        shown[uri] = send("GET", url.substr(url_.size())).body;
      }
    }
    return shown;
  }
  /// Notes a removal. One that was refused may have removed something all the same.
  static void forget(Contents& contents, const Answer& answer) {
    if (answer.ok()) contents.clear();
    contents.emplace_back(std::nullopt);
  }
  Answer call(const std::string& which, const std::string& form) {
    return send("POST", api + which + with_token,
                {{"Content-Type", "application/x-www-form-urlencoded"}}, form);
  }

  /// Whether this is the store's refusal, in the words of the system.
  static bool is_refusal(const Answer& answer) {
    if (answer.status < 500) return false;
    if (const auto xml = s3::parse_error_body(answer.body)) {
      return xml->code == "InternalError" || xml->code == "SlowDown";
    }
    const auto document = json::parse(answer.body, nullptr, false);
    return document.is_object() && (document.contains("detail") || document.contains("message"));
  }

  /// Notes a transfer of `bytes`. Without an answer it may have been stored or not; a refusal
  /// changes nothing.
  static void settle(Contents& contents, const std::string& bytes, const Answer& answer) {
    if (contents.empty()) contents.emplace_back(std::nullopt);
    if (answer.ok()) contents.clear();
    if (answer.ok() || answer.status == 0) contents.emplace_back(bytes);
  }

  static void check(Contents& contents, const std::optional<std::string>& found) {
    EXPECT_NE(std::ranges::find(contents, found), contents.end())
        << (found ? "not what was acknowledged" : "what was acknowledged is gone");
    contents = {found};
  }

  std::string url_;
  std::size_t& serial_;
  World world_;
  bool gone_ = false;
  transport::Client client_;
  std::map<std::string, Contents> objects_;
  std::map<std::string, Contents> files_;    ///< by name
  std::map<std::string, Contents> samples_;  ///< by "samples/ID" and "documents/ID"
  std::multimap<std::string, std::string> uploads_;
  std::size_t strangers_ = 0;
};

// ---- what the clients do

void objects(Sender& client) {
  client.put("k");
  client.put("k");
  client.post("k");
  client.post("other");
  client.remove("k");
}

void parts(Sender& client) {
  client.put("k");
  client.put_in_parts("k");
  client.put_in_parts("other");
}

void simple_files(Sender& client) {
  client.upload();
  client.upload();
  client.remove_all();
  client.upload();
}

void direct_files(Sender& client) {
  client.upload_directly();
  client.upload_directly();
  client.remove_all();
}

void samples(Sender& client) {
  client.send_sample();
  client.send_paired_ends();
  client.remove_samples();
  client.send_document();
}

void samples_with_credentials(Sender& client) {
  client.send_with_credentials();
  client.cancel_sample();
}

struct Scenario {
  const char* name;
  void (*run)(Sender&);
};
constexpr Scenario scenarios[] = {
    {"objects", objects},           {"parts", parts},
    {"simple_files", simple_files}, {"direct_files", direct_files},
    {"samples", samples},           {"samples_with_credentials", samples_with_credentials}};
const std::vector<std::string> profiles{"--profile", "objects,openhumans,onecodex"};

struct Case {
  Scenario scenario;
  StoreFaults::Kind kind;
};

class ObjectStoreFailure : public ::testing::TestWithParam<Case> {};

/// The same server goes on after each fault.
TEST_P(ObjectStoreFailure, IsOverWhenItIsOver) {
  const auto& [scenario, kind] = GetParam();
  // Flush with one kind of fault only, because each flush waits for the disk.
  World world(profiles, kind == StoreFaults::enospc);
  long runs = 0;
  // The store fails for one call, or for six in succession.
  for (const long times : {1L, 6L}) {
    const long stride = all_of_it() ? 1 : times == 1 ? 3 : 12;
    for (long at = 1 + kind % stride;; at += stride) {
      SCOPED_TRACE(fmt::format("{} of {} calls from call {} on", kind_names.at(kind), times, at));
      Sender client(world.url(), world.serial, Sender::World::failing);
      world.arm(kind, at, times, -1);
      scenario.run(client);
      world.faults().armed = false;
      ++runs;
      const bool met = world.faults().failed > 0;
      client.recover(world.url());
      client.inspect();
      scenario.run(client);
      client.inspect();
      client.clear(0);
      if (HasFailure() || !met) break;
    }
    if (HasFailure()) break;
  }
  fmt::print("{} runs\n", runs);
  EXPECT_EQ(world.server().err().find("damaged"), std::string::npos) << world.server().err();
}

INSTANTIATE_TEST_SUITE_P(Every, ObjectStoreFailure, ::testing::ValuesIn([] {
                           std::vector<Case> all;
                           for (const auto& scenario : scenarios) {
                             for (int kind = 0; kind < StoreFaults::kinds; ++kind)
                               all.push_back({scenario, static_cast<StoreFaults::Kind>(kind)});
                           }
                           return all;
                         }()),
                         [](const auto& given) {
                           return fmt::format("{}_{}", given.param.scenario.name,
                                              kind_names.at(given.param.kind));
                         });

class ObjectKill : public ::testing::TestWithParam<Scenario> {};

/// Kills before every call, and so between any two changes of the store.
TEST_P(ObjectKill, LosesNothing) {
  const long stride = all_of_it() ? 1 : 3;
  World world(profiles, false);
  std::size_t strangers = 0;
  for (long at = 1;; at += stride) {
    SCOPED_TRACE(fmt::format("killed before call {}", at));
    Sender client(world.url(), world.serial, Sender::World::deadly);
    world.arm(StoreFaults::eio, at, 0, 0);
    GetParam().run(client);
    const bool met = world.faults().calls >= at;
    world.restart();
    client.recover(world.url());
    client.inspect();
    strangers += client.strangers();
    client.clear(strangers);
    if (HasFailure() || !met) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ObjectKill, ::testing::ValuesIn(scenarios),
                         [](const auto& given) { return given.param.name; });

}  // namespace
