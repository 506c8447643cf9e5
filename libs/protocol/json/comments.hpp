// Comments in files that people write, which JSON has not.
#pragma once

#include <string>
#include <string_view>

namespace json {

/// `text` with spaces in the place of comments - `//` to the end of the line, `/*` to `*/` -, so
/// that every place in it is where it was. What stands in strings is no comment; a comment that has
/// no end is left as it is.
[[nodiscard]] std::string without_comments(std::string_view text);

}  // namespace json
