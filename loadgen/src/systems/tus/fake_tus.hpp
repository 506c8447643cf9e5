// For tests: a tus server behind a FakeTransport that does what it is told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "protocol/tus/headers.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {

/// tus core and creation in memory. `interfere` may answer instead, before anything happens.
class FakeTus {
 public:
  struct Stored {
    std::uint64_t length = 0;
    std::string bytes;
    std::string metadata;
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
      stored.length = std::stoull(std::string(*request.headers.find(tus::header::upload_length)));
      stored.metadata =
          std::string(request.headers.find(tus::header::upload_metadata).value_or(""));
      return answer(201, {{"Location", "/files/" + id}});
    }
    const auto found = uploads.find(request.url.substr(request.url.rfind('/') + 1));
    if (found == uploads.end()) return answer(404);
    Stored& stored = found->second;
    const auto at = [&] { return std::to_string(stored.bytes.size()); };
    if (request.method == "HEAD") {
      return answer(200,
                    {{"Upload-Offset", at()}, {"Upload-Length", std::to_string(stored.length)}});
    }
    if (request.method == "GET") {
      if (request.sink) request.sink(std::as_bytes(std::span(stored.bytes)));
      return answer(200);
    }
    if (*request.headers.find(tus::header::upload_offset) != at()) return answer(409);
    const std::uint64_t wanted = request.cut ? request.cut->after.value : request.source_size.value;
    std::uint64_t sent = 0;
    while (sent < wanted) {
      std::byte buffer[1000];
      const auto room = std::min<std::uint64_t>(sizeof buffer, wanted - sent);
      const auto count = request.source(Bytes{sent}, std::span(buffer).first(room));
      stored.bytes.append(reinterpret_cast<const char*>(buffer), count);
      sent += count;
    }
    // What the network ate never reached the store.
    if (request.cut) {
      const auto gone = std::min<std::uint64_t>(sent, eaten);
      stored.bytes.resize(stored.bytes.size() - gone);
      ate += gone;
    }
    LoadOutcome outcome = request.cut ? broken() : answer(204, {{"Upload-Offset", at()}});
    outcome.was_cut = request.cut.has_value();
    outcome.sent = Bytes{sent};
    return outcome;
  }

  std::function<std::optional<LoadOutcome>(const LoadRequest&)> interfere;
  std::map<std::string, Stored> uploads;
  std::uint64_t eaten = 0;  ///< of a cut transfer's last bytes
  std::uint64_t ate = 0;    ///< in all

 private:
  int created_ = 0;
};

}  // namespace loadgen
