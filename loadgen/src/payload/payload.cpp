#include "payload/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "payload/hash.hpp"
#include "protocol/digest.hpp"
#include "settings/choice.hpp"

namespace loadgen {

namespace {

constexpr std::array<std::pair<std::string_view, PayloadKind>, 7> kinds{
    {{"random", PayloadKind::random},
     {"hl7", PayloadKind::hl7},
     {"csv", PayloadKind::csv},
     {"fastq", PayloadKind::fastq},
     {"fastq-gz", PayloadKind::fastq_gz},
     {"fastq-pair", PayloadKind::fastq_pair},
     {"fastq-gz-pair", PayloadKind::fastq_gz_pair}}};

std::string text_of(PayloadKind kind, std::uint64_t key, const detail::FastqBlock& block) {
  switch (kind) {
    case PayloadKind::hl7:
      return detail::hl7_block(key, block.number, block.length);
    case PayloadKind::csv:
      return detail::csv_block(key, block.number, block.length);
    case PayloadKind::fastq_gz:
    case PayloadKind::fastq_gz_pair:
      return detail::fastq_gz_block(key, block);
    default:
      return detail::fastq_block(key, block);
  }
}

}  // namespace

Result<PayloadKind> parse_payload_kind(std::string_view text) {
  if (const auto kind = settings::value_named(kinds, text)) return *kind;
  return settings::not_one_of(text, settings::names_in(kinds));
}

std::string_view to_string(PayloadKind kind) { return settings::name_of(kinds, kind); }

std::string_view file_extension(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::random:
      return "bin";
    case PayloadKind::fastq_pair:
      return "fastq";
    case PayloadKind::fastq_gz:
    case PayloadKind::fastq_gz_pair:
      return "fastq.gz";
    default:
      return to_string(kind);
  }
}

bool is_pair(PayloadKind kind) {
  return kind == PayloadKind::fastq_pair || kind == PayloadKind::fastq_gz_pair;
}

Bytes smallest(PayloadKind kind) {
  if (kind == PayloadKind::random) return Bytes{0};
  return Bytes{is_pair(kind) ? 2 * detail::smallest_block : detail::smallest_block};
}

// Of both files of a pair the blocks are the same, so that it is even; the second takes what is
// odd.
Bytes first_file(PayloadKind kind, Bytes size) {
  return is_pair(kind) ? Bytes{size.value / 4 * 2} : size;
}

namespace detail {

void fill_random(std::uint64_t key, std::uint64_t at, std::span<std::byte> into) {
  // Counter mode: word i is mix(key + i * golden), so any range starts anywhere at once.
  static_assert(std::endian::native == std::endian::little, "words are laid out little-endian");
  std::uint64_t word = at / 8;
  std::size_t done = 0;
  const auto partial = [&](std::size_t skip) {
    const std::uint64_t value = mix(key + word * golden);
    const std::size_t count = std::min(8 - skip, into.size() - done);
    std::memcpy(into.data() + done, reinterpret_cast<const char*>(&value) + skip, count);
    done += count;
    ++word;
  };
  if (at % 8 != 0 && !into.empty()) partial(at % 8);
  std::uint64_t state = key + word * golden;
  const std::size_t whole = (into.size() - done) / 8;
  std::byte* out = into.data() + done;
  for (std::size_t i = 0; i < whole; ++i) {
    const std::uint64_t value = mix(state);
    std::memcpy(out + i * 8, &value, 8);
    state += golden;
  }
  done += whole * 8;
  word += whole;
  if (done < into.size()) partial(0);
}

}  // namespace detail

Payload::Payload(PayloadKind kind, std::uint64_t seed, std::uint64_t upload, Bytes size)
    : kind_(kind), key_(hash_for(Purpose::payload, {seed, upload})), size_(size), whole_(size) {}

Payload Payload::until(Bytes end) const {
  Payload part = *this;
  part.size_ = std::min(end, size_);
  return part;
}

std::size_t Payload::read(Bytes at, std::span<std::byte> into) const {
  if (at >= size_ || into.empty()) return 0;
  into = into.first(
      static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_.value - at.value)));
  if (kind_ == PayloadKind::random) {
    detail::fill_random(key_, at.value, into);
    return into.size();
  }
  return read_text(at, into);
}

std::size_t Payload::read_text(Bytes at, std::span<std::byte> into) const {
  using detail::block_size;
  const Bytes first = first_file(kind_, whole_);
  const bool second = at >= first;
  const std::uint64_t file_begin = second ? first.value : 0;
  const std::uint64_t file_size = second ? whole_.value - first.value : first.value;
  into = into.first(static_cast<std::size_t>(
      std::min<std::uint64_t>(into.size(), file_begin + file_size - at.value)));
  // The last block takes the remainder that is too small to be one.
  const std::uint64_t blocks =
      std::max<std::uint64_t>(1, (first.value + block_size - detail::smallest_block) / block_size);
  std::size_t done = 0;
  while (done < into.size()) {
    const std::uint64_t position = at.value - file_begin + done;
    detail::FastqBlock block{std::min(position / block_size, blocks - 1), second ? 1U : 0U,
                             block_size, 0};
    const std::uint64_t start = block.number * block_size;
    if (block.number + 1 == blocks) {
      block.length = static_cast<std::size_t>(first.value - start);
      block.more = static_cast<std::size_t>(file_size - first.value);
    }
    const std::size_t length = block.length + block.more;
    const auto from = static_cast<std::size_t>(position - start);
    const std::size_t count = std::min(length - from, into.size() - done);
    if (done > 0 && count < length) break;
    const std::string text = text_of(kind_, key_, block);
    std::memcpy(into.data() + done, text.data() + from, count);
    done += count;
  }
  return done;
}

std::string Payload::sha256(const std::function<bool()>& stopped) const {
  Digest digest(DigestAlgorithm::sha256);
  std::vector<std::byte> buffer(256U << 10U);
  for (Bytes at; at < size_ && !(stopped && stopped());) {
    const std::size_t count = read(at, buffer);
    digest.update(std::span<const std::byte>(buffer.data(), count));
    at += Bytes{count};
  }
  return to_hex(digest.finish());
}

}  // namespace loadgen
