// From bytes to a request head, and from framing to body bytes. No socket.
// Source: RFC 9112 (HTTP/1.1 message syntax) sections 2.2, 3, 5, 6 and 7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "http/limits.hpp"
#include "http/message.hpp"

namespace mock {

class HttpParser;  // derives from Beast's parser; known to head.cpp only

/// Why a request head is not accepted. The connection closes after it: its framing is in doubt.
struct Refusal {
  int status = 400;
  std::string why;
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
  std::size_t scanned_ = 0;  // up to here there is no line feed that was not seen
  std::size_t lines_ = 0;    // that are complete, the request-line among them
};

/// Takes the framing off a body: Content-Length or chunked. Move-only.
class BodyDecoder {
 public:
  BodyDecoder();  ///< of a request without a body: complete at once
  explicit BodyDecoder(Bytes content_length);
  explicit BodyDecoder(std::unique_ptr<HttpParser> chunked);
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

 private:
  std::unique_ptr<HttpParser> chunked_;
  std::uint64_t remaining_ = 0;
  bool complete_ = true;
  bool broken_ = false;
};

struct Head {
  Request request;  ///< method, target, version, fields and framing; the rest is the caller's
  BodyDecoder body;
  bool keep_alive = true;         ///< RFC 9112 section 9.3
  bool expects_continue = false;  ///< RFC 9110 section 10.1.1; never for HTTP/1.0
  /// The body is chunked and there is a Content-Length too, which does not count: whether to take
  /// such a request is the caller's to say (HttpOptions::chunked_and_length).
  bool chunked_and_length = false;
};

/// `head` is what HeadScanner found, with its empty line.
[[nodiscard]] tl::expected<Head, Refusal> parse_head(std::string_view head);

/// Sets path and query from target: origin-form, absolute-form, authority-form or "*" (RFC 9112
/// section 3.2). False for anything else.
[[nodiscard]] bool split_target(Request& request);

}  // namespace mock
