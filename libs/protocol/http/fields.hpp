// HTTP header fields in the order they came (RFC 9110 section 5).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace http {

struct Field {
  std::string name;  ///< spelled as it came
  std::string value;
  bool operator==(const Field&) const = default;
};

/// ASCII letters in lower case.
[[nodiscard]] std::string lower_case(std::string_view text);
/// Without regard to (ASCII) case.
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b);
/// RFC 9110 section 5.1: names compare without regard to case.
[[nodiscard]] inline bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_letters(a, b);  // mostly the sizes tell
}

/// An ordered list of fields; duplicates are kept. A value type, not thread-safe.
class Fields {
 public:
  using value_type = Field;
  using const_iterator = std::vector<Field>::const_iterator;

  Fields() = default;
  Fields(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  /// Replaces every field of that name by one, in the place of the first.
  void set(std::string_view name, std::string value);
  /// Returns how many were removed.
  std::size_t remove(std::string_view name);

  /// The first value of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  /// RFC 9110 section 5.3: all values of that name joined with ", "; nullopt when there is none.
  [[nodiscard]] std::optional<std::string> joined(std::string_view name) const;
  /// Whether a comma list of that name holds `token`, without regard to case ("no-store").
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

  [[nodiscard]] const_iterator begin() const { return fields_.begin(); }
  [[nodiscard]] const_iterator end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] bool empty() const { return fields_.empty(); }
  bool operator==(const Fields&) const = default;

 private:
  std::vector<Field> fields_;
};

/// RFC 9110 section 5.6.2: one or more of the characters that names and tokens are made of.
[[nodiscard]] bool is_token(std::string_view text);
/// RFC 9110 section 5.6.1: the trimmed, non-empty members of a comma list. A comma inside a quoted
/// string does not separate. The views point into `value`.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view value);
/// RFC 9110 section 5.6.3: without surrounding spaces and tabs.
[[nodiscard]] std::string_view trim_ows(std::string_view value);
/// True when `value` may be sent as a field value: no CR, LF or NUL (RFC 9110 section 5.5).
[[nodiscard]] bool is_field_value(std::string_view value);

}  // namespace http
