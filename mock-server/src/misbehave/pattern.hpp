// Regular expressions of rules, without their engines in the header.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace mock::misbehave {

/// What the patterns of all rules together may spend on one request in the engine that backtracks
/// (see Pattern), in steps such as a look at a character: some 50 ms of them. Counted, not timed,
/// so that a rule matches the same texts on every machine.
struct PatternWork {
  std::uint64_t left = 8'000'000;
};

/// A Perl-style expression over bytes (look-ahead and back references included). A value type,
/// cheap to copy; safe to share between threads. It is matched with texts of strangers, so its time
/// is bounded: an expression goes to RE2, which is linear in the text, if it means the same there,
/// else to Boost.Regex, which backtracks and stops when `PatternWork` is used up
/// (docs/decisions/0011).
class Pattern {
 public:
  static constexpr std::size_t longest = std::size_t{16} << 10U;  ///< bytes of an expression

  /// An Error: it is no regular expression, it is longer than `longest`, or its repeat counts
  /// multiply to more than a million, which is longer than any text.
  [[nodiscard]] static Result<Pattern> compile(std::string_view expression);

  enum class Found { no, yes, gave_up };
  /// Whether it is found anywhere in `text`; '^' and '$' are the ends of all of it.
  [[nodiscard]] Found found_in(std::string_view text, PatternWork& work) const;
  /// Every occurrence replaced; `with` may use $1, $2 and $&. nullopt: gave up.
  [[nodiscard]] std::optional<std::string> replace(std::string_view text, const std::string& with,
                                                   PatternWork& work) const;
  [[nodiscard]] const std::string& expression() const;
  /// Whether texts of ordinary length go to the linear engine.
  [[nodiscard]] bool linear() const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace mock::misbehave
