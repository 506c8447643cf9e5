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
  std::string sha256;  ///< of the bytes that are there, in hexadecimal
};

/// "{this}/{id}" is a mock server's account of an upload. Where the target is no mock server, it
/// answers 404 there.
[[nodiscard]] std::string stored_url(const Place& creation_url);
/// An Error unless `text` is such a document and has a digest: none where bytes are not kept.
[[nodiscard]] Result<Stored> parse_stored(std::string_view text);

}  // namespace client
