// Takes the bytes of a request body into an upload: PATCH and Creation With Upload.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "tus/checksum.hpp"
#include "tus/operation.hpp"
#include "tus/refusals.hpp"

namespace mock {

/// Writes slices as they come, and keeps what it got whatever happens to the request; only a body
/// that is found to be wrong is taken back. A chunk with a checksum is staged: it becomes part of
/// the upload, for everyone at once, when it was verified, and is dropped otherwise. Nothing else
/// is changed before the body is known to be right. Loop thread only.
class Receiver {
 public:
  /// `upload` is as stored, and locked as long as this lives. `was_complete` tells whether it was
  /// so before this request, which then does not finish it again. `declared` is its length when
  /// this request is the one that tells it: it holds once the body is accepted, also one that was
  /// cut short. `check` is what `announced_checksum` gave. `too_long` is how bytes beyond
  /// the end are refused.
  Receiver(const Context& context, Upload upload, bool was_complete, std::optional<Bytes> declared,
           std::optional<ChecksumCheck> check, const NamedRefusal& too_long = refused::too_long);
  /// Drops what is not verified.
  ~Receiver();

  /// The body is the last of an upload whose length nobody told: when it came as a whole, the
  /// upload is as long as what is stored then.
  void ends_upload() { last_ = true; }
  /// False: `take` only counts the bytes.
  [[nodiscard]] bool looks_at_bytes() const {
    return check_ || context_.services.store.keeps_bytes();
  }
  /// Stores one slice. A Reply: why the request cannot go on.
  OrReply<void> take(std::span<const std::byte> bytes);
  /// All bytes came: checks them, finishes an upload that they completed, then calls `done` once. A
  /// checksum that nothing had announced delays that, as the bytes are then read again. `done` is
  /// not called if this was destroyed or `cut_short` meanwhile; it may destroy this.
  void complete(std::function<void(OrReply<void>)> done);
  /// No more bytes will come. The upload may be complete nevertheless, and is finished then.
  OrReply<void> cut_short();
  /// Takes back all that this request brought. On an error the store still has to do so, and will.
  OrReply<void> take_back();

  [[nodiscard]] const Upload& upload() const { return upload_; }
  /// Whether this request stored the last byte of the upload, or told that there are no more.
  [[nodiscard]] bool completed() const { return !was_complete_ && upload_.complete(); }

 private:
  OrReply<void> declare();
  OrReply<void> take_what_fits(std::span<const std::byte> bytes);
  OrReply<void> accept();
  tl::unexpected<Reply> refuse(Reply reply);
  OrReply<void> roll_back();
  void verify(tus::Checksum expected, std::function<void(OrReply<void>)> done);

  const Context& context_;
  Upload upload_;
  Bytes start_;
  bool was_complete_;
  std::optional<Bytes> declared_;
  bool last_ = false;
  Bytes limit_;
  std::optional<ChecksumCheck> check_;
  const NamedRefusal& too_long_;
  bool pending_ = false;               // bytes of this request are not verified yet
  std::shared_ptr<int> verification_;  // alive as long as its result counts
};

/// Where the bytes of `upload` have to end: its length, or the largest size while that is deferred.
[[nodiscard]] Bytes limit_of(const Upload& upload, const TusOptions& options);
/// How many bytes fit between the offset and `limit`.
[[nodiscard]] Bytes room(const Upload& upload, Bytes limit);

}  // namespace mock
