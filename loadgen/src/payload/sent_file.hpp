// A file on its way to a server.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "payload/payload.hpp"
#include "protocol/digest.hpp"

namespace loadgen {

/// Hands out the bytes of a payload and makes a digest of them on the way, so that they need not be
/// made once more for it. Not thread-safe. Holds a running digest from the first byte until
/// `digest` is called.
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
  /// The digest of the whole file, in hexadecimal; it can be asked for once. Empty where some bytes
  /// were not handed out in their order: a server may claim to have what it was never sent.
  [[nodiscard]] std::string digest();

 private:
  void count_in(Bytes at, std::span<const std::byte> bytes);

  Payload payload_;
  std::optional<DigestAlgorithm> algorithm_;
  std::optional<Digest> running_;
  Bytes counted_;  ///< this far
};

}  // namespace loadgen
