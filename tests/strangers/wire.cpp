#include "wire.hpp"

#include <charconv>
#include <utility>

namespace strangers {
namespace {

constexpr std::size_t most_of_a_head = 65536;

/// The fields of a head, after its first line.
std::optional<http::Fields> parse_fields(std::string_view lines) {
  http::Fields fields;
  while (!lines.empty() && lines != "\r\n") {
    const auto end = lines.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = lines.substr(0, end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon))) {
      return std::nullopt;
    }
    fields.add(std::string(line.substr(0, colon)),
               std::string(http::trim_ows(line.substr(colon + 1))));
    lines.remove_prefix(end + 2);
  }
  return fields;
}

void write_fields(const http::Fields& fields, std::string& out) {
  for (const auto& field : fields) out += field.name + ": " + field.value + "\r\n";
  out += "\r\n";
}

}  // namespace

bool Input::fill() {
  const auto more = from_.receive();
  bytes_ += more;
  return !more.empty();
}

std::optional<std::size_t> Input::until(std::string_view mark) {
  std::size_t from = 0;
  for (;;) {
    if (const auto at = bytes_.find(mark, from); at != std::string::npos) return at + mark.size();
    if (bytes_.size() > most_of_a_head) return std::nullopt;
    from = bytes_.size() < mark.size() ? 0 : bytes_.size() - mark.size() + 1;
    if (!fill()) return std::nullopt;
  }
}

std::string Input::take(std::uint64_t size) {
  auto taken = bytes_.substr(0, size);
  bytes_.erase(0, taken.size());
  return taken;
}

std::optional<RequestHead> parse_request(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0) return std::nullopt;
  RequestHead request{std::string(line.substr(0, first)),
                      std::string(line.substr(first + 1, last - first - 1)),
                      std::string(line.substr(last + 1)),
                      {}};
  if (request.target.find(' ') != std::string::npos || !request.version.starts_with("HTTP/1.")) {
    return std::nullopt;
  }
  auto fields = parse_fields(head.substr(line.size() + 2));
  if (!fields) return std::nullopt;
  request.fields = std::move(*fields);
  return request;
}

std::optional<ReplyHead> parse_reply(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return std::nullopt;
  const auto status = number(line.substr(9, 3));
  auto fields = parse_fields(head.substr(line.size() + 2));
  if (!status || !fields) return std::nullopt;
  ReplyHead reply;
  reply.version = line.substr(0, 8);
  reply.status = static_cast<int>(*status);
  reply.reason = line.substr(line.size() > 13 ? 13 : line.size());
  reply.fields = std::move(*fields);
  return reply;
}

std::optional<Framing> framing_of(const http::Fields& fields) {
  Framing framing;
  const bool coded = fields.has("Transfer-Encoding");
  const auto lengths = fields.count("Content-Length");
  if (lengths + (coded ? 1U : 0U) > 1) return std::nullopt;
  if (coded) {
    framing.chunked = true;
    if (!http::same_letters(*fields.find("Transfer-Encoding"), "chunked")) return std::nullopt;
  } else if (lengths == 1) {
    framing.length = number(fields.find("Content-Length"));
    if (!framing.length) return std::nullopt;
  }
  return framing;
}

std::string written(const RequestHead& head) {
  auto out = head.method + ' ' + head.target + ' ' + head.version + "\r\n";
  write_fields(head.fields, out);
  return out;
}

std::string written(const ReplyHead& head) {
  auto out = head.version + ' ' + std::to_string(head.status) + ' ' + head.reason + "\r\n";
  write_fields(head.fields, out);
  return out;
}

std::optional<std::uint64_t> number(std::optional<std::string_view> text) {
  std::uint64_t value = 0;
  if (!text || text->empty() || text->front() == '+' || text->front() == '-') return std::nullopt;
  const auto* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

std::string path_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    const auto path = url.find('/', scheme + 3);
    url = path == std::string_view::npos ? "/" : url.substr(path);
  }
  return std::string(url.substr(0, url.find_first_of("?#")));
}

}  // namespace strangers
