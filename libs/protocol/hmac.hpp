// Keyed digests (RFC 2104), and the compare that does not tell where two of them differ.
#pragma once

#include <string>
#include <string_view>

#include "protocol/digest.hpp"

/// The raw bytes. `algorithm` is md5, sha1 or sha256.
[[nodiscard]] std::string hmac(DigestAlgorithm algorithm, std::string_view key,
                               std::string_view bytes);
/// In a time that tells the lengths at most.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);
