// A Dictionary of structured fields (RFC 9651 section 3.2), as far as somebody needs it who looks
// for members that are integers: the others are checked for their form, and kept as text.
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
  std::string value;                    ///< as written, without parameters; "?1" of a key alone
  std::optional<std::int64_t> integer;  ///< when the value is one

  bool operator==(const DictionaryMember&) const = default;
};

/// In the order of the text; of a key that comes twice the last value counts, in the place of the
/// first. Several lines of the field are joined by ", " before.
[[nodiscard]] Result<std::vector<DictionaryMember>> parse_dictionary(std::string_view text);

}  // namespace http
