// What can be said of a run in sentences: what went wrong, when, and whose it may be.
#pragma once

#include <string>
#include <vector>

#include "html/page.hpp"
#include "results/results.hpp"

namespace loadgen {

struct Finding {
  html::Tone tone = html::Tone::neutral;
  std::string text;
};

/// The worst first. Each is made of figures that `results` holds.
[[nodiscard]] std::vector<Finding> findings_of(const Results& results);

/// Seconds of the load, one after the other, in which uploads were in flight and not a byte was
/// sent or acknowledged. (Of a long request nothing is acknowledged while it goes on.)
struct Standstill {
  std::uint64_t from = 0, to = 0;  ///< seconds from the start, `to` not included
};
[[nodiscard]] std::vector<Standstill> standstills(const Results& results);

/// "12.3 ms", "1.25 s".
[[nodiscard]] std::string latency_text(double ms);
/// What AttemptEnd says, for people.
[[nodiscard]] std::string in_words(AttemptEnd how);
/// "outage from 10 s to 22 s (rural-labs, half of them)".
[[nodiscard]] std::string event_text(const EventResults& event);

}  // namespace loadgen
