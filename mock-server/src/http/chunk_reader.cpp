#include "http/chunk_reader.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/head.hpp"

namespace mock {

namespace {

/// Of a line with the size of a chunk, and of all trailers together.
constexpr std::size_t longest = 4096;
constexpr std::string_view end_of_line = "\r\n";

std::string_view chars(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ChunkReader::Piece ChunkReader::wrong(std::string_view kind) {
  fault_ = kind;
  return {};
}

ChunkReader::Piece ChunkReader::take(std::span<const std::byte> in, std::uint64_t limit) {
  if (complete() || !fault_.empty() || in.empty()) return {};
  switch (state_) {
    case State::size:
      return take_size(chars(in));
    case State::data:
      return take_data(in, limit);
    case State::end_of_data:
      return take_end_of_data(chars(in));
    case State::trailers:
      return take_trailers(chars(in));
    case State::complete:
      break;
  }
  return {};
}

ChunkReader::Piece ChunkReader::take_size(std::string_view in) {
  const auto feed = in.substr(0, longest).find('\n');
  if (feed == std::string_view::npos)
    return in.size() < longest ? Piece{} : wrong(bad_http::chunk_line_long);
  const auto cr = in.find('\r');
  if (cr >= feed) return wrong(bad_http::chunk_line_lf);
  if (cr + 1 != feed) return wrong(bad_http::chunk_line_cr);
  auto text = in.substr(0, cr);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  text = text.substr(0, text.find(';'));
  if (text.empty()) return wrong(bad_http::chunk_size_empty);
  if (text.size() > 16) return wrong(bad_http::chunk_size_large);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), left_, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return wrong(bad_http::chunk_size);
  state_ = left_ > 0 ? State::data : State::trailers;
  return {feed + 1, {}};
}

ChunkReader::Piece ChunkReader::take_data(std::span<const std::byte> in, std::uint64_t limit) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({in.size(), left_, limit}));
  left_ -= size;
  if (left_ == 0) state_ = State::end_of_data;
  return {size, in.first(size)};
}

ChunkReader::Piece ChunkReader::take_end_of_data(std::string_view in) {
  if (in.size() < end_of_line.size()) return {};
  if (!in.starts_with(end_of_line)) return wrong(bad_http::chunk_end);
  state_ = State::size;
  return {end_of_line.size(), {}};
}

ChunkReader::Piece ChunkReader::take_trailers(std::string_view in) {
  if (in.size() < end_of_line.size()) return {};
  if (in.starts_with(end_of_line)) {
    state_ = State::complete;
    return {end_of_line.size(), {}};
  }
  constexpr std::string_view end = "\r\n\r\n";
  const auto at = in.substr(0, longest).find(end);
  if (at == std::string_view::npos)
    return in.size() < longest ? Piece{} : wrong(bad_http::trailer_long);
  for (auto rest = in.substr(0, at); !rest.empty();) {
    const auto line = rest.substr(0, rest.find(end_of_line));
    rest.remove_prefix(std::min(line.size() + end_of_line.size(), rest.size()));
    const auto name = line.substr(0, line.find(':'));
    if (name.size() == line.size() || !::http::is_token(name)) {
      line_ = line;
      return wrong(bad_http::trailer);
    }
    trailers_.add(std::string(name), std::string(::http::trim_ows(line.substr(name.size() + 1))));
  }
  state_ = State::complete;
  return {at + end.size(), {}};
}

}  // namespace mock
