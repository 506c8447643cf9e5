#include "tus/receiver.hpp"

#include "protocol/tus/numbers.hpp"

namespace mock {

tl::expected<void, Reply> Receiver::take(std::span<const std::byte> bytes) {
  if (Bytes{bytes.size()} > room(upload_, limit_)) {
    // Which of the bytes are the right ones cannot be known, so none of this request is kept.
    if (upload_.offset > start_) {
      if (auto cut = services_.store.truncate(upload_.id, start_); !cut) {
        return tl::unexpected(refusal(cut.error()));
      }
      upload_.offset = start_;
    }
    return tl::unexpected(too_long());
  }
  const auto before = upload_.offset;
  auto offset = services_.store.append(upload_.id, before, bytes);
  if (!offset) return tl::unexpected(refusal(offset.error()));
  upload_.offset = *offset;
  if (*offset > before) {
    upload_.modified = services_.loop.now();
    services_.hooks.after_receive(upload_);
  }
  if (*offset - before < Bytes{bytes.size()}) {
    return tl::unexpected(refusal({StoreError::Kind::no_space, {}}));
  }
  return {};
}

tl::expected<void, Reply> Receiver::settle(bool was_complete) {
  if (was_complete || !upload_.complete()) return {};
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
