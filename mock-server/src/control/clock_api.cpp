// /_mock/clock: the lane's time, so that nothing has to be waited for.
#include <chrono>
#include <optional>

#include "control/call.hpp"
#include "protocol/http/date.hpp"
#include "protocol/units.hpp"

namespace mock::control {
namespace {

// Dates on the wire and tokens' whole seconds stay meaningful up to here.
constexpr TimePoint latest{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

void show(Call& call) {
  const auto& clock = call.lane.clock();
  call.answer(reply_json(200, {{"now", ::http::format_rfc3339(clock.now())},
                               {"frozen", clock.frozen()},
                               {"shift_ms", clock.shift().count()}}));
}

struct Wish {
  bool freeze = false;
  bool resume = false;
  bool reset = false;
  std::optional<Milliseconds> advance;
};

Wish read_wish(const json::Cursor& root) {
  root.only({"freeze", "advance", "resume", "reset"});
  Wish wish;
  for (const auto& [key, value] : root.members()) {
    if (key == "advance") {
      wish.advance = value.unwrap(parse_duration(value.string()));
      continue;
    }
    if (!value.boolean()) value.fail("expected true, or leave it out");
    if (key == "freeze") wish.freeze = true;
    if (key == "resume") wish.resume = true;
    if (key == "reset") wish.reset = true;
  }
  if (wish.freeze && wish.resume) root.fail("freeze and resume exclude each other");
  if (!wish.freeze && !wish.resume && !wish.reset && !wish.advance) {
    root.fail("expected at least one of freeze, advance, resume, reset");
  }
  return wish;
}

}  // namespace

void get_clock(Call& call) { show(call); }

void set_clock(Call& call) {
  const auto wish = decode_body(call, read_wish);
  if (!wish) return;
  auto& clock = call.lane.clock();
  // Before anything is done, so that a refused request changes nothing.
  if (wish->advance && *wish->advance > latest - clock.now()) {
    return call.answer(reply_error(400, "body: advance: the clock ends with the year 2199"));
  }
  if (wish->reset) clock.reset();
  if (wish->freeze) clock.freeze();
  if (wish->resume) clock.resume();
  if (wish->advance) clock.advance(*wish->advance);
  show(call);
}

}  // namespace mock::control
