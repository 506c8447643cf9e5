// 'Resumable Uploads for HTTP' (draft-ietf-httpbis-resumable-upload): the interop versions whose
// texts were read, as values. A version that is not in this table is known by its number alone.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace tus::draft {

namespace header {
inline constexpr std::string_view interop = "Upload-Draft-Interop-Version";
inline constexpr std::string_view complete = "Upload-Complete";
inline constexpr std::string_view incomplete = "Upload-Incomplete";
inline constexpr std::string_view limit = "Upload-Limit";
}  // namespace header

/// The media type of a request that appends, since version 6.
inline constexpr std::string_view append_type = "application/partial-upload";

/// What requests and answers of one interop version look like.
struct Version {
  int number = 0;          ///< the value of Upload-Draft-Interop-Version
  std::string_view texts;  ///< which drafts say this number
  /// The field that tells whether an upload is complete, and its values for yes and no: up to -01
  /// it was asked the other way round.
  std::string_view completeness;
  std::string_view ended;
  std::string_view going_on;
  bool typed_appends = false;  ///< an append has append_type
  std::string_view age;        ///< the key of Upload-Limit for the time left; empty: there is none
  bool read = true;            ///< its text was read
};

/// In ascending order.
[[nodiscard]] std::span<const Version> versions();
/// The version of that number; if its text was not read, the newest that was, with this number.
[[nodiscard]] Version version_of(int number);
/// The number that a field or a flag gives: 1 to 999, in decimal digits.
[[nodiscard]] std::optional<int> parse_interop(std::string_view text);

}  // namespace tus::draft
