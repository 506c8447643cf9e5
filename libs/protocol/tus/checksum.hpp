// Upload-Checksum and Tus-Checksum-Algorithm (protocol.md, Checksum).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"

namespace tus {

struct Checksum {
  std::string algorithm;  ///< as sent
  std::string digest;     ///< decoded bytes
  bool operator==(const Checksum&) const = default;
};

/// "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=": a token, one space, strict Base64. A digest may have any
/// length: one of the wrong length matches nothing (460), but is not malformed.
[[nodiscard]] Result<Checksum> parse_checksum(std::string_view header);
[[nodiscard]] std::string format_checksum(const Checksum& checksum);
/// nullopt for an algorithm we do not compute.
[[nodiscard]] std::optional<DigestAlgorithm> digest_algorithm(std::string_view tus_name);

}  // namespace tus
