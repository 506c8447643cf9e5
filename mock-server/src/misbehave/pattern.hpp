// Regular expressions of rules, without their engines in the header.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace mock::misbehave {

/// What the patterns of all rules together may spend on one request in the engine that can explode
/// (see Pattern): looks at a character and the like, some 50 ms of them. Counted, not timed, so
/// that a rule matches the same texts on every machine.
struct PatternWork {
  std::uint64_t left = 8'000'000;
};

/// A Perl-style expression over bytes (look-ahead and back references included). A value type,
/// cheap to copy; safe to share between threads. Texts of strangers are matched with it, so it is
/// bounded in time: an expression goes to an engine that is linear in the text when that one means
/// the same by it, else to one that backtracks and stops when `PatternWork` is used up.
class Pattern {
 public:
  static constexpr std::size_t longest = std::size_t{16} << 10U;  ///< bytes of an expression

  /// An Error: it is none, it is longer than `longest`, or its counts multiply to more than a
  /// million, and no text is that long.
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
