// The syntax that means the same to Boost.Regex (Perl syntax, bytes) and to RE2 (Latin-1), and what
// can be told of an expression without compiling it. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mock::misbehave {

/// `expression` for RE2, to be compiled with its option `dot_nl`; nullopt: something in it is not
/// known to mean the same to both, or only one of them has it. The expression may still be invalid.
[[nodiscard]] std::optional<std::string> common_syntax(std::string_view expression);

/// What every text that matches begins with; empty when the expression does not say so plainly.
[[nodiscard]] std::string literal_prefix(std::string_view expression);

}  // namespace mock::misbehave
