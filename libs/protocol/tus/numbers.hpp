// Upload-Offset, Upload-Length, Tus-Max-Size: non-negative integers (protocol.md, Headers).
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace tus {

/// The largest value taken: offsets and lengths are kept in a signed 64-bit file offset.
inline constexpr Bytes max_length{(1ULL << 63U) - 1};

/// Decimal digits only, no sign, no space, no leading zero but "0" itself, at most max_length.
/// The strict form is what a server should send; `lenient` also takes "00" and "05".
[[nodiscard]] Result<Bytes> parse_length(std::string_view text);
[[nodiscard]] Result<Bytes> parse_length_lenient(std::string_view text);

}  // namespace tus
