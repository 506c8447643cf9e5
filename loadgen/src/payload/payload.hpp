// The bytes of an upload: a pure function of (seed, upload, size, offset), unless they are read
// from files of one's own. Nothing is stored, any range can be made again, and every byte can be
// verified at the other end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "payload/own_files.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace loadgen {

enum class PayloadKind {
  random,  ///< incompressible
  hl7,     ///< HL7 v2.5.1 ORU^R01 laboratory messages about synthetic people
  csv,     ///< a line list about synthetic people
  // Synthetic reads of a sequencer. A pair is two files, one behind the other, with the two ends of
  // each fragment at the same place. gzip leaves 0.26 of the plain ones (level 6); a compressed one
  // holds three times its size.
  fastq,
  fastq_gz,
  fastq_pair,
  fastq_gz_pair,
  constant,      ///< one byte over and over: swapped or repeated parts go unnoticed
  compressible,  ///< any compressor leaves a chosen share of it
  file,          ///< files of the user's own
};
/// Its name, without its parameter.
[[nodiscard]] std::string_view to_string(PayloadKind kind);
/// "bin", "hl7", "csv", "fastq", "fastq.gz".
[[nodiscard]] std::string_view file_extension(PayloadKind kind);
/// The smallest file that is well-formed: one block for text formats, one for each file of a pair,
/// 0 for the others.
[[nodiscard]] Bytes smallest(PayloadKind kind);
[[nodiscard]] bool is_pair(PayloadKind kind);
/// How many of `size` bytes are the first file: all of them, unless the kind is a pair.
[[nodiscard]] Bytes first_file(PayloadKind kind, Bytes size);

/// What the files of a run hold. A value.
struct Content {
  Content() = default;
  Content(PayloadKind is) : kind(is) {}  // NOLINT(google-explicit-constructor): most are no more

  PayloadKind kind = PayloadKind::random;
  double leaves = 0.5;                  ///< of `compressible`: what a compressor leaves of 1
  std::shared_ptr<const OwnFiles> own;  ///< of `file`
  bool operator==(const Content&) const = default;

  /// The extension of the file that an upload sends.
  [[nodiscard]] std::string extension(std::uint64_t seed, std::uint64_t upload) const;
};
/// A kind that is made: "hl7", "compressible", "compressible:0.3".
[[nodiscard]] Result<Content> parse_content(std::string_view text);
/// A file, or those of a folder.
[[nodiscard]] Result<Content> own_content(const std::string& path);
[[nodiscard]] std::string to_string(const Content& content);

/// A value; thread-safe.
class Payload {
 public:
  /// `size` is at least smallest(kind); for the user's own file it is all of it. `content.own`
  /// outlives this.
  Payload(const Content& content, std::uint64_t seed, std::uint64_t upload, Bytes size);

  [[nodiscard]] Bytes size() const { return size_; }
  /// Fills some of `into` with the bytes from `at` and returns how many: at least one unless `at`
  /// is the end, or the file is not what it was (`trouble`). Stops at a block's end where that
  /// spares making the next block twice.
  std::size_t read(Bytes at, std::span<std::byte> into) const;
  /// How many of `bytes`, from the first on, are found equal to those from `at` on. That takes a
  /// quarter less time than to make and compare them; 0 where it cannot be told.
  [[nodiscard]] std::size_t same(Bytes at, std::span<const std::byte> bytes) const;
  /// OwnFile::trouble of the user's own file; else empty.
  [[nodiscard]] std::string trouble() const { return own_ ? own_->trouble() : std::string(); }
  /// The bytes are the user's own, and reports tell nothing of them.
  [[nodiscard]] bool is_own() const { return own_ != nullptr; }
  /// The same payload, but only what is before `end`.
  [[nodiscard]] Payload until(Bytes end) const;
  /// The digest of all of it, in hexadecimal. Costs a pass over every byte. If `stopped` ends the
  /// pass, the digest is that of a part.
  [[nodiscard]] std::string digest(DigestAlgorithm algorithm,
                                   const std::function<bool()>& stopped = {}) const;

 private:
  [[nodiscard]] std::size_t read_text(Bytes at, std::span<std::byte> into) const;

  PayloadKind kind_;
  std::uint64_t key_;
  Bytes size_;
  Bytes whole_;                   ///< before `until` shortened it to `size_`
  std::size_t dense_ = 0;         ///< compressible: bytes of a piece that are random
  const OwnFile* own_ = nullptr;  ///< file
};

namespace detail {
/// Text formats are made in blocks of this size; the last one takes a remainder that is too small
/// to stand alone. Each is filled to its last byte in a way that its format allows.
inline constexpr std::size_t block_size = 16U << 10U;
inline constexpr std::size_t smallest_block = 2U << 10U;
inline constexpr std::size_t longest_block = block_size + smallest_block - 1;

void fill_random(std::uint64_t key, std::uint64_t at, std::span<std::byte> into);
/// How many of `bytes`, in whole pieces from the first on, are what fill_random makes from `at` on.
[[nodiscard]] std::size_t same_random(std::uint64_t key, std::uint64_t at,
                                      std::span<const std::byte> bytes);
/// The first `dense` bytes of every 4 KiB are those of fill_random, the others 0.
void fill_compressible(std::uint64_t key, std::uint64_t at, std::size_t dense,
                       std::span<std::byte> into);
/// Fills `into` (smallest_block to longest_block) with whole records that no other block of any
/// upload has: ending with a segment terminator (CR).
void hl7_block(std::uint64_t key, std::uint64_t block, std::span<char> into);
/// ... ending with CRLF; block 0 begins with the header record.
void csv_block(std::uint64_t key, std::uint64_t block, std::span<char> into);

inline constexpr std::size_t most_more = 3;
struct FastqBlock {
  std::uint64_t number = 0;
  unsigned file = 0;       ///< of a pair: 0 or 1
  std::size_t length = 0;  ///< says how many records there are, and of which fragments
  std::size_t more = 0;    ///< characters, most_more at most
};
/// Exactly `length` characters (smallest_block or more) and `more`, whole records.
[[nodiscard]] std::string fastq_block(std::uint64_t key, const FastqBlock& block);
/// The same in bytes: a member of a gzip file (RFC 1952), with whole records.
[[nodiscard]] std::string fastq_gz_block(std::uint64_t key, const FastqBlock& block);
}  // namespace detail

}  // namespace loadgen
