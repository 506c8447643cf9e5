// The bytes of an upload: a pure function of (seed, upload, size, offset). Nothing is stored, any
// range can be made again, and every byte can be verified at the other end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace loadgen {

enum class PayloadKind {
  random,  ///< incompressible
  hl7,     ///< HL7 v2.5.1 ORU^R01 laboratory messages about synthetic people
  csv,     ///< a line list about synthetic people
};
[[nodiscard]] Result<PayloadKind> parse_payload_kind(std::string_view text);
[[nodiscard]] std::string_view to_string(PayloadKind kind);
/// "bin", "hl7", "csv".
[[nodiscard]] std::string_view file_extension(PayloadKind kind);
/// The smallest file that is well-formed: one block of text formats, nothing at all for random.
[[nodiscard]] Bytes smallest(PayloadKind kind);

/// A value; thread-safe.
class Payload {
 public:
  /// `size` is at least smallest(kind).
  Payload(PayloadKind kind, std::uint64_t seed, std::uint64_t upload, Bytes size);

  [[nodiscard]] Bytes size() const { return size_; }
  /// Fills some of `into` with the bytes from `at` and returns how many: at least one unless `at`
  /// is the end. Stops at a block's end where that spares making the next block twice.
  std::size_t read(Bytes at, std::span<std::byte> into) const;
  /// Hexadecimal SHA-256 of all of it. Costs a pass over every byte; one that is stopped on the way
  /// gives that of a part.
  [[nodiscard]] std::string sha256(const std::function<bool()>& stopped = {}) const;

 private:
  PayloadKind kind_;
  std::uint64_t key_;
  Bytes size_;
};

namespace detail {
/// Text formats are made in blocks of this size; the last one takes a remainder that is too small
/// to stand alone. Each is filled to its last byte in a way that its format allows.
inline constexpr std::size_t block_size = 16U << 10U;
inline constexpr std::size_t smallest_block = 2U << 10U;

void fill_random(std::uint64_t key, std::uint64_t at, std::span<std::byte> into);
/// Exactly `length` characters (smallest_block or more), ending with a segment terminator (CR).
[[nodiscard]] std::string hl7_block(std::uint64_t key, std::uint64_t block, std::size_t length);
/// Exactly `length` characters, ending with CRLF; block 0 begins with the header record.
[[nodiscard]] std::string csv_block(std::uint64_t key, std::uint64_t block, std::size_t length);
}  // namespace detail

}  // namespace loadgen
