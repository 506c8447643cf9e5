#include "protocol/http/multipart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace http {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t most_blanks = 64;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

using Parameters = std::vector<std::pair<std::string_view, std::string>>;

/// The quoted string that `text` begins with, and its length in `text`.
struct Quoted {
  std::string value;
  std::size_t length = 0;
};
std::optional<Quoted> unquote(std::string_view text) {
  Quoted quoted;
  std::size_t from = 1;  // of what is to be copied
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool escape = text[i] == '\\' && (next == '"' || next == '\\');
    if (!escape && text[i] != '"') continue;
    quoted.value += text.substr(from, i - from);
    if (!escape) {
      quoted.length = i + 1;
      return quoted;
    }
    from = ++i;
  }
  return std::nullopt;
}

/// "; name=value; name=\"value\"": what follows a media type or a disposition.
std::optional<Parameters> parse_parameters(std::string_view text) {
  Parameters parameters;
  while (true) {
    text = trim_ows(text);
    if (text.empty()) return parameters;
    if (text[0] != ';') return std::nullopt;
    text = trim_ows(text.substr(1));
    if (text.empty() || text[0] == ';') continue;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = trim_ows(text.substr(0, equals));
    text = trim_ows(text.substr(equals + 1));
    if (!is_token(name)) return std::nullopt;
    if (text.starts_with('"')) {
      auto quoted = unquote(text);
      if (!quoted) return std::nullopt;
      parameters.emplace_back(name, std::move(quoted->value));
      text.remove_prefix(quoted->length);
    } else {
      const std::string_view value = text.substr(0, text.find(';'));
      parameters.emplace_back(name, trim_ows(value));
      text.remove_prefix(value.size());
    }
  }
}

/// Moves the value of `name` out of the parameters.
std::optional<std::string> take(Parameters& parameters, std::string_view name) {
  for (auto& [key, value] : parameters) {
    if (same_name(key, name)) return std::move(value);
  }
  return std::nullopt;
}

std::string_view before_parameters(std::string_view value) {
  return trim_ows(value.substr(0, value.find(';')));
}
std::string_view after_semicolon(std::string_view value) {
  const std::size_t at = value.find(';');
  return at == std::string_view::npos ? std::string_view{} : value.substr(at);
}

std::optional<Field> parse_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return std::nullopt;
  const std::string_view value = trim_ows(line.substr(colon + 1));
  if (value.find('\r') != std::string_view::npos || value.find('\n') != std::string_view::npos) {
    return std::nullopt;
  }
  return Field{std::string(line.substr(0, colon)), std::string(value)};
}

/// `text` is made of lines that end in CR LF. A field on two lines (RFC 5322 section 2.2.3) is
/// refused: no client writes one, and readers differ on what it means.
Result<PartHead> parse_head(std::string_view text) {
  constexpr std::string_view where = "head of a part";
  PartHead head;
  while (!text.empty()) {
    const std::size_t end = text.find(line_end);
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + line_end.size());
    auto field = parse_field(line);
    if (!field) return failure(std::string(where), quote(line) + " is no header field");
    head.fields.add(std::move(field->name), std::move(field->value));
  }
  const auto disposition = head.fields.find("content-disposition");
  if (!disposition) return head;
  auto parameters = parse_parameters(after_semicolon(*disposition));
  if (!parameters) {
    return failure(std::string(where),
                   "Content-Disposition " + quote(*disposition) + " cannot be read");
  }
  if (!same_letters(before_parameters(*disposition), "form-data")) return head;
  head.name = take(*parameters, "name").value_or("");
  head.filename = take(*parameters, "filename");
  return head;
}

/// Quotes a name as browsers do (WHATWG, "multipart/form-data encoding algorithm"), and a backslash
/// as in RFC 9110 section 5.6.4, because readers take it for an escape.
std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') {
      out += "%22";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else {
      if (c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string write_fields(const std::vector<std::pair<std::string, std::string>>& fields,
                         std::string_view boundary) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += fmt::format("--{}\r\nContent-Disposition: form-data; name={}\r\n\r\n{}\r\n", boundary,
                       quoted_name(name), value);
  }
  return out;
}

std::string form_type(std::string_view boundary) {
  const std::string_view mark = is_token(boundary) ? "" : "\"";
  return fmt::format("multipart/form-data; boundary={0}{1}{0}", mark, boundary);
}

}  // namespace

bool is_form_data(std::string_view content_type) {
  return same_letters(before_parameters(content_type), "multipart/form-data");
}

Result<std::string> boundary_of(std::string_view content_type) {
  const auto refuse = [](std::string what) {
    return failure("Content-Type", std::move(what),
                   "write multipart/form-data; boundary=..., of 1 to 70 letters");
  };
  auto parameters = parse_parameters(after_semicolon(content_type));
  auto boundary = parameters ? take(*parameters, "boundary") : std::nullopt;
  if (!boundary || boundary->empty()) return refuse("has no boundary");
  if (boundary->size() > longest_boundary) return refuse("the boundary is longer than 70 bytes");
  const bool visible = std::all_of(boundary->begin(), boundary->end(),
                                   [](char c) { return c >= ' ' && c < '\x7F'; });
  if (!visible || boundary->ends_with(' ')) {
    return refuse("the boundary " + quote(*boundary) + " is none");
  }
  return std::move(*boundary);
}

MultipartReader::MultipartReader(std::string_view boundary, std::size_t longest_head)
    : delimiter_(fmt::format("\r\n--{}", boundary)),
      longest_head_(longest_head),
      // The first delimiter may be the very first line.
      held_(line_end) {}

std::uint64_t MultipartReader::position() const {
  // At the start of a body the line end that is held is not part of the body.
  return position_ - std::min<std::uint64_t>(position_, held_.size());
}

MultipartReader::Match MultipartReader::match(std::string_view text, bool last) const {
  const Match open{last ? Line::none : Line::undecided, 0};
  const std::size_t common = std::min(text.size(), delimiter_.size());
  if (text.substr(0, common) != std::string_view(delimiter_).substr(0, common)) return {};
  std::size_t at = delimiter_.size();
  if (text.size() <= at) return open;
  bool close = false;
  if (text[at] == '-') {
    if (text.size() == at + 1) return open;
    if (text[at + 1] != '-') return {};
    close = true;
    at += 2;
  }
  const std::size_t blanks = at;
  while (at < text.size() && is_blank(text[at])) ++at;
  if (at - blanks > most_blanks) return {};
  const std::string_view rest = text.substr(at, line_end.size());
  if (rest == line_end) return {close ? Line::close : Line::delimiter, at + line_end.size()};
  if (!line_end.starts_with(rest)) return {};
  if (last && close && rest.empty()) return {Line::close, at};
  return open;
}

std::size_t MultipartReader::find_candidate(std::string_view text) const {
  // This reads random bytes far faster than a search for each CR.
  const void* const whole = memmem(text.data(), text.size(), delimiter_.data(), delimiter_.size());
  if (whole != nullptr) {
    return static_cast<std::size_t>(static_cast<const char*>(whole) - text.data());
  }
  const std::size_t tail = text.size() - std::min(text.size(), delimiter_.size() - 1);
  for (std::size_t at = text.find('\r', tail); at != std::string_view::npos;
       at = text.find('\r', at + 1)) {
    if (std::string_view(delimiter_).starts_with(text.substr(at))) return at;
  }
  return std::string_view::npos;
}

void MultipartReader::consume(std::string_view& slice, std::size_t count) {
  slice.remove_prefix(count);
  position_ += count;
}

MultipartReader::Event MultipartReader::next(std::string_view& slice) {
  bytes_ = {};
  while (true) {
    std::optional<Event> event;
    switch (state_) {
      case State::preamble:
      case State::content:
        event = held_.empty() ? scan(slice) : scan_held(slice);
        break;
      case State::head:
        event = read_head(slice);
        break;
      case State::closing:
        state_ = State::epilogue;
        return Event::end;
      case State::epilogue:
        consume(slice, slice.size());
        return Event::more;
      case State::failed:
        return Event::failed;
    }
    if (event) return *event;
  }
}

/// Reads on when nothing is held: content is handed on from the slice.
std::optional<MultipartReader::Event> MultipartReader::scan(std::string_view& slice) {
  if (slice.empty()) return Event::more;
  std::size_t at = 0;
  Match line;
  while (true) {
    const std::size_t candidate = find_candidate(slice.substr(at));
    at = candidate == std::string_view::npos ? slice.size() : at + candidate;
    if (at == slice.size()) break;
    line = match(slice.substr(at), false);
    if (line.line != Line::none) break;
    ++at;
  }
  if (at > 0) {
    const std::string_view content = slice.substr(0, at);
    consume(slice, at);
    return give(content);
  }
  if (line.line == Line::undecided) {
    held_ = slice;
    consume(slice, slice.size());
    return Event::more;
  }
  part_start_ = position_;
  consume(slice, line.length);
  return found(line);
}

/// Reads on when something is held: the slice continues it.
std::optional<MultipartReader::Event> MultipartReader::scan_held(std::string_view& slice) {
  if (slice.empty()) return Event::more;
  const std::size_t before = held_.size();
  const std::size_t longest = delimiter_.size() + 2 + most_blanks + 1 + line_end.size();
  held_.append(slice.substr(0, longest - std::min(longest, before)));
  const Match line = match(held_, false);
  if (line.line == Line::undecided) {
    consume(slice, held_.size() - before);
    return Event::more;
  }
  if (line.line != Line::none) {
    held_.resize(before);
    part_start_ = position();
    consume(slice, line.length - before);
    held_.clear();
    return found(line);
  }
  held_.resize(before);
  const std::size_t again = std::min(held_.find('\r', 1), before);
  spare_.assign(held_, 0, again);
  held_.erase(0, again);
  return give(spare_);
}

std::optional<MultipartReader::Event> MultipartReader::give(std::string_view bytes) {
  if (state_ == State::preamble) return std::nullopt;
  bytes_ = bytes;
  return Event::bytes;
}

std::optional<MultipartReader::Event> MultipartReader::found(const Match& match) {
  const bool in_part = state_ == State::content;
  state_ = match.line == Line::close ? State::closing : State::head;
  head_ = line_end;
  return in_part ? std::optional(Event::part_end) : std::nullopt;
}

std::optional<MultipartReader::Event> MultipartReader::read_head(std::string_view& slice) {
  constexpr std::string_view end = "\r\n\r\n";
  if (slice.empty()) return Event::more;
  const std::size_t before = head_.size();
  const std::size_t longest = longest_head_ + end.size();
  // What follows the head in the same slice need not be copied.
  const std::size_t stop = slice.find(end);
  const std::size_t here = stop == std::string_view::npos ? slice.size() : stop + end.size();
  const std::size_t count = std::min(here, longest - std::min(longest, before));
  head_.append(slice.substr(0, count));
  const std::size_t at = head_.find(end, before - std::min(before, end.size() - 1));
  if (at == std::string::npos) {
    consume(slice, count);
    if (head_.size() < longest) return Event::more;
    return fail(fmt::format("the head of a part is longer than {} bytes", longest_head_));
  }
  consume(slice, at + end.size() - before);
  auto head = parse_head(std::string_view(head_).substr(line_end.size(), at));
  if (!head) {
    state_ = State::failed;
    error_ = head.error();
    return Event::failed;
  }
  part_ = std::move(*head);
  state_ = State::content;
  return Event::part;
}

MultipartReader::Event MultipartReader::fail(std::string what) {
  state_ = State::failed;
  error_ = Error{"multipart body", std::move(what), {}};
  return Event::failed;
}

MultipartReader::Event MultipartReader::finish() {
  bytes_ = {};
  if (state_ == State::content && match(held_, true).line == Line::close) {
    state_ = State::closing;
    return Event::part_end;
  }
  const bool closed = state_ == State::closing || state_ == State::epilogue ||
                      (state_ == State::preamble && match(held_, true).line == Line::close);
  if (closed) {
    state_ = State::epilogue;
    return Event::end;
  }
  if (state_ == State::failed) return Event::failed;
  return fail("ends before its last boundary");
}

FormBody write_form(const std::vector<std::pair<std::string, std::string>>& fields,
                    const FilePart& file, std::string_view boundary) {
  FormBody body{form_type(boundary), write_fields(fields, boundary),
                fmt::format("\r\n--{}--\r\n", boundary)};
  body.head += fmt::format("--{}\r\nContent-Disposition: form-data; name={}; filename={}\r\n",
                           boundary, quoted_name(file.name), quoted_name(file.filename));
  if (!file.content_type.empty()) {
    body.head += fmt::format("Content-Type: {}\r\n", file.content_type);
  }
  body.head += line_end;
  return body;
}

FormBody write_form(const std::vector<std::pair<std::string, std::string>>& fields,
                    std::string_view boundary) {
  return {form_type(boundary),
          write_fields(fields, boundary) + fmt::format("--{}--\r\n", boundary),
          {}};
}

}  // namespace http
