#include "words/documents.hpp"

#include <nlohmann/json.hpp>

#include "words/words.hpp"

namespace conformance::suites {

Json json_of(std::string_view text) {
  constexpr int most_levels = 100;  // dump() recurses
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > most_levels;
    return !too_deep;
  };
  auto json = Json::parse(text, watch, /*allow_exceptions=*/false);
  return json.is_discarded() || too_deep ? Json(nullptr) : json;
}

Json json_of(const Response& response) { return json_of(response.body); }

const Json* value_at(const Json& document, const std::string& pointer) {
  const Json::json_pointer at{pointer};
  return document.contains(at) ? &document.at(at) : nullptr;
}

std::optional<std::string> text_at(const Json& document, const std::string& pointer) {
  const auto* value = value_at(document, pointer);
  if (!value || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

std::string members_of(const Json& object) {
  if (!object.is_object()) return std::string{"no object but "} + object.type_name();
  std::string names;
  for (const auto& [name, value] : object.items()) names += (names.empty() ? "" : ", ") + name;
  return "{" + names + "}";
}

bool has_type(const Response& response, std::string_view media_type) {
  const auto value = value_of(response, "Content-Type");
  return http::same_name(http::trim_ows(std::string_view{value}.substr(0, value.find(';'))),
                         media_type);
}

}  // namespace conformance::suites
