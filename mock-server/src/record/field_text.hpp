// Header fields of an exchange, kept in one text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mock {

/// To keep fields costs a copy of them and, once the text has grown, no allocation. A value type.
class FieldText {
 public:
  /// How many bytes a name or a value may have; longer ones are cut.
  static constexpr std::size_t longest = 32'000;

  /// Views into the text, until it changes.
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  void clear() { text_.clear(); }
  /// Behind those that are there. A value longer than `limit` bytes is cut, and ends in "...".
  void add(std::string_view name, std::string_view value, std::size_t limit);
  /// In the order they came.
  [[nodiscard]] std::vector<Field> all() const;
  /// The values of that name, in their order.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  /// Bytes of the text.
  [[nodiscard]] std::size_t size() const { return text_.size(); }

 private:
  std::string text_;  ///< for each field two sizes, the name and the value
};

}  // namespace mock
