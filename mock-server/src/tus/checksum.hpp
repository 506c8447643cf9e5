// Upload-Checksum (protocol.md, Checksum): what to expect of a chunk, and whether it came.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/tus/checksum.hpp"
#include "store/store.hpp"
#include "tus/fields.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

/// The value of Tus-Checksum-Algorithm.
inline constexpr auto checksum_algorithms = "md5,sha1,sha256,crc32,crc32c";

/// Compares a chunk with its checksum as its bytes come. Move-only.
class ChecksumCheck {
 public:
  /// `expected.algorithm` is one of `checksum_algorithms`.
  explicit ChecksumCheck(tus::Checksum expected);
  /// For a checksum that a trailer will bring: as its algorithm is not known yet, all are computed.
  ChecksumCheck();

  void update(std::span<const std::byte> bytes);
  /// Call once, when the body and its trailers are complete. 460: the bytes differ; 400: the
  /// trailer that was announced did not come, or cannot be understood.
  [[nodiscard]] OrReply<void> verify(const Request& request, const TusOptions& options);

 private:
  std::optional<tus::Checksum> expected_;
  std::vector<std::pair<std::string, Digest>> digests_;  // by algorithm
};

/// How the chunk of this request is to be checked: by the Upload-Checksum among its fields, or by
/// the one that its Trailer field announces. nullopt when there is neither or the extension is not
/// offered, in which case the fields are ignored. 400 when Upload-Checksum is malformed or of an
/// algorithm that is not supported.
[[nodiscard]] OrReply<std::optional<ChecksumCheck>> announced_checksum(const Request& request,
                                                                       const TusOptions& options);
/// The Upload-Checksum among the trailers, once the body is complete; as above. Trailers that were
/// not announced count too (tus-resumable-upload-protocol#202).
[[nodiscard]] OrReply<std::optional<tus::Checksum>> trailing_checksum(const Request& request,
                                                                      const TusOptions& options);

/// Compares what `reader` holds from `from` on. May run on any thread.
[[nodiscard]] StoreResult<bool> matches(Reader& reader, Bytes from, const tus::Checksum& expected);

}  // namespace mock
