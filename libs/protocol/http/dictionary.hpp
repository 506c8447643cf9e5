// A Dictionary of structured fields (RFC 9651 section 3.2), for callers that look for integer
// members: the form of the others is checked, and they are kept as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace http {

struct DictionaryMember {
  std::string key;
  std::string value;                    ///< as written, without parameters; "?1" for a key alone
  std::optional<std::int64_t> integer;  ///< when the value is one

  bool operator==(const DictionaryMember&) const = default;
};

/// In the order of the text. If a key comes twice, the last value counts, in the place of the
/// first. Callers join several lines of the field by ", " first.
[[nodiscard]] Result<std::vector<DictionaryMember>> parse_dictionary(std::string_view text);

}  // namespace http
