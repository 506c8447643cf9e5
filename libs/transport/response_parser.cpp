#include "transport/response_parser.hpp"

#include <algorithm>
#include <charconv>

namespace transport {
namespace {

/// The longest line with a chunk's size; its extensions nobody reads (RFC 9112 section 7.1.1).
constexpr std::size_t max_chunk_line = 4096;

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool ResponseParser::bodyless() const {
  const int status = response_.status;
  return head_request_ || status / 100 == 1 || status == 204 || status == 304;
}

void ResponseParser::fail(std::string why) {
  state_ = State::malformed;
  problem_ = std::move(why);
}

/// Whether `bytes` more of the line under way may come.
bool ResponseParser::counts(std::size_t bytes) {
  switch (part_) {
    case Part::status_line:
    case Part::fields:
      if (!count_.head(bytes)) fail(std::string(count_.problem()));
      break;
    case Part::trailers:
      if (!count_.trailer(bytes)) fail(std::string(count_.problem()));
      break;
    default:
      if ((framing_ += bytes) > max_chunk_line) fail("a chunk's size line is longer than 4 KiB");
      break;
  }
  return state_ == State::more;
}

std::size_t ResponseParser::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ == State::more) {
    const std::string_view rest = bytes.substr(used);
    if (part_ == Part::body || part_ == Part::chunk) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      take_body(rest.substr(0, n));
      used += n;
      left_ -= n;
      if (left_ == 0 && state_ == State::more) {
        if (part_ == Part::body) {
          state_ = State::complete;
        } else {
          part_ = Part::chunk_end;
        }
      }
      continue;
    }
    if (part_ == Part::body_to_close) {
      take_body(rest);
      used += rest.size();
      continue;
    }
    const std::size_t newline = rest.find('\n');
    const std::size_t n = newline == std::string_view::npos ? rest.size() : newline + 1;
    line_.append(rest.substr(0, n));
    used += n;
    if (!counts(n)) break;
    // What does not begin like HTTP is told at once, not after a line that may never end.
    if (part_ == Part::status_line) {
      constexpr std::string_view magic = "HTTP/";
      const std::string_view seen = line_;
      const bool blank = seen.find_first_not_of("\r\n") == std::string_view::npos;
      if (!blank && seen.substr(0, magic.size()) != magic.substr(0, seen.size())) {
        fail("not HTTP: begins with " + quote(seen.substr(0, 40)));
        break;
      }
    }
    if (newline == std::string_view::npos) break;
    std::string whole;
    whole.swap(line_);
    whole.pop_back();
    if (!whole.empty() && whole.back() == '\r') whole.pop_back();
    line(whole);
  }
  return used;
}

void ResponseParser::end_of_stream() {
  if (state_ == State::more && part_ == Part::body_to_close) state_ = State::complete;
}

void ResponseParser::line(std::string_view text) {
  switch (part_) {
    case Part::status_line:
      // RFC 9112 section 2.2: an empty line before the start line is ignored.
      if (!text.empty()) status_line(text);
      return;
    case Part::fields:
      text.empty() ? end_of_head() : field_line(text);
      return;
    case Part::chunk_size: {
      framing_ = 0;
      const std::string_view digits = http::trim_ows(text.substr(0, text.find(';')));
      const auto size = number(digits, 16);
      if (!size) return fail("bad chunk size " + quote(text.substr(0, 80)));
      left_ = *size;
      part_ = left_ == 0 ? Part::trailers : Part::chunk;
      return;
    }
    case Part::chunk_end:
      if (!text.empty()) return fail("bytes after a chunk's end: " + quote(text.substr(0, 80)));
      part_ = Part::chunk_size;
      return;
    case Part::trailers:
      if (text.empty()) {
        state_ = State::complete;
      } else if (!count_.field()) {
        fail(std::string(count_.problem()));
      }
      return;
    case Part::body:
    case Part::body_to_close:
    case Part::chunk:
      return;
  }
}

void ResponseParser::status_line(std::string_view text) {
  // "HTTP/1.1 204 No Content"; the reason, and the space before it, may be missing.
  const std::size_t space = text.find(' ');
  const std::string_view version = text.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? "" : text.substr(space + 1);
  const auto status = number(rest.substr(0, 3), 10);
  if (version.size() != 8 || !status || rest.size() < 3 || *status < 100 || *status > 999 ||
      (rest.size() > 3 && rest[3] != ' ')) {
    return fail("bad status line " + quote(text.substr(0, 80)));
  }
  response_ = Response{};
  response_.version = version;
  response_.status = static_cast<int>(*status);
  if (rest.size() > 4) response_.reason = rest.substr(4);
  part_ = Part::fields;
}

void ResponseParser::field_line(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !http::is_token(text.substr(0, colon))) {
    return fail("bad header line " + quote(text.substr(0, 80)));
  }
  if (!count_.field()) return fail(std::string(count_.problem()));
  response_.headers.add(std::string(text.substr(0, colon)),
                        std::string(http::trim_ows(text.substr(colon + 1))));
}

void ResponseParser::end_of_head() {
  if (response_.status / 100 == 1 && response_.status != 101) {
    if (!count_.interim()) return fail(std::string(count_.problem()));
    interims_.push_back({response_.status, response_.headers});
    part_ = Part::status_line;
    return;
  }
  have_head_ = true;
  if (bodyless()) {
    state_ = State::complete;
    return;
  }
  if (response_.headers.has_token("Transfer-Encoding", "chunked")) {
    part_ = Part::chunk_size;
    return;
  }
  const auto lengths = response_.headers.all("Content-Length");
  if (lengths.empty()) {
    part_ = Part::body_to_close;
    return;
  }
  const auto length = number(lengths.front(), 10);
  const bool agree = std::all_of(lengths.begin(), lengths.end(),
                                 [&](std::string_view l) { return l == lengths.front(); });
  if (!length || !agree) return fail("bad Content-Length " + quote(lengths.back()));
  left_ = *length;
  part_ = Part::body;
  if (left_ == 0) state_ = State::complete;
}

void ResponseParser::take_body(std::string_view bytes) {
  response_.body_size += Bytes{bytes.size()};
  const std::size_t room = static_cast<std::size_t>(body_limit_.value) > response_.body.size()
                               ? static_cast<std::size_t>(body_limit_.value) - response_.body.size()
                               : 0;
  response_.body.append(bytes.substr(0, room));
  if (bytes.size() > room) fail("the body is longer than " + ::to_string(body_limit_));
}

}  // namespace transport
