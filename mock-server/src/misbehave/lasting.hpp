// What rules leave behind that outlives a restart, as text.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "loop/loop.hpp"
#include "protocol/error.hpp"

namespace mock::misbehave {

struct LastingState {
  std::set<std::pair<std::string, std::string>> marks;  ///< mark, upload id or ""
  std::map<std::string, TimePoint> locks;               ///< by upload: until when

  [[nodiscard]] bool empty() const { return marks.empty() && locks.empty(); }
};

/// JSON; times in milliseconds since 1970.
[[nodiscard]] std::string to_text(const LastingState& state);
[[nodiscard]] Result<LastingState> parse_lasting(std::string_view text);

}  // namespace mock::misbehave
