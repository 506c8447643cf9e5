#include "protocol/dex/environment.hpp"

#include <cstdlib>

namespace dex {
namespace {

constexpr bool is_name_character(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// The one-character names of a shell: "$1", "$?".
constexpr bool is_special(char c) {
  return (c >= '0' && c <= '9') || std::string_view("*#$@!?-").find(c) != std::string_view::npos;
}

struct Reference {
  std::string_view name;   ///< empty: not a reference
  std::size_t length = 0;  ///< how much after the dollar belongs to it
};

/// `text` is what follows a dollar, and is not empty.
Reference reference(std::string_view text) {
  if (text[0] == '{') {
    if (text.size() > 2 && is_special(text[1]) && text[2] == '}') return {text.substr(1, 1), 3};
    const std::size_t end = text.find('}', 1);
    if (end == std::string_view::npos) return {{}, 1};
    return {text.substr(1, end - 1), end + 1};
  }
  if (is_special(text[0])) return {text.substr(0, 1), 1};
  std::size_t end = 0;
  while (end < text.size() && is_name_character(text[end])) ++end;
  return {text.substr(0, end), end};
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string expand(std::string_view text, const Environment& environment) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return out;
    text.remove_prefix(dollar + 1);
    const Reference found = text.empty() ? Reference{} : reference(text);
    if (!found.name.empty()) {
      out += environment(std::string(found.name)).value_or("");
    } else if (found.length == 0) {
      out += '$';
    }
    text.remove_prefix(found.length);
  }
  return out;
}

}  // namespace dex
