// What the tests of the tus handlers share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tus/fake_exchange.hpp"

namespace mock {

using Framing = FakeServer::Framing;
using Headers = FakeServer::Headers;

/// A field of the reply, or "(absent)".
inline std::string field(const Reply& reply, std::string_view name) {
  return std::string(reply.fields.find(name).value_or("(absent)"));
}

class TusTest : public testing::Test {
 protected:
  static Headers with(Headers headers) {
    headers.emplace_back("Tus-Resumable", "1.0.0");
    return headers;
  }
  static Headers patch_at(const std::string& offset, Headers more = {}) {
    more.emplace_back("Upload-Offset", offset);
    more.emplace_back("Content-Type", "application/offset+octet-stream");
    return with(std::move(more));
  }
  Reply post(Headers headers, std::string_view body = {}, Framing framing = Framing::length) {
    return server.send("POST", "/files", with(std::move(headers)), body, framing);
  }
  /// The path of a new upload.
  std::string create(Headers headers) {
    const auto reply = post(std::move(headers));
    EXPECT_EQ(reply.status, 201) << reply.body;
    const auto location = field(reply, "Location");
    const auto host = location.find("://");
    return location.substr(location.find('/', host + 3));
  }
  std::string create(std::uint64_t length) {
    return create({{"Upload-Length", std::to_string(length)}});
  }
  /// A finished partial upload.
  std::string part(std::string_view bytes) {
    const auto path =
        create({{"Upload-Length", std::to_string(bytes.size())}, {"Upload-Concat", "partial"}});
    if (!bytes.empty()) {
      EXPECT_EQ(patch(path, 0, bytes).status, 204);
    }
    return path;
  }
  Reply patch(const std::string& path, std::uint64_t offset, std::string_view body,
              Framing framing = Framing::length) {
    return server.send("PATCH", path, patch_at(std::to_string(offset)), body, framing);
  }
  Reply head(const std::string& path) { return server.send("HEAD", path, with({})); }
  std::string offset(const std::string& path) { return field(head(path), "Upload-Offset"); }
  static std::string id(const std::string& path) { return path.substr(path.rfind('/') + 1); }
  std::string stored(const std::string& path) { return server.stored(id(path)).value_or("(none)"); }

  FakeServer server;
};

/// The fields of a creation with upload.
inline Headers stream(Headers headers) {
  headers.emplace_back("Content-Type", "application/offset+octet-stream");
  return headers;
}

}  // namespace mock
