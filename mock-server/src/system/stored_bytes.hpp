// Stored bytes of an upload as the body of a reply.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "http/message.hpp"
#include "store/store.hpp"

namespace mock {

/// A range of them, also after the upload was removed.
class StoredBytes final : public BodySource {
 public:
  StoredBytes(std::unique_ptr<Reader> reader, Bytes first, Bytes length)
      : reader_(std::move(reader)), first_(first), length_(length) {}

  [[nodiscard]] Bytes size() const override { return length_; }

  Result<void> read(Bytes at, std::span<std::byte> into) override {
    const auto got = reader_->read(first_ + at, into);
    if (!got) return cannot(got.error());
    return whole(*got, into);
  }

  Result<bool> try_read(Bytes at, std::span<std::byte> into) override {
    const auto got = reader_->try_read(first_ + at, into);
    if (!got) return cannot(got.error());
    if (!*got) return false;
    return whole(**got, into).map([] { return true; });
  }

 private:
  static tl::unexpected<Error> cannot(const StoreError& error) {
    return failure("download", "the stored bytes cannot be read: " + error.detail);
  }
  static Result<void> whole(std::size_t got, std::span<std::byte> into) {
    if (got < into.size()) return failure("download", "the upload became shorter meanwhile");
    return {};
  }

  std::unique_ptr<Reader> reader_;
  Bytes first_;
  Bytes length_;
};

}  // namespace mock
