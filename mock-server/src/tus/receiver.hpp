// Takes the bytes of a request body into an upload: PATCH and Creation With Upload.
#pragma once

#include <span>

#include "tus/operation.hpp"

namespace mock {

/// Writes slices as they come. Keeps what it got whatever happens to the request, except that a
/// body found to be too long is taken back. Loop thread only.
class Receiver {
 public:
  /// `upload` is as stored; `limit` is where bytes have to end: its length, or the largest size
  /// when that is deferred.
  Receiver(Services& services, Upload upload, Bytes limit)
      : services_(services), upload_(std::move(upload)), start_(upload_.offset), limit_(limit) {}

  /// Stores one slice. A Reply: why the request cannot go on.
  tl::expected<void, Reply> take(std::span<const std::byte> bytes);
  /// Runs the finish hooks when this request completed the upload. Call once, when no more bytes
  /// will be taken, also after an abort: the last byte may have come with it.
  tl::expected<void, Reply> settle(bool was_complete);

  [[nodiscard]] const Upload& upload() const { return upload_; }

 private:
  Services& services_;
  Upload upload_;
  Bytes start_;
  Bytes limit_;
};

/// Where the bytes of `upload` have to end.
[[nodiscard]] Bytes limit_of(const Upload& upload, const TusOptions& options);
/// How many bytes fit between the offset and `limit`.
[[nodiscard]] Bytes room(const Upload& upload, Bytes limit);
[[nodiscard]] Reply too_long();

}  // namespace mock
