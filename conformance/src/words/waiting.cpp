#include "words/waiting.hpp"

#include <fmt/format.h>

namespace conformance::suites {

void outlive(Context& c, std::chrono::seconds lifetime, std::string_view what) {
  // Dates have no fractions of a second, so a date may be a second off either way.
  constexpr std::chrono::seconds slack{2};
  // What a check needs besides waiting.
  constexpr std::chrono::seconds reserve{5};
  const Milliseconds wait = lifetime + slack;
  if (wait + Milliseconds{reserve} > c.time_left()) {
    throw Stop{not_offered(
        fmt::format("{} is good for {} s, which is more than --case-timeout allows to wait for",
                    what, lifetime.count()))};
  }
  c.eventually(wait, [] { return false; });
}

}  // namespace conformance::suites
