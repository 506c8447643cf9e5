// Command lines that hold a secret where none belongs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace redact {

/// Whether `text` may be shown as the name of an environment variable: at most 64 upper case
/// letters, digits and '_'. Whoever gives a token in place of a variable's name must not find it in
/// the error.
[[nodiscard]] bool is_variable_name(std::string_view text);

/// One line about arguments that no flag takes. It names the unknown flags among them without their
/// values; if there are none, it shows only words too short for a secret: a mistyped flag may have
/// been given one.
[[nodiscard]] std::string unknown_flags(const std::vector<std::string>& arguments);

}  // namespace redact
