// Fields of a request, whatever the body came as, cleaned as the server's forms (Django 3.2) do it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/http/form.hpp"
#include "protocol/openhumans/contract.hpp"

namespace openhumans {

inline constexpr std::string_view field_required = "This field is required.";
inline constexpr std::string_view file_is_empty = "The submitted file is empty.";

/// A JSON body as a form: numbers and true become their text, null is left out. An object or a list
/// in it becomes text that is no JSON. The error is the server's "JSON parse error - ...", without
/// the reason, which is its library's; a body that is no object is refused alike (the deployed
/// server fails).
[[nodiscard]] Result<http::Form> form_of_json(std::string_view text);

/// The last of that name, without blanks around it; nullopt when it is not there or empty. NUL is
/// refused.
[[nodiscard]] Expected<std::optional<std::string>> text_field(const http::Form& form,
                                                              std::string_view name);
/// The same, and it must be there.
[[nodiscard]] Expected<std::string> required_field(const http::Form& form, std::string_view name);
/// "12", "+12", "-12" or "12.0"; what 64 bits cannot hold is cut to what they can.
[[nodiscard]] Expected<std::optional<std::int64_t>> integer_field(const http::Form& form,
                                                                  std::string_view name);
/// Off when it is not there, empty, "false" in any case, or "0"; else on.
[[nodiscard]] bool boolean_field(const http::Form& form, std::string_view name);

}  // namespace openhumans
