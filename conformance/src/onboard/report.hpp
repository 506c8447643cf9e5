// A walk as people read it.
#pragma once

#include <string>

#include "onboard/walk.hpp"

namespace conformance::onboard {

/// One step on a terminal, when it is over.
[[nodiscard]] std::string terminal_line(const Step& step, bool colour);
/// What stands above the steps, and below them.
[[nodiscard]] std::string terminal_head(const Walk& walk);
[[nodiscard]] std::string terminal_end(const Walk& walk, bool colour);

/// A page to be sent on, in CommonMark with tables, of a walk that was `masked`.
[[nodiscard]] std::string markdown(const Walk& walk);

/// The same for a browser: one file.
[[nodiscard]] std::string page(const Walk& walk);

/// What the page says of itself at its end: whom to send it to, and what it does not hold.
[[nodiscard]] std::string send_on(const Walk& walk);
/// "2026-11-29 19:04 UTC".
[[nodiscard]] std::string shown_time(std::chrono::system_clock::time_point at);
/// "done", "note", "STOP", "not tried".
[[nodiscard]] std::string_view word_of(Outcome outcome);

}  // namespace conformance::onboard
