#include "protocol/s3/aws_chunked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "protocol/hmac.hpp"
#include "protocol/s3/signature_refusals.hpp"

namespace s3 {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t longest_line = 1'024;
constexpr std::size_t longest_trailer = 4'096;
constexpr std::string_view trailer_signature = "x-amz-trailer-signature";

// Signed chunks, except the last, have at least so many bytes.
constexpr std::uint64_t smallest_signed = 8'192;
// A limit, so that sums of sizes stay in range.
constexpr std::uint64_t largest_chunk = 1ULL << 62U;

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size, 16);
  const bool good = error == std::errc{} && stop == end && size <= largest_chunk;
  return good ? std::optional(size) : std::nullopt;
}

}  // namespace

ChunkKey chunk_key(const SignatureV4& signature, const Request& request, std::string_view secret) {
  return {s3::signing_key(secret, signature.credential.scope),
          signature.date,
          to_string(signature.credential.scope),
          signature.signature,
          signature.payload.ends_with("-TRAILER"),
          signature.credential.access_key,
          canonical_request(signature, request)};
}

Refusal incomplete_chunks() {
  return {Code::incomplete_body, "The request body terminated unexpectedly", {}};
}

Refusal malformed_trailer() {
  return {Code::malformed_trailer,
          "The request contained trailing data that was not well-formed or did not conform to our "
          "published schema.",
          {}};
}

ChunkReader::ChunkReader(std::optional<ChunkKey> key) : key_(std::move(key)) {}

ChunkReader::Event ChunkReader::next(std::string_view& slice) {
  bytes_ = {};
  while (state_ != State::failed) {
    if (state_ == State::done) slice = {};
    if (slice.empty()) return Event::more;
    if (state_ == State::data) {
      if (const auto event = take_data(slice)) return *event;
      continue;
    }
    const auto line = take_line(slice);
    if (!line) {
      if (line_.size() > longest_line) return fail(incomplete_chunks());
      return Event::more;
    }
    std::optional<Event> event;
    if (state_ == State::size) {
      event = take_size(*line);
    } else if (state_ == State::trailer) {
      event = take_trailer(*line);
    } else {
      event = line->empty() ? end_chunk() : fail(incomplete_chunks());
    }
    line_.clear();
    if (event) return *event;
  }
  return Event::failed;
}

ChunkReader::Event ChunkReader::finish() {
  bytes_ = {};
  if (state_ == State::trailer && line_.empty()) std::ignore = end_trailer();
  if (state_ == State::done) return Event::end;
  if (state_ == State::failed) return Event::failed;
  return fail(incomplete_chunks());
}

/// A whole line without its end, in line_; nullopt when it goes on in the next slice or is too
/// long.
std::optional<std::string_view> ChunkReader::take_line(std::string_view& slice) {
  const std::size_t before = line_.size();
  const std::size_t count =
      std::min(slice.size(), longest_line + 1 - std::min(longest_line, before));
  line_.append(slice.substr(0, count));
  const std::size_t end = line_.find(line_end, before - std::min<std::size_t>(before, 1));
  if (end == std::string::npos) {
    slice.remove_prefix(count);
    return std::nullopt;
  }
  slice.remove_prefix(end + line_end.size() - before);
  return std::string_view(line_).substr(0, end);
}

std::optional<ChunkReader::Event> ChunkReader::take_data(std::string_view& slice) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, slice.size()));
  bytes_ = slice.substr(0, count);
  slice.remove_prefix(count);
  left_ -= count;
  decoded_ += count;
  if (digest_) digest_->update(bytes_);
  if (left_ == 0) state_ = State::data_end;
  return Event::bytes;
}

/// "400;chunk-signature=0055..."
std::optional<ChunkReader::Event> ChunkReader::take_size(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  const auto size = parse_size(http::trim_ows(line.substr(0, semicolon)));
  if (!size) return fail(incomplete_chunks());
  ++count_;
  if (key_ && *size > 0 && count_ > 1 && size_ < smallest_signed) {
    return fail({Code::invalid_chunk_size,
                 "Only the last chunk is allowed to have a size less than 8192 bytes",
                 {{"Chunk", std::to_string(count_)}, {"BadChunkSize", std::to_string(size_)}}});
  }
  const bool extended = semicolon != std::string_view::npos;
  if (const auto event = take_signature(extended ? line.substr(semicolon + 1) : "")) return event;
  if (key_) digest_.emplace(DigestAlgorithm::sha256);
  size_ = *size;
  left_ = *size;
  last_ = *size == 0;
  state_ = last_ ? State::trailer : State::data;
  return last_ ? end_chunk() : std::nullopt;
}

std::optional<ChunkReader::Event> ChunkReader::take_signature(std::string_view extension) {
  const std::size_t equals = extension.find('=');
  const bool there = http::trim_ows(extension.substr(0, equals)) == "chunk-signature";
  chunk_signature_ =
      there && equals < extension.size() ? http::trim_ows(extension.substr(equals + 1)) : "";
  const bool odd = !extension.empty() && !there;
  if (odd || (key_ && chunk_signature_.empty())) return fail(incomplete_chunks());
  return std::nullopt;
}

/// "x-amz-checksum-crc32:NhCmhg==", or the empty line after the last one.
std::optional<ChunkReader::Event> ChunkReader::take_trailer(std::string_view line) {
  if (line.empty()) return end_trailer();
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon))) {
    return fail(malformed_trailer());
  }
  std::string name = http::lower_case(line.substr(0, colon));
  const std::string_view value = http::trim_ows(line.substr(colon + 1));
  if (name != trailer_signature) trailer_text_.append(name).append(":").append(value).append("\n");
  if (trailer_text_.size() > longest_trailer) return fail(malformed_trailer());
  trailer_.set(std::move(name), std::string(value));
  return std::nullopt;
}

std::optional<ChunkReader::Event> ChunkReader::end_trailer() {
  state_ = State::done;
  if (!key_ || (!key_->trailer && trailer_text_.empty())) return std::nullopt;
  const auto signature = trailer_.find(trailer_signature);
  if (!signature || trailer_text_.empty()) return fail(incomplete_chunks());
  return prove("AWS4-HMAC-SHA256-TRAILER", sha256_hex(trailer_text_), *signature);
}

std::optional<ChunkReader::Event> ChunkReader::end_chunk() {
  if (!last_) state_ = State::size;
  if (!key_) return std::nullopt;
  return prove("AWS4-HMAC-SHA256-PAYLOAD", sha256_hex({}) + '\n' + to_hex(digest_->finish()),
               chunk_signature_);
}

std::optional<ChunkReader::Event> ChunkReader::prove(std::string_view kind,
                                                     std::string_view signed_text,
                                                     std::string_view signature) {
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}", kind, key_->date, key_->scope, key_->seed, signed_text);
  const std::string right = sign_v4(text, key_->signing_key);
  if (!same_secret(right, signature)) {
    return fail(signature_mismatch(key_->access_key, text, signature, key_->canonical_request));
  }
  key_->seed = right;
  return std::nullopt;
}

ChunkReader::Event ChunkReader::fail(Refusal refusal) {
  state_ = State::failed;
  refusal_ = std::move(refusal);
  return Event::failed;
}

}  // namespace s3
