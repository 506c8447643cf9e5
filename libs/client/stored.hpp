// What the mock server's control endpoint tells of a stored upload (docs/guides/control-api.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/endpoints.hpp"
#include "protocol/error.hpp"

namespace client {

/// The parts of the document that say what is stored.
struct Stored {
  std::uint64_t offset = 0;
  bool complete = false;
  // Digests of the stored bytes, in hexadecimal; one of the two is empty.
  std::string sha256;
  std::string xxh128;  ///< where it was asked for, and the server knows it
};
/// Appended to the URL of an upload's account, asks for a digest that costs little.
inline constexpr std::string_view ask_for_xxh128 = "?digest=xxh128";

/// "{this}/{id}" is a mock server's account of an upload. Where the target is no mock server, it
/// answers 404 there.
[[nodiscard]] std::string stored_url(const Place& creation_url);
/// Answered by 200 where the target is a mock server, whatever it stores.
[[nodiscard]] std::string mock_health_url(const Place& creation_url);
/// An Error unless `text` is such a document with a digest; there is none where bytes are not kept.
[[nodiscard]] Result<Stored> parse_stored(std::string_view text);

}  // namespace client
