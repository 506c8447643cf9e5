// For tests: a tus server behind a FakeTransport that does what it is told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/digest.hpp"
#include "protocol/tus/checksum.hpp"
#include "protocol/tus/concat.hpp"
#include "protocol/tus/headers.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {

/// tus core, creation, concatenation, checksums, and deferred lengths, which may also be told by
/// the draft's signal but never twice; in memory. `interfere` may answer instead, before anything
/// happens.
class FakeTus {
 public:
  struct Stored {
    std::optional<std::uint64_t> length;
    std::string bytes;
    std::string metadata;
    std::string concat;
  };

  LoadOutcome operator()(const LoadRequest& request) {
    if (interfere) {
      if (auto outcome = interfere(request)) return *outcome;
    }
    return serve(request);
  }

  LoadOutcome serve(const LoadRequest& request) {
    if (request.method == "POST") {
      const std::string id = std::to_string(++created_);
      Stored& stored = uploads[id];
      stored.metadata = field(request, tus::header::upload_metadata);
      stored.concat = field(request, tus::header::upload_concat);
      if (stored.concat.starts_with("final;")) {
        const auto concat = tus::parse_concat(stored.concat);
        for (const auto& url : concat->parts) stored.bytes += at(url).bytes;
        stored.length = stored.bytes.size();
      } else {
        learn_length(stored, request);
      }
      LoadOutcome outcome = answer(201, {{"Location", "/files/" + id}});
      if (request.source) outcome = take(stored, request, std::move(outcome));
      return outcome;
    }
    if (!uploads.contains(id_of(request.url))) return answer(404);
    Stored& stored = at(request.url);
    if (request.method == "HEAD") {
      LoadOutcome outcome = answer(200, {{"Upload-Offset", offset_of(stored)}});
      if (stored.length) {
        outcome.response->headers.add("Upload-Length", std::to_string(*stored.length));
      }
      return outcome;
    }
    if (request.method == "GET") {
      if (request.sink) request.sink(std::as_bytes(std::span(stored.bytes)));
      return answer(200);
    }
    if (field(request, tus::header::upload_offset) != offset_of(stored)) return answer(409);
    if (stored.length && !field(request, tus::header::upload_length).empty()) return answer(400);
    learn_length(stored, request);
    LoadOutcome outcome = take(stored, request, answer(204));
    const bool last = field(request, "Upload-Complete") == "?1";
    if (outcome.response && last) stored.length = stored.bytes.size();
    return outcome;
  }

  static std::string field(const LoadRequest& request, std::string_view name) {
    return std::string(request.headers.find(name).value_or(""));
  }

  std::function<std::optional<LoadOutcome>(const LoadRequest&)> interfere;
  std::map<std::string, Stored> uploads;
  std::uint64_t eaten = 0;  ///< of a cut transfer's last bytes
  std::uint64_t ate = 0;    ///< in all

 private:
  static std::string id_of(const std::string& url) { return url.substr(url.rfind('/') + 1); }
  Stored& at(const std::string& url) { return uploads.at(id_of(url)); }
  static std::string offset_of(const Stored& stored) { return std::to_string(stored.bytes.size()); }

  static void learn_length(Stored& stored, const LoadRequest& request) {
    const std::string told = field(request, tus::header::upload_length);
    if (!told.empty()) stored.length = std::stoull(told);
  }

  /// Appends the body of `request` to what is stored; `good` then tells the new offset.
  LoadOutcome take(Stored& stored, const LoadRequest& request, LoadOutcome good) {
    const std::string before = stored.bytes;
    const std::uint64_t wanted = request.cut ? request.cut->after.value : request.source_size.value;
    std::uint64_t sent = 0;
    while (sent < wanted) {
      std::byte buffer[1000];
      const auto room = std::min<std::uint64_t>(sizeof buffer, wanted - sent);
      const auto count = request.source(Bytes{sent}, std::span(buffer).first(room));
      if (count == 0) {
        LoadOutcome outcome = broken();
        outcome.sent = Bytes{sent};
        return outcome;
      }
      stored.bytes.append(reinterpret_cast<const char*>(buffer), count);
      sent += count;
    }
    // What the network ate never reached the store.
    if (request.cut) {
      const auto gone = std::min<std::uint64_t>(sent, eaten);
      stored.bytes.resize(stored.bytes.size() - gone);
      ate += gone;
    }
    LoadOutcome outcome = request.cut ? broken() : std::move(good);
    if (const auto told = field(request, tus::header::upload_checksum); !told.empty()) {
      const auto checksum = tus::parse_checksum(told);
      Digest digest(*tus::digest_algorithm(checksum->algorithm));
      digest.update(std::string_view(stored.bytes).substr(before.size()));
      const bool right = !request.cut && digest.finish() == checksum->digest;
      if (!right) stored.bytes = before;
      if (!right && !request.cut) outcome = answer(tus::status_checksum_mismatch);
    }
    if (outcome.response) outcome.response->headers.set("Upload-Offset", offset_of(stored));
    outcome.was_cut = request.cut.has_value();
    outcome.sent = Bytes{sent};
    return outcome;
  }

  int created_ = 0;
};

}  // namespace loadgen
