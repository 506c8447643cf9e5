#include "client/stored.hpp"

#include "protocol/json/decode.hpp"

namespace client {

std::string stored_url(const Place& creation_url) { return creation_url.parent + "/_mock/uploads"; }

std::string mock_health_url(const Place& creation_url) {
  return creation_url.parent + "/_mock/health";
}

Result<Stored> parse_stored(std::string_view text) {
  return json::decode(text, "control endpoint", [](const json::Cursor& root) {
    Stored stored;
    stored.offset = root.at("offset").unsigned_integer();
    stored.complete = root.at("complete").boolean();
    if (const auto xxh128 = root.find("xxh128")) {
      stored.xxh128 = xxh128->string();
      constexpr std::size_t digits = 32;
      if (stored.xxh128.size() != digits) xxh128->fail("it is no XXH3 of 128 bits");
      return stored;
    }
    stored.sha256 = root.at("sha256").string();
    constexpr std::size_t digits = 64;
    if (stored.sha256.size() != digits) root.at("sha256").fail("it is no SHA-256");
    return stored;
  });
}

}  // namespace client
