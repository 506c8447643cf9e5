// An object of JSON that is written as its members become known, as `dump_plain` writes it: no
// value is made of them first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace json {

/// No name may come twice.
class ObjectText {
 public:
  ObjectText& text(std::string_view name, std::string_view value);
  ObjectText& number(std::string_view name, std::uint64_t value);
  ObjectText& boolean(std::string_view name, bool value);
  /// `value` is JSON.
  ObjectText& json(std::string_view name, std::string_view value);
  [[nodiscard]] std::string finish() &&;

 private:
  void begin(std::string_view name);

  std::string out_ = "{";
};

}  // namespace json
