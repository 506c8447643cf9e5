// Certificates made in process, and the files they are kept in. Private to this room.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

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
struct CertificateSpec {
  const char* name = "localhost";  ///< the common name
  /// Alternative names, as in "DNS:localhost,IP:127.0.0.1"; empty: an authority.
  std::string alternatives = {};
  long until = server_lifetime;  ///< seconds from now, as is `from`
  long from = -60L * 60;         ///< an hour back: the clocks of containers disagree
  bool must_staple = false;      ///< RFC 7633
};

/// For `key`; signed by `issuer`, or by itself when there is none. Null on failure.
[[nodiscard]] X509Ptr make_certificate(const CertificateSpec& spec, EVP_PKEY* key,
                                       const Identity* issuer);
/// With a key of its own. Empty on failure.
[[nodiscard]] Identity make_identity(const CertificateSpec& spec, const Identity* issuer);

/// Writes to a temporary name and renames: another server never reads half a file.
Result<void> write_file(const std::filesystem::path& path, mode_t mode,
                        const std::function<bool(BIO*)>& fill);
/// Readable by the owner only.
Result<void> write_key(const std::filesystem::path& path, EVP_PKEY* key);
/// PEM, in that order.
Result<void> write_chain(const std::filesystem::path& path, const std::vector<X509*>& chain);

}  // namespace mock
