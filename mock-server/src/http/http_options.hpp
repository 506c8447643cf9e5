// How the HTTP layers of servers differ: the "http" of a profile.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/units.hpp"

namespace mock {

/// The words with which a request head is refused.
struct HttpRefusal {
  int status = 400;
  std::string reason;  ///< empty: the usual phrase of the status
  std::string body;
  /// The reply has Date and Content-Length; else it ends with the connection and has neither.
  bool framed = true;
};

/// The default is the strictest reading, and the mock's own words. A value type.
struct HttpOptions {
  // Of a lane.

  /// What becomes of a Content-Length beside Transfer-Encoding: chunked. RFC 9112 section 6.1 lets
  /// a server refuse the request, which may be meant to smuggle another one past a proxy, or go by
  /// the chunks and ignore the length.
  enum class ChunkedAndLength { refuse, take };
  ChunkedAndLength chunked_and_length = ChunkedAndLength::refuse;
  /// The id is all that follows /files/, but for slashes around it; else it is one segment.
  bool ids_hold_slashes = false;
  /// A path with empty or dot segments is answered 307 to the path without them.
  bool redirects_unclean_paths = false;
  bool answers_asterisk = false;  ///< OPTIONS * is 200; else 404
  /// How much of an unread body is read and dropped after an early refusal. If more was announced,
  /// the connection closes instead. nullopt: as Limits say.
  std::optional<Bytes> drain_bytes;
  bool continues_always = false;    ///< 100 Continue is sent also when the body is there already
  bool announces_cut_off = true;    ///< Connection: close in the reply to a body cut short
  bool forwarded_verbatim = false;  ///< X-Forwarded-Host and host= are taken whole, unchecked

  // Of a listener: those of the lane it belongs to, for requests to other lanes as well.

  bool refuses_odd_hosts = false;     ///< a Host with characters that no host has
  bool refuses_odd_percents = false;  ///< '%' in the path without two hexadecimal digits
  bool refuses_empty_lines = false;   ///< before the request-line
  bool refuses_long_lengths = false;  ///< Content-Length of 2^63 and more
  bool takes_lengths_twice = false;   ///< the same Content-Length twice (RFC 9110 section 8.6)
  /// Lines with the size of a chunk, and trailers, are read as ChunkReader reads them.
  bool reads_short_chunk_lines = false;
  std::optional<Bytes> header_bytes;  ///< this and the next two replace defaults of Limits
  std::optional<Bytes> target_bytes;
  std::optional<std::size_t> header_lines;
  /// By the names in bad_http (head.hpp). What is not there is refused in the mock's words.
  std::map<std::string, HttpRefusal, std::less<>> refusals;
};

extern const HttpOptions strict_http;

}  // namespace mock
