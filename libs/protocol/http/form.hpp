// application/x-www-form-urlencoded and percent-encoding (RFC 3986 section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {
/// nullopt for a '%' that two hexadecimal digits do not follow.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// Everything but the unreserved characters is encoded.
[[nodiscard]] std::string percent_encode(std::string_view text);

using Form = std::vector<std::pair<std::string, std::string>>;
/// '+' is a space, a name without '=' has an empty value, empty members are skipped. nullopt when a
/// name or value is not validly encoded.
[[nodiscard]] std::optional<Form> parse_form(std::string_view text);
[[nodiscard]] std::string format_form(const Form& form);
/// The first value of that name.
[[nodiscard]] std::optional<std::string_view> find(const Form& form, std::string_view name);
}  // namespace http
