// A file on its way to a server.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "payload/payload.hpp"
#include "protocol/digest.hpp"

namespace loadgen {

/// Hands out the bytes of a payload, and makes a digest of what it handed out, so that nobody has
/// to make all of them once more for that. Not thread-safe; as large as a running digest from the
/// first byte on until it is told.
class SentFile {
 public:
  /// Without an algorithm no digest is made, and nothing is paid for one.
  SentFile(const Payload& payload, std::optional<DigestAlgorithm> algorithm);

  /// As Payload::read. Each byte counts once, the first time: what is sent again after a cut, or to
  /// another upload, are the same bytes.
  std::size_t read(Bytes at, std::span<std::byte> into) {
    const std::size_t count = payload_.read(at, into);
    if (algorithm_) count_in(at, into.first(count));
    return count;
  }
  [[nodiscard]] const Payload& payload() const { return payload_; }
  /// Of the whole file, in hexadecimal; empty where none was made, as some of it was not handed out
  /// in its order: a server may claim to have what it was never sent. It is told once.
  [[nodiscard]] std::string digest();

 private:
  void count_in(Bytes at, std::span<const std::byte> bytes);

  Payload payload_;
  std::optional<DigestAlgorithm> algorithm_;
  std::optional<Digest> running_;
  Bytes counted_;  ///< this far
};

}  // namespace loadgen
