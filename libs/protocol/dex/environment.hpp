// Placeholders in CDC's configuration files (rows DEX-CFG-001, -002).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dex {

/// The value of a variable, nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// getenv. Not to be used while another thread changes the environment.
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

/// Replaces $NAME and ${NAME}; an unset name becomes empty. The corner cases are those of Go's
/// os.Expand, which DEX uses: "$" before anything else stays, "${" without "}" and "${}" vanish.
[[nodiscard]] std::string expand(std::string_view text, const Environment& environment);

}  // namespace dex
