// Writes a JSON object member by member, as `dump_plain` would, without making a value first.
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
