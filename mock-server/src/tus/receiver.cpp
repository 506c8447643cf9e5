#include "tus/receiver.hpp"

#include "protocol/tus/numbers.hpp"

namespace mock {

Receiver::Receiver(Services& services, Upload upload, Bytes limit, bool was_complete,
                   std::optional<tus::Checksum> checksum)
    : services_(services),
      upload_(std::move(upload)),
      start_(upload_.offset),
      limit_(limit),
      was_complete_(was_complete) {
  if (checksum) checksum_.emplace(std::move(*checksum));
}

tl::expected<void, Reply> Receiver::take(std::span<const std::byte> bytes) {
  if (Bytes{bytes.size()} > room(upload_, limit_)) {
    // Which of the bytes are the right ones cannot be known, so none of this request is kept.
    if (auto undone = roll_back(); !undone) return undone;
    return tl::unexpected(too_long());
  }
  const auto before = upload_.offset;
  auto offset = services_.store.append(upload_.id, before, bytes);
  if (offset && *offset > before) {
    upload_.offset = *offset;
    upload_.modified = services_.loop.now();
    services_.hooks.after_receive(upload_);
  }
  if (offset && *offset - before == Bytes{bytes.size()}) {
    if (checksum_) checksum_->update(bytes);
    return {};
  }
  if (checksum_) {
    if (auto undone = roll_back(); !undone) return undone;
  }
  return tl::unexpected(
      refusal(offset ? StoreError{StoreError::Kind::no_space, {}} : offset.error()));
}

tl::expected<void, Reply> Receiver::complete() {
  if (checksum_ && !checksum_->matches()) {
    if (auto undone = roll_back(); !undone) return undone;
    return tl::unexpected(checksum_mismatch());
  }
  return finish_if_complete();
}

tl::expected<void, Reply> Receiver::cut_short() {
  // What cannot be verified any more is not kept (protocol.md, Checksum; issue #172 is open).
  if (checksum_) return roll_back();
  return finish_if_complete();
}

tl::expected<void, Reply> Receiver::roll_back() {
  if (upload_.offset == start_) return {};
  if (auto cut = services_.store.truncate(upload_.id, start_); !cut) {
    return tl::unexpected(refusal(cut.error()));
  }
  upload_.offset = start_;
  return {};
}

tl::expected<void, Reply> Receiver::finish_if_complete() {
  if (!completed()) return {};
  return finish(services_.hooks, upload_);
}

Bytes limit_of(const Upload& upload, const TusOptions& options) {
  if (upload.length) return *upload.length;
  return options.max_size.value_or(tus::max_length);
}

Bytes room(const Upload& upload, Bytes limit) {
  return limit > upload.offset ? limit - upload.offset : Bytes{0};
}

Reply too_long() { return refusal(413, "the body is longer than the upload has room for"); }

}  // namespace mock
