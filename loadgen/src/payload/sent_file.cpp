#include "payload/sent_file.hpp"

#include <utility>

namespace loadgen {

SentFile::SentFile(const Payload& payload, std::optional<DigestAlgorithm> algorithm)
    : payload_(payload), algorithm_(algorithm) {}

void SentFile::count_in(Bytes at, std::span<const std::byte> bytes) {
  if (at > counted_ || at + Bytes{bytes.size()} <= counted_) return;
  if (!running_) running_.emplace(*algorithm_);
  running_->update(bytes.subspan(static_cast<std::size_t>((counted_ - at).value)));
  counted_ = at + Bytes{bytes.size()};
}

std::string SentFile::digest() {
  if (!running_ || counted_ < payload_.size()) return {};
  algorithm_.reset();
  return to_hex(std::exchange(running_, std::nullopt)->finish());
}

}  // namespace loadgen
