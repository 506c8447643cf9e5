// In what HTTP layers of servers differ: what a profile's "http" holds.
#pragma once

namespace mock {

/// The default is the strictest reading. A value type.
struct HttpOptions {
  /// Of a Content-Length beside Transfer-Encoding: chunked. RFC 9112 section 6.1 lets a server
  /// refuse the request, which may be meant to smuggle another one past a proxy, or go by the
  /// chunks and ignore the length.
  enum class ChunkedAndLength { refuse, take };
  ChunkedAndLength chunked_and_length = ChunkedAndLength::refuse;
};

inline constexpr HttpOptions strict_http{};

}  // namespace mock
