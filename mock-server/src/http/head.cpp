#include "http/head.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "http/chunk_reader.hpp"

namespace mock {

namespace {

namespace beast = boost::beast;

/// A chunk-size line with extensions, or a trailer section, beyond this is an attack.
constexpr std::size_t max_chunk_head = 16UL << 10U;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

tl::unexpected<Refusal> refusal(int status, std::string why,
                                std::string_view kind = bad_http::malformed) {
  return tl::unexpected<Refusal>(Refusal{status, std::move(why), kind});
}

}  // namespace

namespace {

/// Without one (HTTP/0.9, another protocol) an empty line may never come (RFC 9112 section 2.3).
bool ends_in_version(std::string_view line) {
  const auto space = line.rfind(' ');
  return space != std::string_view::npos && line.substr(space + 1).starts_with("HTTP/");
}

}  // namespace

/// Beast's own parser, filling our plain values, one element per call of `put`.
class HttpParser final : public beast::http::basic_parser<true> {
 public:
  HttpParser() {
    body_limit(boost::none);
    // The scanner has applied our limit already.
    header_limit(0x7fffffff);
  }

  Request request;
  ::http::Fields trailers;
  std::uint64_t limit = 0;  // of body bytes in this call
  std::span<const std::byte> piece;
  std::uint64_t chunk_left = 0;

 private:
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb /*verb*/, beast::string_view method,
                       beast::string_view target, int version, Error& /*ec*/) override {
    request.method = view(method);
    request.target = view(target);
    request.minor_version = version - 10;
  }
  void on_response_impl(int, beast::string_view, int, Error&) override {}
  void on_field_impl(beast::http::field /*field*/, beast::string_view name,
                     beast::string_view value, Error& /*ec*/) override {
    auto& fields = head_done_ ? trailers : request.fields;
    fields.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(Error& /*ec*/) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(beast::string_view, Error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, Error&) override {
    chunk_left = size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Error&) override {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(body.size(), limit));
    piece = std::as_bytes(std::span(body.data(), size));
    chunk_left -= size;
    return size;
  }
  void on_finish_impl(Error& /*ec*/) override {}

  bool head_done_ = false;
};

tl::expected<std::size_t, Refusal> HeadScanner::scan(std::string_view bytes, const Limits& limits) {
  const auto max_line = std::min(limits.target_bytes, limits.header_bytes).value;
  if (line_ == 0) {
    // A TLS hello or plain garbage is refused at its first bytes instead of at the head's timeout.
    for (const char c : bytes.substr(0, 32)) {
      if (c == ' ' || c == '\r' || c == '\n') break;
      if (!is_token_char(c)) {
        return refusal(400, "the request-line does not start with a method");
      }
    }
  }
  for (;;) {
    const auto feed = bytes.find('\n', scanned_);
    if (feed == std::string_view::npos) break;
    scanned_ = feed + 1;
    const auto line = bytes.substr(line_, feed - line_);
    const auto cr = line.find('\r');
    if (line.empty() || cr != line.size() - 1) {
      return refusal(400, "a line of the request head does not end in CR LF");
    }
    if (line_ == 0 && line.size() > max_line) {
      return refusal(414, "the request-line is too long", bad_http::too_long);
    }
    if (line_ == 0 && !ends_in_version(line)) {
      return refusal(400, "the request-line does not end in the version of HTTP");
    }
    if (lines_++ > limits.header_lines)
      return refusal(431, "the request head has too many lines", bad_http::too_long);
    if (line_ != 0 && (line.front() == ' ' || line.front() == '\t')) {
      return refusal(400, "a header field is folded (obs-fold)");
    }
    const bool end = line_ != 0 && line.size() == 1;
    line_ = scanned_;
    if (end) {
      if (scanned_ > limits.header_bytes.value)
        return refusal(431, "the request head is too long", bad_http::too_long);
      return scanned_;
    }
  }
  scanned_ = bytes.size();
  if (line_ == 0 && bytes.size() > max_line) {
    const bool has_method = bytes.find(' ') != std::string_view::npos;
    return has_method ? refusal(414, "the request-line is too long", bad_http::too_long)
                      : refusal(400, "the request-line does not start with a method");
  }
  if (bytes.size() > limits.header_bytes.value)
    return refusal(431, "the request head is too long", bad_http::too_long);
  return 0;
}

BodyDecoder::BodyDecoder() = default;
BodyDecoder::BodyDecoder(Bytes content_length)
    : remaining_(content_length.value), complete_(content_length.value == 0) {}
BodyDecoder::BodyDecoder(std::unique_ptr<HttpParser> chunked)
    : chunked_(std::move(chunked)), complete_(false) {}
BodyDecoder::BodyDecoder(std::unique_ptr<ChunkReader> chunked)
    : reader_(std::move(chunked)), complete_(false) {}
BodyDecoder::BodyDecoder(BodyDecoder&&) noexcept = default;
BodyDecoder& BodyDecoder::operator=(BodyDecoder&&) noexcept = default;
BodyDecoder::~BodyDecoder() = default;

namespace {

/// Whether these are the head of a chunk and its first byte. Then it is not the last chunk.
bool begin_a_chunk(std::span<const std::byte> four) {
  const auto at = [&](std::size_t i) { return static_cast<char>(four[i]); };
  const bool size = (at(0) >= '1' && at(0) <= '9') || (at(0) >= 'a' && at(0) <= 'f') ||
                    (at(0) >= 'A' && at(0) <= 'F');
  return size && at(1) == '\r' && at(2) == '\n';
}

}  // namespace

BodyDecoder::Piece BodyDecoder::take(std::span<const std::byte> in, std::uint64_t limit) {
  if (complete_ || broken_ || in.empty()) return {};
  if (reader_) {
    const auto piece = reader_->take(in, limit);
    complete_ = reader_->complete();
    broken_ = !reader_->fault().empty();
    return {piece.consumed, piece.body};
  }
  if (!chunked_) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>({in.size(), remaining_, limit}));
    remaining_ -= size;
    complete_ = remaining_ == 0;
    return {size, in.first(size)};
  }
  // Every rest of a chunked body has five bytes at least ("0 CRLF CRLF"); Beast's parser asserts
  // that much when it is asked again for the last chunk.
  if (chunked_->chunk_left == 0 && in.size() < 5 && !(in.size() == 4 && begin_a_chunk(in))) {
    return {};
  }
  chunked_->limit = limit;
  chunked_->piece = {};
  beast::error_code ec;
  const auto used = chunked_->put(boost::asio::const_buffer(in.data(), in.size()), ec);
  if (ec == beast::http::error::need_more) {
    broken_ = used == 0 && in.size() > max_chunk_head;
  } else if (ec) {
    broken_ = true;
  }
  complete_ = chunked_->is_done();
  return {used, chunked_->piece};
}

std::optional<Bytes> BodyDecoder::remaining() const {
  if (chunked_ || reader_) return std::nullopt;
  return Bytes{remaining_};
}

std::string_view BodyDecoder::fault(bool ended) const {
  if (!reader_) return {};
  if (broken_ || !ended) return reader_->fault();
  return reader_->in_trailers() ? bad_http::trailer_cut : std::string_view{};
}

std::string BodyDecoder::faulty_line() const { return reader_ ? reader_->line() : std::string{}; }

::http::Fields BodyDecoder::take_trailers() {
  if (reader_) return std::move(reader_->trailers());
  return chunked_ ? std::move(chunked_->trailers) : ::http::Fields{};
}

namespace {

/// RFC 9112 section 3: what the version looks like when it is not ours.
bool names_other_version(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  const auto space = line.rfind(' ');
  if (std::count(line.begin(), line.end(), ' ') != 2) return false;
  const auto version = line.substr(space + 1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) &&
         version[6] == '.' && digit(version[7]);
}

/// RFC 9112 sections 6.1 and 6.3. Beast has refused a bad or conflicting Content-Length already,
/// and one beside Transfer-Encoding that `without_lengths` did not take out.
std::optional<Refusal> check_framing(Request& request, const HttpParser& parser,
                                     const HttpOptions& http) {
  const auto& fields = request.fields;
  if (fields.has("Transfer-Encoding")) {
    if (request.minor_version == 0) {
      return Refusal{400, "Transfer-Encoding does not exist in HTTP/1.0"};
    }
    const auto joined = fields.joined("Transfer-Encoding").value_or("");
    const auto codings = ::http::split_list(joined);
    for (const auto coding : codings) {
      if (!::http::same_name(coding, "chunked")) {
        return Refusal{501, "the only transfer coding known here is chunked",
                       bad_http::transfer_coding};
      }
    }
    if (codings.size() != 1 || !parser.chunked()) {
      return Refusal{400, "Transfer-Encoding has to be chunked, once", bad_http::transfer_coding};
    }
    request.chunked = true;
  } else if (const auto length = parser.content_length()) {
    // Beast takes the same length twice, which RFC 9110 section 8.6 leaves to the recipient.
    if (const auto lengths = fields.all("Content-Length");
        (lengths.size() != 1 && !http.takes_lengths_twice) ||
        lengths.front().find_first_not_of("0123456789") != lengths.front().npos) {
      return Refusal{400, "Content-Length is given twice"};
    }
    request.content_length = Bytes{*length};
  }
  return std::nullopt;
}

/// What Beast has found fault with.
std::string_view kind_of_malformed(std::string_view head, const beast::error_code& ec) {
  if (ec == beast::http::error::bad_transfer_encoding) return bad_http::transfer_coding;
  if (ec != beast::http::error::bad_field) return bad_http::malformed;
  while (!head.empty()) {
    const auto line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    const auto name = line.substr(0, std::min(line.find(':'), line.size()));
    if (name.size() < line.size() && name.ends_with(' ') &&
        ::http::is_token(::http::trim_ows(name)))
      return bad_http::field_name;
  }
  return bad_http::malformed;
}

/// Whether it has a character that no host and port of a URI has (RFC 3986 section 3.2). User
/// information is odd as well: its '@' is one.
bool is_odd_host(std::string_view host) {
  constexpr std::string_view others = "!$%&'()*+,-.:;=[]_~";
  return !std::all_of(host.begin(), host.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  });
}

/// RFC 3986 section 2.1.
bool has_odd_percent(std::string_view path) {
  const auto hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  for (std::size_t at = 0; (at = path.find('%', at)) != std::string_view::npos; ++at) {
    if (at + 2 >= path.size() || !hex(path[at + 1]) || !hex(path[at + 2])) return true;
  }
  return false;
}

/// What this server refuses and RFC 9112 does not.
std::optional<Refusal> check_oddities(const Request& request, const HttpOptions& http) {
  if (http.refuses_odd_hosts && is_odd_host(request.fields.find("Host").value_or("")))
    return Refusal{400, "Host is no host", bad_http::host};
  if (http.refuses_odd_percents &&
      has_odd_percent(std::string_view(request.target).substr(0, request.target.find('?'))))
    return Refusal{400, "the request-target has a '%' without two hexadecimal digits"};
  constexpr Bytes longest{(1ULL << 63U) - 1};
  if (http.refuses_long_lengths && request.content_length && *request.content_length > longest)
    return Refusal{400, "Content-Length is too large to be counted"};
  return std::nullopt;
}

/// Whether it is a Content-Length (RFC 9110 section 8.6) that fits into 63 bits.
bool is_length(std::string_view value) {
  std::int64_t length = 0;
  const auto* const end = value.data() + value.size();
  const auto [read, error] = std::from_chars(value.data(), end, length);
  return error == std::errc{} && read == end && value.front() != '-';
}

/// A head with both a Content-Length and Transfer-Encoding, which Beast does not take, without its
/// lines of Content-Length.
struct WithoutLengths {
  std::string head;
  std::vector<std::string_view> lengths;
};

/// nullopt: it is no such head, or the length itself is at fault.
std::optional<WithoutLengths> without_lengths(std::string_view head) {
  constexpr std::string_view end_of_line = "\r\n";
  WithoutLengths result;
  bool coded = false;
  while (!head.empty()) {
    const auto end = std::min(head.find(end_of_line), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + end_of_line.size(), head.size()));
    const auto colon = std::min(line.find(':'), line.size());
    const auto name = line.substr(0, colon);
    coded = coded || ::http::same_name(name, "Transfer-Encoding");
    if (!::http::same_name(name, "Content-Length")) {
      result.head.append(line).append(end_of_line);
      continue;
    }
    const auto value = ::http::trim_ows(line.substr(std::min(colon + 1, line.size())));
    if (!is_length(value)) return std::nullopt;
    if (!result.lengths.empty() && result.lengths.front() != value) return std::nullopt;
    result.lengths.push_back(value);
  }
  if (!coded || result.lengths.empty()) return std::nullopt;
  return result;
}

}  // namespace

bool split_target(Request& request) {
  std::string_view target = request.target;
  if (target.empty()) return false;
  if (request.method == "CONNECT" || target == "*") {
    request.path = target;
    request.query.clear();
    return true;
  }
  if (target.front() != '/') {
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos) return false;
    const auto name = target.substr(0, scheme);
    if (!::http::same_name(name, "http") && !::http::same_name(name, "https")) return false;
    target.remove_prefix(scheme + 3);
    const auto path = std::min(target.find_first_of("/?"), target.size());
    const auto authority = target.substr(0, path);
    if (authority.empty()) return false;
    // RFC 9112 section 3.2.2: the target's authority takes the place of Host.
    request.fields.set("Host", std::string(authority));
    target.remove_prefix(path);
  }
  const auto mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  if (request.path.empty()) request.path = "/";
  request.query = target.substr(std::min(mark + 1, target.size()));
  return true;
}

tl::expected<Head, Refusal> parse_head(std::string_view bytes, const HttpOptions& http) {
  auto parser = std::make_unique<HttpParser>();
  beast::error_code ec;
  auto used = parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  std::optional<WithoutLengths> both;
  if (ec == beast::http::error::bad_content_length ||
      ec == beast::http::error::bad_transfer_encoding) {
    both = without_lengths(bytes);
  }
  if (both) {
    bytes = both->head;
    parser = std::make_unique<HttpParser>();
    used = parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec = {});
  }
  if (ec == beast::http::error::bad_version && names_other_version(bytes)) {
    constexpr std::string_view preface = "PRI * HTTP/2.0\r\n";  // of HTTP/2
    return refusal(505, "only HTTP/1.0 and HTTP/1.1 are spoken here",
                   bytes.starts_with(preface) ? bad_http::asterisk : bad_http::version);
  }
  if (ec || used != bytes.size() || !parser->is_header_done()) {
    return refusal(400, "malformed request head: " + (ec ? ec.message() : "it ends too early"),
                   kind_of_malformed(bytes, ec));
  }
  Head head;
  head.request = std::move(parser->request);
  auto& request = head.request;
  if (auto wrong = check_framing(request, *parser, http)) return tl::unexpected<Refusal>(*wrong);
  if (both) {
    head.chunked_and_length = true;
    for (const auto length : both->lengths) {
      request.fields.add("Content-Length", std::string(length));
    }
  }
  const auto hosts = request.fields.count("Host");
  if (hosts > 1 || (hosts == 0 && request.minor_version > 0)) {
    return refusal(400, "an HTTP/1.1 request has exactly one Host header",
                   hosts > 1 ? bad_http::malformed : bad_http::no_host);
  }
  if (auto odd = check_oddities(request, http)) return tl::unexpected<Refusal>(*std::move(odd));
  if (!split_target(request)) {
    return refusal(400, "the request-target is neither a path nor a URL");
  }
  if (request.path == "*" && request.method != "OPTIONS") {
    return refusal(400, "the request-target * is for OPTIONS only", bad_http::asterisk);
  }
  const auto& fields = request.fields;
  if (const auto expected = fields.joined("Expect"); request.minor_version > 0 && expected) {
    for (const auto expectation : ::http::split_list(*expected)) {
      if (!::http::same_name(expectation, "100-continue"))
        return refusal(417, "the only expectation known here is 100-continue",
                       bad_http::expectation);
    }
  }
  head.keep_alive = request.minor_version > 0 ? !fields.has_token("Connection", "close")
                                              : fields.has_token("Connection", "keep-alive") &&
                                                    !fields.has_token("Connection", "close");
  head.expects_continue =
      request.minor_version > 0 && request.has_body() && fields.has_token("Expect", "100-continue");
  if (request.chunked && http.reads_short_chunk_lines) {
    head.body = BodyDecoder(std::make_unique<ChunkReader>());
  } else if (request.chunked) {
    head.body = BodyDecoder(std::move(parser));
  } else if (request.content_length) {
    head.body = BodyDecoder(*request.content_length);
  }
  return head;
}

}  // namespace mock
