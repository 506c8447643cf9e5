// Running digests. Used for Upload-Checksum, for evidence and for verifying delivered bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

enum class DigestAlgorithm {
  md5,
  sha1,
  sha256,
  crc32,
  crc32c,
  crc64nvme,
  xxh128,  ///< XXH3, 128 bits: finds accidents at the speed of memory, but no forgery
};

/// Not thread-safe; move-only. `finish` may be called once.
class Digest {
 public:
  explicit Digest(DigestAlgorithm algorithm);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);
  /// The raw digest bytes. A CRC has four or eight, xxh128 sixteen, most significant first.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Hexadecimal SHA-256 of `bytes` in one step.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
