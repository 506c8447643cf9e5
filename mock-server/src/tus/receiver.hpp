// Takes the bytes of a request body into an upload: PATCH and Creation With Upload.
#pragma once

#include <optional>
#include <span>

#include "tus/checksum.hpp"
#include "tus/operation.hpp"

namespace mock {

/// Writes slices as they come. Keeps what it got whatever happens to the request, except that a
/// body found to be too long, or one whose checksum did not or cannot hold, is taken back. Loop
/// thread only.
class Receiver {
 public:
  /// `upload` is as stored; `limit` is where bytes have to end; `was_complete` tells whether the
  /// upload was so before this request, which then does not finish it again.
  Receiver(Services& services, Upload upload, Bytes limit, bool was_complete,
           std::optional<tus::Checksum> checksum);

  /// Stores one slice. A Reply: why the request cannot go on.
  tl::expected<void, Reply> take(std::span<const std::byte> bytes);
  /// All bytes came: checks them, and finishes an upload that they completed.
  tl::expected<void, Reply> complete();
  /// No more bytes will come. The upload may be complete nevertheless, and is finished then.
  tl::expected<void, Reply> cut_short();
  /// Takes back what this request stored.
  tl::expected<void, Reply> roll_back();

  [[nodiscard]] const Upload& upload() const { return upload_; }
  /// Where the bytes of this request start.
  [[nodiscard]] Bytes start() const { return start_; }
  /// Whether this request stored the last byte of the upload, or told that there are no more.
  [[nodiscard]] bool completed() const { return !was_complete_ && upload_.complete(); }

 private:
  tl::expected<void, Reply> finish_if_complete();

  Services& services_;
  Upload upload_;
  Bytes start_;
  Bytes limit_;
  bool was_complete_;
  std::optional<ChecksumCheck> checksum_;
};

/// Where the bytes of `upload` have to end: its length, or the largest size while that is deferred.
[[nodiscard]] Bytes limit_of(const Upload& upload, const TusOptions& options);
/// How many bytes fit between the offset and `limit`.
[[nodiscard]] Bytes room(const Upload& upload, Bytes limit);
[[nodiscard]] Reply too_long();

}  // namespace mock
