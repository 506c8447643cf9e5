#include "protocol/json/encode.hpp"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/json/object_text.hpp"

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

/// Writes a character that is not left as it is.
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
      write_unicode_escape(out, static_cast<unsigned char>(c));
  }
}

constexpr bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
constexpr bool is_plain_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && is_ascii(c) && c != '"' && c != '\\';
}
constexpr bool is_ascii_of_go(char c) {
  return is_plain_ascii(c) && c != '<' && c != '>' && c != '&';
}

/// Writes the beginning of `text` that needs no escape, nearly always all of it.
template <bool (*leaves)(char)>
void write_run(std::string& out, std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), leaves);
  const auto length = static_cast<std::size_t>(end - text.begin());
  out += text.substr(0, length);
  text.remove_prefix(length);
}

void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (write_run<is_ascii_of_go>(out, text); !text.empty(); write_run<is_ascii_of_go>(out, text)) {
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

std::string dump_by_library(std::string_view text, bool ascii) {
  return nlohmann::json(text).dump(-1, ' ', ascii, nlohmann::json::error_handler_t::replace);
}

void write_plain_string(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  const std::string_view whole = text;
  out += '"';
  for (write_run<is_plain_ascii>(out, text); !text.empty(); write_run<is_plain_ascii>(out, text)) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      // The library knows how many U+FFFD stand for which bytes.
      out.replace(start, std::string::npos, dump_by_library(whole, false));
      return;
    }
    if (length == 1)
      write_ascii(out, text[0]);
    else
      out += text.substr(0, length);
    text.remove_prefix(length);
  }
  out += '"';
}

template <void (*write_text)(std::string&, std::string_view), class Json>
void write(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::string:
      return write_text(out, value.template get_ref<const std::string&>());
    case Json::value_t::object: {
      char separator = '{';
      for (const auto& [key, member] : value.template get_ref<const typename Json::object_t&>()) {
        out += separator;
        write_text(out, key);
        out += ':';
        write<write_text>(out, member);
        separator = ',';
      }
      out += value.empty() ? "{}" : "}";
      return;
    }
    case Json::value_t::array: {
      char separator = '[';
      for (const auto& item : value) {
        out += separator;
        write<write_text>(out, item);
        separator = ',';
      }
      out += value.empty() ? "[]" : "]";
      return;
    }
    case Json::value_t::boolean:
      out += value.template get<bool>() ? "true" : "false";
      return;
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::number_integer:
      out += std::to_string(value.template get<std::int64_t>());
      return;
    case Json::value_t::number_unsigned:
      out += std::to_string(value.template get<std::uint64_t>());
      return;
    default:
      out += value.dump();
  }
}

template <void (*write_text)(std::string&, std::string_view), class Json>
std::string written(const Json& value) {
  std::string out;
  write<write_text>(out, value);
  return out;
}

}  // namespace

std::string dump(const nlohmann::ordered_json& value) { return written<write_string>(value); }
std::string dump(const nlohmann::json& value) { return written<write_string>(value); }

std::string dump_plain(const nlohmann::ordered_json& value) {
  return written<write_plain_string>(value);
}
std::string dump_plain(const nlohmann::json& value) { return written<write_plain_string>(value); }

std::string dump_string(std::string_view text) {
  std::string out;
  write_string(out, text);
  return out;
}

std::string dump_ascii(std::string_view text) {
  const bool plain =
      std::ranges::all_of(text, [](char c) { return is_plain_ascii(c) && c != 0x7F; });
  if (!plain) return dump_by_library(text, true);
  std::string out = "\"";
  return out.append(text).append("\"");
}

void ObjectText::begin(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  write_plain_string(out_, name);
  out_ += ':';
}

ObjectText& ObjectText::text(std::string_view name, std::string_view value) {
  begin(name);
  write_plain_string(out_, value);
  return *this;
}

ObjectText& ObjectText::number(std::string_view name, std::uint64_t value) {
  begin(name);
  out_ += std::to_string(value);
  return *this;
}

ObjectText& ObjectText::boolean(std::string_view name, bool value) {
  begin(name);
  out_ += value ? "true" : "false";
  return *this;
}

ObjectText& ObjectText::json(std::string_view name, std::string_view value) {
  begin(name);
  out_ += value;
  return *this;
}

std::string ObjectText::finish() && { return std::move(out_) + '}'; }

bool is_utf8(std::string_view text) {
  while (true) {
    const auto high = std::ranges::find_if_not(text, is_ascii);
    if (high == text.end()) return true;
    text.remove_prefix(static_cast<std::size_t>(high - text.begin()));
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

}  // namespace json
