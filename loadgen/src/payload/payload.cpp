#include "payload/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "payload/hash.hpp"
#include "settings/choice.hpp"

namespace loadgen {

namespace {

constexpr std::array<std::pair<std::string_view, PayloadKind>, 10> kinds{
    {{"random", PayloadKind::random},
     {"hl7", PayloadKind::hl7},
     {"csv", PayloadKind::csv},
     {"fastq", PayloadKind::fastq},
     {"fastq-gz", PayloadKind::fastq_gz},
     {"fastq-pair", PayloadKind::fastq_pair},
     {"fastq-gz-pair", PayloadKind::fastq_gz_pair},
     {"constant", PayloadKind::constant},
     {"compressible", PayloadKind::compressible},
     {"file", PayloadKind::file}}};

constexpr std::size_t piece_bytes = 4096;
// Below this, most of what is left is a compressor's own overhead.
constexpr double least_left = 0.02;

bool is_bare(PayloadKind kind) {
  return kind == PayloadKind::random || kind == PayloadKind::constant ||
         kind == PayloadKind::compressible || kind == PayloadKind::file;
}

/// Makes a block of a text format.
void fill_block(PayloadKind kind, std::uint64_t key, const detail::FastqBlock& block,
                std::span<char> into) {
  switch (kind) {
    case PayloadKind::hl7:
      detail::hl7_block(key, block.number, into);
      return;
    case PayloadKind::csv:
      detail::csv_block(key, block.number, into);
      return;
    default: {
      const bool gz = kind == PayloadKind::fastq_gz || kind == PayloadKind::fastq_gz_pair;
      const std::string text =
          gz ? detail::fastq_gz_block(key, block) : detail::fastq_block(key, block);
      std::memcpy(into.data(), text.data(), into.size());
    }
  }
}

}  // namespace

Result<Content> parse_content(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = settings::value_named(kinds, text.substr(0, colon));
  if (!kind || *kind == PayloadKind::file) {
    auto names = settings::names_in(kinds);
    std::erase(names, to_string(PayloadKind::file));
    return settings::not_one_of(text, names);
  }
  Content content(*kind);
  if (colon == std::string_view::npos) return content;
  if (*kind != PayloadKind::compressible) {
    return failure("", fmt::format("{} takes nothing behind a colon", to_string(*kind)));
  }
  const auto share = text.substr(colon + 1);
  const char* const end = share.data() + share.size();
  const auto [at, code] = std::from_chars(share.data(), end, content.leaves);
  if (code != std::errc{} || at != end || !(content.leaves >= least_left && content.leaves <= 1)) {
    return failure("", fmt::format("{} is no share that a compressor leaves", quote(share)),
                   fmt::format("from {} to 1, as in compressible:0.3", least_left));
  }
  return content;
}

Result<Content> own_content(const std::string& path) {
  auto own = OwnFiles::open(path);
  if (!own) return tl::unexpected(own.error());
  Content content(PayloadKind::file);
  content.own = *std::move(own);
  return content;
}

std::string to_string(const Content& content) {
  std::string kind(to_string(content.kind));
  if (content.kind != PayloadKind::compressible) return kind;
  return fmt::format("{}:{:g}", kind, content.leaves);
}

std::string Content::extension(std::uint64_t seed, std::uint64_t upload) const {
  return own ? own->drawn(seed, upload).extension() : std::string(file_extension(kind));
}

std::string_view to_string(PayloadKind kind) { return settings::name_of(kinds, kind); }

std::string_view file_extension(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::random:
    case PayloadKind::constant:
    case PayloadKind::compressible:
    case PayloadKind::file:
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
  if (is_bare(kind)) return Bytes{0};
  return Bytes{is_pair(kind) ? 2 * detail::smallest_block : detail::smallest_block};
}

// Both files of a pair have the same blocks, so the first takes half, rounded down to an even
// number. The second takes the rest.
Bytes first_file(PayloadKind kind, Bytes size) {
  return is_pair(kind) ? Bytes{size.value / 4 * 2} : size;
}

namespace detail {

// Pieces of 512 words, each a window into a table with the piece's own hash mixed in. That costs
// what copying does. Two pieces have the same bytes only where 64 bits of their hashes agree, and
// none of them can be compressed.
namespace {
constexpr std::size_t piece = 512;  // words
constexpr std::size_t begins = 2048;
constexpr auto table = [] {
  std::array<std::uint64_t, begins + piece> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = hash_of({i});
  return words;
}();
}  // namespace

void fill_random(std::uint64_t key, std::uint64_t at, std::span<std::byte> into) {
  static_assert(std::endian::native == std::endian::little, "words are laid out little-endian");
  while (!into.empty()) {
    const std::uint64_t hash = mix(key + (at / (piece * 8)) * golden);
    const std::uint64_t* const words = table.data() + hash % begins;
    std::size_t done = 0;
    const std::size_t within = at % (piece * 8);
    const std::size_t count = std::min(piece * 8 - within, into.size());
    std::size_t word = within / 8;
    const auto partial = [&](std::size_t skip) {
      const std::uint64_t value = words[word++] ^ hash;
      const std::size_t some = std::min(8 - skip, count - done);
      std::memcpy(into.data() + done, reinterpret_cast<const char*>(&value) + skip, some);
      done += some;
    };
    if (within % 8 != 0) partial(within % 8);
    std::byte* const out = into.data() + done;
    const std::size_t whole = (count - done) / 8;
    for (std::size_t i = 0; i < whole; ++i) {
      const std::uint64_t value = words[word + i] ^ hash;
      std::memcpy(out + i * 8, &value, 8);
    }
    word += whole;
    done += whole * 8;
    if (done < count) partial(0);
    at += count;
    into = into.subspan(count);
  }
}

void fill_compressible(std::uint64_t key, std::uint64_t at, std::size_t dense,
                       std::span<std::byte> into) {
  while (!into.empty()) {
    const auto within = static_cast<std::size_t>(at % piece_bytes);
    const std::size_t end = within < dense ? dense : piece_bytes;
    const auto some = into.first(std::min(end - within, into.size()));
    if (within < dense) {
      fill_random(key, at, some);
    } else {
      std::memset(some.data(), 0, some.size());
    }
    at += some.size();
    into = into.subspan(some.size());
  }
}

std::size_t same_random(std::uint64_t key, std::uint64_t at, std::span<const std::byte> bytes) {
  // Before the first whole word and behind the last one.
  const auto few_differ = [&](std::uint64_t from, std::span<const std::byte> few) {
    std::array<std::byte, 8> made;
    const auto expected = std::span(made).first(few.size());
    fill_random(key, from, expected);
    return !std::equal(few.begin(), few.end(), expected.begin());
  };
  std::size_t same = 0;
  while (same < bytes.size()) {
    const std::uint64_t here = at + same;
    const std::uint64_t hash = mix(key + (here / (piece * 8)) * golden);
    const std::size_t within = here % (piece * 8);
    const auto some = bytes.subspan(same, std::min(piece * 8 - within, bytes.size() - same));
    const std::size_t before = std::min((8 - within % 8) % 8, some.size());
    const std::size_t whole = (some.size() - before) / 8;
    const std::size_t behind = before + whole * 8;
    const std::uint64_t* const words = table.data() + hash % begins + (within + before) / 8;
    const std::byte* const in = some.data() + before;
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < whole; ++i) {
      std::uint64_t value;
      std::memcpy(&value, in + i * 8, 8);
      difference |= value ^ words[i] ^ hash;
    }
    if (difference != 0 || few_differ(here, some.first(before)) ||
        few_differ(here + behind, some.subspan(behind))) {
      break;
    }
    same += some.size();
  }
  return same;
}

}  // namespace detail

Payload::Payload(const Content& content, std::uint64_t seed, std::uint64_t upload, Bytes size)
    : kind_(content.kind),
      key_(hash_for(Purpose::payload, {seed, upload})),
      size_(size),
      whole_(size),
      dense_(static_cast<std::size_t>(std::lround(content.leaves * piece_bytes))),
      own_(content.own ? &content.own->drawn(seed, upload) : nullptr) {}

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
  if (kind_ == PayloadKind::constant) {
    std::memset(into.data(), 'x', into.size());
    return into.size();
  }
  if (kind_ == PayloadKind::compressible) {
    detail::fill_compressible(key_, at.value, dense_, into);
    return into.size();
  }
  return own_ ? own_->read(at, into) : read_text(at, into);
}

std::size_t Payload::same(Bytes at, std::span<const std::byte> bytes) const {
  if (kind_ != PayloadKind::random || at >= size_) return 0;
  return detail::same_random(key_, at.value,
                             bytes.first(static_cast<std::size_t>(
                                 std::min<std::uint64_t>(bytes.size(), size_.value - at.value))));
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
    // A whole block is made where it goes.
    const std::span<char> target(reinterpret_cast<char*>(into.data()) + done, count);
    if (count == length) {
      fill_block(kind_, key_, block, target);
    } else {
      std::array<char, detail::longest_block + detail::most_more> text;
      fill_block(kind_, key_, block, std::span(text).first(length));
      std::memcpy(target.data(), text.data() + from, count);
    }
    done += count;
  }
  return done;
}

std::string Payload::digest(DigestAlgorithm algorithm, const std::function<bool()>& stopped) const {
  Digest digest(algorithm);
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(size_.value, 64U << 10U)));
  for (Bytes at; at < size_ && !(stopped && stopped());) {
    const std::size_t count = read(at, buffer);
    if (count == 0) break;
    digest.update(std::span<const std::byte>(buffer.data(), count));
    at += Bytes{count};
  }
  return to_hex(digest.finish());
}

}  // namespace loadgen
