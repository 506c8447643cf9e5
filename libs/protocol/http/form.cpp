#include "protocol/http/form.hpp"

#include <algorithm>
#include <array>

namespace http {
namespace {

constexpr auto unreserved = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view{"-._~0123456789"})
    table[static_cast<unsigned char>(c)] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  return table;
}();
constexpr bool is_unreserved(char c) { return unreserved[static_cast<unsigned char>(c)]; }

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

enum class Space { percent, plus };

std::string encode(std::string_view text, Space space) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  while (true) {
    const auto end = std::ranges::find_if_not(text, is_unreserved);
    const auto run = static_cast<std::size_t>(end - text.begin());
    out += text.substr(0, run);
    if (run == text.size()) return out;
    const auto byte = static_cast<unsigned char>(text[run]);
    if (byte == ' ' && space == Space::plus) {
      out += '+';
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    }
    text.remove_prefix(run + 1);
  }
}

std::optional<std::string> decode(std::string_view text, Space space) {
  std::string out(text.size(), '\0');
  auto to = out.begin();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      *to++ = static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      *to++ = text[i] == '+' && space == Space::plus ? ' ' : text[i];
    }
  }
  out.erase(to, out.end());
  return out;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  return decode(text, Space::percent);
}

std::string percent_encode(std::string_view text) { return encode(text, Space::percent); }

std::optional<Form> parse_form(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view member = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    auto name = decode(member.substr(0, equals), Space::plus);
    auto value =
        decode(equals == std::string_view::npos ? std::string_view{} : member.substr(equals + 1),
               Space::plus);
    if (!name || !value) return std::nullopt;
    form.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

std::string format_form(const Form& form) {
  std::string out;
  for (const auto& [name, value] : form) {
    if (!out.empty()) out += '&';
    out += encode(name, Space::plus) + '=' + encode(value, Space::plus);
  }
  return out;
}

std::optional<std::string_view> find(const Form& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace http
