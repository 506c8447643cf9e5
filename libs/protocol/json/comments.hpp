// Comments, which JSON does not have, in files that people write.
#pragma once

#include <string>
#include <string_view>

namespace json {

/// `text` with spaces in the place of comments - `//` to the end of the line, `/*` to `*/` -, so
/// that lines and columns stay the same. Text in strings is no comment; a comment that has no end
/// is left as it is.
[[nodiscard]] std::string without_comments(std::string_view text);

}  // namespace json
