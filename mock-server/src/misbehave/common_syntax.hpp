// The part of the expressions' language by which Boost.Regex (Perl syntax, bytes) and RE2 (Latin-1)
// mean the same, and what can be told of an expression at a look. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mock::misbehave {

/// `expression` as RE2 wants it, to be compiled with `dot_nl`; nullopt: something in it is not
/// known to mean the same in both, or is there in one only. Says nothing of whether it is sound.
[[nodiscard]] std::optional<std::string> common_syntax(std::string_view expression);

/// What every text that matches begins with; empty when the expression does not say so plainly.
[[nodiscard]] std::string literal_prefix(std::string_view expression);

}  // namespace mock::misbehave
