// The words for bodies that are JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "transport/exchange.hpp"

namespace conformance::suites {

using Json = nlohmann::json;
using transport::Response;

/// The body as JSON; null when it is none.
[[nodiscard]] Json json_of(std::string_view text);
[[nodiscard]] Json json_of(const Response& response);
/// The value at a JSON pointer; nullptr when there is none.
[[nodiscard]] const Json* value_at(const Json& document, const std::string& pointer);
/// The string at a JSON pointer; nullopt when there is none.
[[nodiscard]] std::optional<std::string> text_at(const Json& document, const std::string& pointer);
/// The names of an object's members, sorted: "{deliveries, file_info}".
[[nodiscard]] std::string members_of(const Json& object);
/// Whether Content-Type names that media type, whatever its parameters.
[[nodiscard]] bool has_type(const Response& response, std::string_view media_type);

}  // namespace conformance::suites
