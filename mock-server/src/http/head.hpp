// From bytes to a request head, and from framing to body bytes. No socket.
// Source: RFC 9112 (HTTP/1.1 message syntax) sections 2.2, 3, 5, 6 and 7.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "http/http_options.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"

namespace mock {

class ChunkReader;
class HttpParser;  // derives from Beast's parser; known to head.cpp only

/// Kinds of refusals: the keys of HttpOptions::refusals.
namespace bad_http {
inline constexpr std::string_view malformed = "malformed";
inline constexpr std::string_view field_name = "field-name";  ///< a blank before the colon
inline constexpr std::string_view host = "host";
inline constexpr std::string_view no_host = "no-host";
inline constexpr std::string_view version = "version";
inline constexpr std::string_view transfer_coding = "transfer-coding";
inline constexpr std::string_view expectation = "expectation";
inline constexpr std::string_view asterisk = "asterisk";  ///< not with OPTIONS
inline constexpr std::string_view too_long = "too-long";
// Of a chunked body, by ChunkReader. Told in place of what the handler says of a cut-off body.
inline constexpr std::string_view chunk_size = "chunk-size";  ///< a byte that is no digit
inline constexpr std::string_view chunk_size_empty = "chunk-size-empty";
inline constexpr std::string_view chunk_size_large = "chunk-size-large";
inline constexpr std::string_view chunk_line_long = "chunk-line-long";
inline constexpr std::string_view chunk_line_lf = "chunk-line-lf";  ///< it ends with a bare LF
inline constexpr std::string_view chunk_line_cr = "chunk-line-cr";  ///< a bare CR is in it
inline constexpr std::string_view chunk_end = "chunk-end";          ///< no CR LF behind its bytes
inline constexpr std::string_view trailer = "trailer";              ///< "{line}" of it is no field
inline constexpr std::string_view trailer_long = "trailer-long";
inline constexpr std::string_view trailer_cut = "trailer-cut";
inline constexpr std::array all{
    malformed,       field_name,    host,          no_host,    version,          transfer_coding,
    expectation,     asterisk,      too_long,      chunk_size, chunk_size_empty, chunk_size_large,
    chunk_line_long, chunk_line_lf, chunk_line_cr, chunk_end,  trailer,          trailer_long,
    trailer_cut};
}  // namespace bad_http

/// Why a request head is not accepted. The connection closes after it: its framing is in doubt.
struct Refusal {
  int status = 400;
  std::string why;
  std::string_view kind = bad_http::malformed;  ///< by which a profile has words for it
};

/// Finds where a request head ends, and refuses early what can never become one.
class HeadScanner {
 public:
  /// `bytes` starts with the request-line and grows from call to call. Returns the length of the
  /// head including its empty line, or 0 while that has not come.
  [[nodiscard]] tl::expected<std::size_t, Refusal> scan(std::string_view bytes,
                                                        const Limits& limits);
  void reset() { *this = HeadScanner(); }
  /// Nothing of a head was seen yet.
  [[nodiscard]] bool pristine() const { return scanned_ == 0; }

 private:
  std::size_t line_ = 0;     // where the line that is not complete yet starts
  std::size_t scanned_ = 0;  // every line feed before this position was seen
  std::size_t lines_ = 0;    // complete lines, the request-line included
};

/// Takes the framing off a body: Content-Length or chunked. Move-only.
class BodyDecoder {
 public:
  BodyDecoder();  ///< of a request without a body: complete at once
  explicit BodyDecoder(Bytes content_length);
  explicit BodyDecoder(std::unique_ptr<HttpParser> chunked);
  explicit BodyDecoder(std::unique_ptr<ChunkReader> chunked);
  BodyDecoder(BodyDecoder&&) noexcept;
  BodyDecoder& operator=(BodyDecoder&&) noexcept;
  ~BodyDecoder();

  struct Piece {
    std::size_t consumed = 0;         ///< of the input, framing included
    std::span<const std::byte> body;  ///< part of the input; may be empty while framing is consumed
  };
  /// Takes at most `limit` (> 0) body bytes from the front of `in`. Nothing consumed means that
  /// more input is needed: present the same bytes again with more behind them.
  [[nodiscard]] Piece take(std::span<const std::byte> in, std::uint64_t limit);

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool broken() const { return broken_; }
  /// What Content-Length still announces; nullopt for a chunked body.
  [[nodiscard]] std::optional<Bytes> remaining() const;
  /// Of a complete chunked body.
  [[nodiscard]] ::http::Fields take_trailers();
  /// What is wrong with a chunked body that is broken or, when `ended`, cut off here: one of
  /// `bad_http`. Empty: it has no name (HttpOptions::reads_short_chunk_lines is not set, say).
  [[nodiscard]] std::string_view fault(bool ended) const;
  /// The line that is at fault, for bad_http::trailer.
  [[nodiscard]] std::string faulty_line() const;

 private:
  std::unique_ptr<HttpParser> chunked_;
  std::unique_ptr<ChunkReader> reader_;  ///< in place of `chunked_`
  std::uint64_t remaining_ = 0;
  bool complete_ = true;
  bool broken_ = false;
};

struct Head {
  Request request;  ///< method, target, version, fields and framing; the rest is the caller's
  BodyDecoder body;
  bool keep_alive = true;         ///< RFC 9112 section 9.3
  bool expects_continue = false;  ///< RFC 9110 section 10.1.1; never for HTTP/1.0
  /// The body is chunked, and a Content-Length was there too and was ignored. The caller decides
  /// whether such a request is taken (HttpOptions::chunked_and_length).
  bool chunked_and_length = false;
};

/// `head` is what HeadScanner found, with its empty line. `http` says what else is refused or
/// taken.
[[nodiscard]] tl::expected<Head, Refusal> parse_head(std::string_view head,
                                                     const HttpOptions& http = strict_http);

/// Sets path and query from target: origin-form, absolute-form, authority-form or "*" (RFC 9112
/// section 3.2). False for anything else.
[[nodiscard]] bool split_target(Request& request);

}  // namespace mock
