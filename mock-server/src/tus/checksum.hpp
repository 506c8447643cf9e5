// Upload-Checksum (protocol.md, Checksum): what to expect of a chunk, and whether it came.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "protocol/digest.hpp"
#include "protocol/tus/checksum.hpp"
#include "store/store.hpp"
#include "tus/fields.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

/// The value of Tus-Checksum-Algorithm.
inline constexpr auto checksum_algorithms = "md5,sha1,sha256,crc32";

/// The checksum that the request's fields announce; nullopt when there is none or the extension is
/// not offered, in which case the field is ignored. 400 when it is malformed or of an algorithm
/// that is not supported.
[[nodiscard]] OrReply<std::optional<tus::Checksum>> announced_checksum(const Request& request,
                                                                       const TusOptions& options);
/// The same for the trailers, once the body is complete (extension checksum-trailer).
[[nodiscard]] OrReply<std::optional<tus::Checksum>> trailing_checksum(const Request& request,
                                                                      const TusOptions& options);

/// Compares a chunk with its checksum as its bytes come.
class ChecksumCheck {
 public:
  /// `expected.algorithm` is one of `checksum_algorithms`.
  explicit ChecksumCheck(tus::Checksum expected);
  void update(std::span<const std::byte> bytes) { digest_.update(bytes); }
  /// Call once.
  [[nodiscard]] bool matches();

 private:
  tus::Checksum expected_;
  Digest digest_;
};

/// Compares what `reader` holds from `from` on. May run on any thread.
[[nodiscard]] StoreResult<bool> matches(Reader& reader, Bytes from, const tus::Checksum& expected);

/// 460.
[[nodiscard]] Reply checksum_mismatch();

}  // namespace mock
