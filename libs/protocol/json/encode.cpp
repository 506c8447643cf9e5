#include "protocol/json/encode.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

namespace json {
namespace {

/// The length of the UTF-8 sequence that `text` begins with, 0 when it begins with none
/// (RFC 3629 section 4).
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;   // no overlong form
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // no surrogate
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;  // up to U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void write_unicode_escape(std::string& out, unsigned code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[code >> shift & 0xFU];
}

void write_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
    write_unicode_escape(out, static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

void write_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, length);
    if (length == 0) {
      write_unicode_escape(out, 0xFFFD);
    } else if (length == 1) {
      write_ascii(out, text[0]);
    } else if (sequence == "\xE2\x80\xA8") {
      write_unicode_escape(out, 0x2028);
    } else if (sequence == "\xE2\x80\xA9") {
      write_unicode_escape(out, 0x2029);
    } else {
      out += sequence;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

template <class Json>
void write(std::string& out, const Json& value) {
  if (value.is_string()) {
    write_string(out, value.template get_ref<const std::string&>());
  } else if (value.is_object()) {
    char separator = '{';
    for (const auto& [key, member] : value.items()) {
      out += separator;
      write_string(out, key);
      out += ':';
      write(out, member);
      separator = ',';
    }
    out += value.empty() ? "{}" : "}";
  } else if (value.is_array()) {
    char separator = '[';
    for (const auto& item : value) {
      out += separator;
      write(out, item);
      separator = ',';
    }
    out += value.empty() ? "[]" : "]";
  } else {
    out += value.dump();
  }
}

}  // namespace

std::string dump(const nlohmann::ordered_json& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string dump(const nlohmann::json& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string dump_plain(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string dump_string(std::string_view text) {
  std::string out;
  write_string(out, text);
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace json
