// Regular expressions of rules, without their engine in the header.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace mock::misbehave {

/// A Perl-style expression (look-ahead included). A value type, cheap to copy; safe to share
/// between threads. Header values of a request are matched with it, so it is bounded in time: an
/// expression that explodes on some text counts as not matching.
class Pattern {
 public:
  [[nodiscard]] static Result<Pattern> compile(std::string_view expression);

  /// Whether it is found anywhere in `text`; '^' and '$' are the ends of all of it.
  [[nodiscard]] bool found_in(std::string_view text) const;
  /// Every occurrence replaced; `with` may use $1, $2 and $&.
  [[nodiscard]] std::string replace(std::string_view text, const std::string& with) const;
  [[nodiscard]] const std::string& expression() const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace mock::misbehave
