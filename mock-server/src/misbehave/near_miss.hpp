// How near a request came to a rule that never fired: what each of its conditions found there.
// Private to this room.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "misbehave/interceptor.hpp"

namespace mock::misbehave {

/// Where a condition stands in `when`: {"headers", "X"}.
using Where = std::initializer_list<std::string_view>;

/// As it is kept, until a report is asked for. A value type.
struct NearMiss {
  struct Condition {
    std::vector<std::string> place;
    std::string got;  ///< JSON
    bool matched = false;
  };
  std::string method;  ///< empty: it was no request
  std::string target;  ///< path only
  std::vector<Condition> conditions;

  void add(Where place, std::string got, bool matched);
};

/// As reports have it; `rule` is the rule as it was loaded, which says what was wanted.
[[nodiscard]] NearestMiss told(const NearMiss& miss, const std::string& rule);

// What was found, as JSON. Long texts are cut as the journal cuts them.
[[nodiscard]] std::string json_of(std::optional<std::string_view> text);
[[nodiscard]] std::string json_of(std::optional<std::uint64_t> number);
[[nodiscard]] std::string json_of(std::same_as<bool> auto flag) { return flag ? "true" : "false"; }
/// "1500ms"
[[nodiscard]] std::string json_of(TimePoint::duration time);

}  // namespace mock::misbehave
