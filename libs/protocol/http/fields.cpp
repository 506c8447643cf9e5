#include "protocol/http/fields.hpp"

#include <algorithm>
#include <array>

namespace http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool same_letters(std::string_view a, std::string_view b) {
  // Nearly always names are written alike, and other names differ early.
  return a == b || std::equal(a.begin(), a.end(), b.begin(), b.end(),
                              [](char x, char y) { return lower(x) == lower(y); });
}

void Fields::add(std::string name, std::string value) {
  if (fields_.empty()) fields_.reserve(8);  // what most messages have
  auto& field = fields_.emplace_back();
  field.name = std::move(name);
  field.value = std::move(value);
}

void Fields::set(std::string_view name, std::string value) {
  const auto named = [&](const Field& field) { return same_name(field.name, name); };
  const auto first = std::find_if(fields_.begin(), fields_.end(), named);
  if (first == fields_.end()) {
    add(std::string(name), std::move(value));
    return;
  }
  *first = {std::string(name), std::move(value)};
  fields_.erase(std::remove_if(first + 1, fields_.end(), named), fields_.end());
}

std::size_t Fields::remove(std::string_view name) {
  return std::erase_if(fields_, [&](const Field& field) { return same_name(field.name, name); });
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (same_name(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Fields::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (same_name(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::size_t Fields::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(),
                    [&](const Field& field) { return same_name(field.name, name); }));
}

std::optional<std::string> Fields::joined(std::string_view name) const {
  std::optional<std::string> out;
  for (const Field& field : fields_) {
    if (!same_name(field.name, name)) continue;
    if (out) {
      *out += ", ";
      *out += field.value;
    } else {
      out = field.value;
    }
  }
  return out;
}

bool Fields::has_token(std::string_view name, std::string_view token) const {
  for (const Field& field : fields_) {
    if (!same_name(field.name, name)) continue;
    if (same_name(field.value, token)) return true;
    for (const std::string_view member : split_list(field.value)) {
      if (same_name(member, token)) return true;
    }
  }
  return false;
}

bool is_token(std::string_view text) {
  static constexpr auto token_characters = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~0123456789"})
      table[static_cast<unsigned char>(c)] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
    return table;
  }();
  unsigned right = 1;
  for (const char c : text) {
    right &= static_cast<unsigned>(token_characters[static_cast<unsigned char>(c)]);
  }
  return !text.empty() && right == 1;
}

std::vector<std::string_view> split_list(std::string_view value) {
  std::vector<std::string_view> members;
  std::size_t start = 0;
  bool in_quotes = false;
  for (std::size_t i = 0; i <= value.size(); ++i) {
    if (i < value.size()) {
      if (in_quotes && value[i] == '\\' && i + 1 < value.size()) {
        ++i;
        continue;
      }
      if (value[i] == '"') in_quotes = !in_quotes;
      if (in_quotes || value[i] != ',') continue;
    }
    const std::string_view member = trim_ows(value.substr(start, i - start));
    if (!member.empty()) members.push_back(member);
    start = i + 1;
  }
  return members;
}

std::string_view trim_ows(std::string_view value) {
  const auto is_ows = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && is_ows(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_ows(value.back())) value.remove_suffix(1);
  return value;
}

bool is_field_value(std::string_view value) {
  // No early exit, so that the compiler can check many bytes at once.
  unsigned wrong = 0;
  for (const char c : value) wrong |= static_cast<unsigned>(c == '\r' || c == '\n' || c == '\0');
  return wrong == 0;
}

}  // namespace http
