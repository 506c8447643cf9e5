#include "protocol/s3/aws_chunked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocol/hmac.hpp"
#include "protocol/s3/signature_refusals.hpp"

namespace s3 {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t longest_line = 1'024;
constexpr std::size_t longest_trailer = 4'096;
constexpr std::string_view trailer_signature = "x-amz-trailer-signature";

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size, 16);
  return error == std::errc{} && stop == end ? std::optional(size) : std::nullopt;
}

}  // namespace

ChunkKey chunk_key(const SignatureV4& signature, std::string_view secret) {
  return {s3::signing_key(secret, signature.credential.scope), signature.date,
          to_string(signature.credential.scope), signature.signature};
}

ChunkReader::ChunkReader(std::optional<ChunkKey> key) : key_(std::move(key)) {}

ChunkReader::Event ChunkReader::next(std::string_view& slice) {
  bytes_ = {};
  while (state_ != State::failed) {
    if (slice.empty()) return Event::more;
    if (state_ == State::done) return malformed();
    if (state_ == State::data) {
      if (const auto event = take_data(slice)) return *event;
      continue;
    }
    const auto line = take_line(slice);
    if (!line) {
      if (line_.size() > longest_line) return malformed();
      return Event::more;
    }
    std::optional<Event> event;
    if (state_ == State::size) {
      event = take_size(*line);
    } else if (state_ == State::trailer) {
      event = take_trailer(*line);
    } else {
      event = line->empty() ? end_chunk() : malformed();
    }
    line_.clear();
    if (event) return *event;
  }
  return Event::failed;
}

ChunkReader::Event ChunkReader::finish() {
  bytes_ = {};
  if (state_ == State::done) return Event::end;
  if (state_ == State::failed) return Event::failed;
  return fail(
      {Code::incomplete_body,
       "You did not provide the number of bytes specified by the Content-Length HTTP header",
       {}});
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
  constexpr std::string_view extension = "chunk-signature=";
  const std::size_t semicolon = line.find(';');
  const auto size = parse_size(line.substr(0, semicolon));
  if (!size) return malformed();
  chunk_signature_.clear();
  if (semicolon != std::string_view::npos) {
    const std::string_view parameter = line.substr(semicolon + 1);
    if (!parameter.starts_with(extension)) return malformed();
    chunk_signature_ = parameter.substr(extension.size());
  }
  if (key_) digest_.emplace(DigestAlgorithm::sha256);
  left_ = *size;
  last_ = *size == 0;
  if (!last_) {
    state_ = State::data;
    return std::nullopt;
  }
  state_ = State::trailer;
  return end_chunk();
}

/// "x-amz-checksum-crc32:NhCmhg==", or the empty line behind the last one.
std::optional<ChunkReader::Event> ChunkReader::take_trailer(std::string_view line) {
  if (line.empty()) {
    state_ = State::done;
    if (!key_ || trailer_text_.empty()) return std::nullopt;
    return prove("AWS4-HMAC-SHA256-TRAILER", sha256_hex(trailer_text_),
                 trailer_.find(trailer_signature).value_or(std::string_view{}));
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon))) return malformed();
  std::string name = http::lower_case(line.substr(0, colon));
  const std::string_view value = http::trim_ows(line.substr(colon + 1));
  if (name != trailer_signature) trailer_text_.append(name).append(":").append(value).append("\n");
  if (trailer_text_.size() > longest_trailer || trailer_.has(name)) return malformed();
  trailer_.add(std::move(name), std::string(value));
  return std::nullopt;
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
  if (!same_secret(right, signature)) return fail(signature_mismatch({}, text, signature));
  key_->seed = right;
  return std::nullopt;
}

ChunkReader::Event ChunkReader::fail(Refusal refusal) {
  state_ = State::failed;
  refusal_ = std::move(refusal);
  return Event::failed;
}

ChunkReader::Event ChunkReader::malformed() {
  return fail({Code::invalid_request, "The aws-chunked body is not well-formed.", {}});
}

}  // namespace s3
