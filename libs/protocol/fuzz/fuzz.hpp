// What every fuzz target shares. A target asserts a property; "does not crash" comes with it.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace fuzz {

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Every error is one line that says something.
inline void require_line(const Error& error) {
  const std::string line = error.line();
  require(!error.what.empty(), "an error says what is wrong");
  require(line.find_first_of("\r\n") == std::string::npos, "an error is one line");
}

/// Whatever `parse` takes must survive being written and read again.
template <class Parse, class Write>
void require_round_trip(std::string_view text, Parse parse, Write write) {
  const auto value = parse(text);
  if (!value) return require_line(value.error());
  const auto again = parse(write(*value));
  require(again.has_value() && *again == *value, "parse(write(value)) == value");
}

/// The same for a value that holds any bytes: JSON turns what is not UTF-8 into U+FFFD, once. Then
/// the written text with one byte changed: parsers must stand what is nearly right, too.
template <class Value, class Parse, class Write>
void require_json_round_trip(const Value& value, FuzzedDataProvider& data, Parse parse,
                             Write write) {
  std::string text = write(value);
  require(parse(text).has_value(), "what was written can be read");
  require_round_trip(text, parse, write);
  const auto at = data.ConsumeIntegralInRange<std::size_t>(0, text.size() - 1);
  text[at] = data.ConsumeIntegral<char>();
  require_round_trip(text, parse, write);
}

}  // namespace fuzz
