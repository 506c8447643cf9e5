// One test per census row, where a row can hold without a socket; the row's id is the test's name.
#include "tus/tus_handler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tus/fake_exchange.hpp"

namespace mock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Framing = FakeServer::Framing;
using Headers = FakeServer::Headers;

std::string field(const Reply& reply, std::string_view name) {
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

TEST_F(TusTest, Core_CreatePatchHead) {
  const auto path = create(11);
  EXPECT_EQ(offset(path), "0");
  EXPECT_EQ(field(patch(path, 0, "hello "), "Upload-Offset"), "6");
  EXPECT_EQ(field(patch(path, 6, "world"), "Upload-Offset"), "11");
  EXPECT_EQ(offset(path), "11");
  EXPECT_EQ(stored(path), "hello world");
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/11", "finishing 11/11", "finished 11/11"));
}

}  // namespace
}  // namespace mock
