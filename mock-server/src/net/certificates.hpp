// Certificates made in process, and the files they are kept in. Private to this room.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>

#include "net/openssl_ptr.hpp"
#include "protocol/error.hpp"

namespace mock {

inline constexpr long seconds_of_day = 24L * 60 * 60;
inline constexpr long ca_lifetime = 3650 * seconds_of_day;
/// What clients accept at most (Apple's rule since 2020: 398 days) minus a margin.
inline constexpr long server_lifetime = 390 * seconds_of_day;

struct Identity {
  X509Ptr certificate;
  KeyPtr key;
  explicit operator bool() const { return certificate && key; }
};

/// Empty when a file is missing, does not parse, ends within a day, or the two do not match.
[[nodiscard]] Identity load_identity(const std::filesystem::path& certificate,
                                     const std::filesystem::path& key);
/// Signed by `issuer`, or by itself when there is none: then an authority. Empty on failure.
[[nodiscard]] Identity make_identity(const char* name, long lifetime, const Identity* issuer);

/// Writes to a temporary name and renames: another server never reads half a file.
Result<void> write_file(const std::filesystem::path& path, mode_t mode,
                        const std::function<bool(BIO*)>& fill);
/// Readable by the owner only.
Result<void> write_key(const std::filesystem::path& path, EVP_PKEY* key);

}  // namespace mock
