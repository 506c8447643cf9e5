// Keyed digests (RFC 2104), and a comparison whose time does not tell where two of them differ.
#pragma once

#include <string>
#include <string_view>

#include "protocol/digest.hpp"

/// The raw bytes. `algorithm` is md5, sha1 or sha256.
[[nodiscard]] std::string hmac(DigestAlgorithm algorithm, std::string_view key,
                               std::string_view bytes);
/// Takes a time that tells nothing but the lengths.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);
