// Reads as a sequencer of Illumina's writes them: four lines a record, the name as its software
// has it (instrument, run, flow cell, lane, tile, x, y; read, filter, control, index), qualities in
// a few bins (Cock et al. 2010, "The Sanger FASTQ file format"). The two ends of a fragment are in
// two files, at the same place and under the same name.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "payload/hash.hpp"
#include "payload/payload.hpp"

namespace loadgen::detail {
namespace {

constexpr std::string_view bases = "ACGT";
/// Phred 37 mostly, then 25 and 11.
constexpr std::string_view qualities = "FFFFFFFFFFFFF:,F";
constexpr std::size_t read_length = 151;
/// More than a record of that length takes.
constexpr std::size_t room = 400;
/// The characters of a record besides its first line, its bases and their qualities.
constexpr std::size_t around = 4;
/// Characters of text for each byte of a compressed file: zlib makes a little less than one byte of
/// so many.
constexpr std::size_t expansion = 3;
constexpr std::size_t head_size = 10, tail_size = 8;  // of a member, without the comment

/// The letters for each value of a byte: several at a time, as most of a file is made of them.
template <std::size_t count>
using Letters = std::array<std::array<char, count>, 256>;

template <std::size_t count>
constexpr Letters<count> letters_of(std::string_view alphabet) {
  Letters<count> letters{};
  for (std::size_t byte = 0; byte < letters.size(); ++byte) {
    std::size_t bits = byte;
    for (char& letter : letters[byte]) {
      letter = alphabet[bits % alphabet.size()];
      bits /= alphabet.size();
    }
  }
  return letters;
}

template <std::size_t at_a_time>
void add_letters(std::string& out, Draws& draws, std::size_t count,
                 const Letters<at_a_time>& letters) {
  std::uint64_t bits = 0;
  for (std::size_t done = 0; done < count; done += at_a_time, bits >>= 8U) {
    if (done % (8 * at_a_time) == 0) bits = draws.next();
    out.append(letters[bits & 0xFFU].data(), std::min(at_a_time, count - done));
  }
}

void add_bases(std::string& out, Draws& draws, std::size_t count) {
  static constexpr auto letters = letters_of<4>(bases);
  add_letters(out, draws, count, letters);
}

void add_qualities(std::string& out, Draws& draws, std::size_t count) {
  static constexpr auto letters = letters_of<2>(qualities);
  add_letters(out, draws, count, letters);
}

/// What both ends of a fragment have in common is drawn from `fragment`, the rest from `own`.
class Records {
 public:
  Records(std::uint64_t key, const FastqBlock& block)
      : key_(key),
        block_(block),
        fragment_(hash_of({key, block.number})),
        own_(hash_of({key, block.number, block.file})) {}

  /// A read of the usual length, or one that was trimmed.
  void add() {
    const bool trimmed = fragment_.below(8) == 0;
    const std::size_t length = trimmed ? 50 + fragment_.below(100) : read_length;
    add_name();
    add_read(length);
  }
  /// A record of exactly `size` characters and `more`; its name takes a character left over, and
  /// `more`.
  void add_exactly(std::size_t size, std::size_t more) {
    const std::size_t before = out.size();
    add_name();
    const std::size_t left = size - (out.size() - before) - around;
    out.pop_back();
    add_bases(out, own_, left % 2 + more);
    out += '\n';
    add_read(left / 2);
  }

  std::string out;

 private:
  void add_name() {
    fmt::format_to(std::back_inserter(out),
                   "@SYNTH:1:{:08X}:{}:{}:{}:{} {}:N:0:", key_ & 0xFFFFFFFFU,
                   1 + fragment_.below(4), 1101 + fragment_.below(78), block_.number, record_++,
                   1 + block_.file);
    add_bases(out, fragment_, 8);
    out += '\n';
  }
  void add_read(std::size_t length) {
    add_bases(out, own_, length);
    out += "\n+\n";
    add_qualities(out, own_, length);
    out += '\n';
  }

  std::uint64_t key_;
  FastqBlock block_;
  Draws fragment_, own_;
  std::uint64_t record_ = 0;
};

/// Raw deflate of `text` (RFC 1951).
std::string deflated(const std::string& text) {
  z_stream stream{};
  // As fast as it gets: it is done while an upload is sent.
  if (deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib cannot compress");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib reads it only.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (!whole) throw std::runtime_error("zlib did not compress to the end");
  return out;
}

void add_number(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i));
}

}  // namespace

std::string fastq_block(std::uint64_t key, const FastqBlock& block) {
  Records records(key, block);
  records.out.reserve(block.length + block.more);
  while (block.length - records.out.size() > 2 * room) records.add();
  records.add_exactly((block.length - records.out.size()) / 2, 0);
  records.add_exactly(block.length - records.out.size(), block.more);
  return std::move(records.out);
}

// RFC 1952: a file may have any number of members, each of which may have a comment.
std::string fastq_gz_block(std::uint64_t key, const FastqBlock& block) {
  const std::size_t whole = block.length + block.more;
  const std::size_t most = block.length - head_size - tail_size;
  FastqBlock plain = block;
  plain.more = 0;
  plain.length = most * expansion;
  std::string text = fastq_block(key, plain);
  std::string body = deflated(text);
  while (body.size() > most) {
    plain.length -= plain.length / 8;
    text = fastq_block(key, plain);
    body = deflated(text);
  }
  std::size_t comment = whole - head_size - tail_size - body.size();
  constexpr char has_comment = 0x10;
  std::string out{'\x1f', '\x8b', Z_DEFLATED, comment > 0 ? has_comment : '\0'};
  out.append({'\0', '\0', '\0', '\0', '\0', '\xff'});  // no time, no word on level and system
  if (comment > 0) {
    Draws draws(hash_of({key, block.number, block.file, comment}));
    add_bases(out, draws, comment - 1);
    out += '\0';
  }
  out += body;
  const auto* const bytes = reinterpret_cast<const Bytef*>(text.data());
  add_number(out, crc32(0, bytes, static_cast<uInt>(text.size())));
  add_number(out, text.size());
  return out;
}

}  // namespace loadgen::detail
