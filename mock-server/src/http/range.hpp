// Range requests for one range of bytes (RFC 9110 section 14).
#pragma once

#include <optional>
#include <string_view>

#include "http/message.hpp"

namespace mock {

struct ByteRange {
  Bytes first;
  Bytes length;  ///< 0 only where `choose_file_range` gave it
  bool operator==(const ByteRange&) const = default;
};

enum class RangeAnswer {
  whole,          ///< 200: there is no Range, or one that may be ignored (section 14.2)
  part,           ///< 206
  unsatisfiable,  ///< 416
  faulty,         ///< 416 of `choose_file_range`
};

struct RangeChoice {
  RangeAnswer answer = RangeAnswer::whole;
  ByteRange range;  ///< of a part
};

/// What to send of `size` bytes. Several ranges, other units, malformed ranges, and a Range beside
/// If-Range (we give out no validators) are ignored.
[[nodiscard]] RangeChoice choose_range(const Request& request, Bytes size);

/// The same, as http.ServeContent of Go decides it: a Range that is not of bytes is refused, and of
/// several ranges those count that begin within the size. Of more than one of them the whole is
/// sent, not each by itself.
[[nodiscard]] RangeChoice choose_file_range(const Request& request, Bytes size);

}  // namespace mock
