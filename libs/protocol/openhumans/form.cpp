#include "protocol/openhumans/form.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "protocol/http/fields.hpp"
#include "protocol/json/decode.hpp"

namespace openhumans {
namespace {

std::string_view stripped(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\r\v\f";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view last_of(const http::Form& form, std::string_view name) {
  const auto found = std::find_if(form.rbegin(), form.rend(),
                                  [&](const auto& field) { return field.first == name; });
  return found == form.rend() ? std::string_view{} : stripped(found->second);
}

std::string text_of(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  // As in Python, where these have single quotes.
  if (value.is_structured()) return value.is_object() ? "{'...'}" : "['...']";
  return value.dump();
}

/// Digits alone; nullopt for anything else.
std::optional<std::int64_t> number_of(std::string_view digits, bool negative) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const std::int64_t digit = c - '0';
    value = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return negative ? -value : value;
}

}  // namespace

Result<http::Form> form_of_json(std::string_view text) {
  const auto root = json::decode(
      text, "request body", [](const json::Cursor& cursor) { return cursor.raw(); },
      json::Content::secret);
  if (!root) return failure("", "JSON parse error - this is no JSON", root.error().line());
  if (!root->is_object()) return failure("", "JSON parse error - expected an object");
  http::Form form;
  for (const auto& [name, value] : root->items()) {
    if (!value.is_null()) form.emplace_back(name, text_of(value));
  }
  return form;
}

Expected<std::optional<std::string>> text_field(const http::Form& form, std::string_view name) {
  const std::string_view text = last_of(form, name);
  if (text.empty()) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) {
    return tl::unexpected(FieldError{"Null characters are not allowed.", false});
  }
  return std::string(text);
}

Expected<std::string> required_field(const http::Form& form, std::string_view name) {
  auto text = text_field(form, name);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return tl::unexpected(FieldError{std::string(field_required), false});
  return std::move(**text);
}

Expected<std::optional<std::int64_t>> integer_field(const http::Form& form, std::string_view name) {
  std::string_view text = last_of(form, name);
  if (text.empty()) return std::nullopt;
  const std::size_t point = text.find('.');
  const bool whole = point == std::string_view::npos ||
                     text.find_first_not_of('0', point + 1) == std::string_view::npos;
  text = text.substr(0, point);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto value = number_of(text, negative);
  if (!value || !whole) return tl::unexpected(FieldError{"Enter a whole number.", false});
  return value;
}

bool boolean_field(const http::Form& form, std::string_view name) {
  const std::string_view text = last_of(form, name);
  return !text.empty() && text != "0" && !http::same_letters(text, "false");
}

}  // namespace openhumans
