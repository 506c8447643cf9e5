// The registration of actions: one line below for each file in actions/.
#include "misbehave/action.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "misbehave/chance.hpp"
#include "misbehave/reading.hpp"

namespace mock::misbehave {

// Each is defined in the file of its name.
const Action& request_action();
const Action& commit_action();
const Action& reply_action();
const Action& interim_action();
const Action& ahead_action();
const Action& socket_action();
const Action& pace_action();
const Action& connection_action();
const Action& effect_action();
const Action& upload_action();
const Action& server_action();

std::span<const Action* const> actions() {
  static const std::array all{&request_action(), &commit_action(),     &reply_action(),
                              &interim_action(), &ahead_action(),      &socket_action(),
                              &pace_action(),    &connection_action(), &effect_action(),
                              &upload_action(),  &server_action()};
  return all;
}

Then then_of(const Cursor& at) {
  std::vector<std::string_view> keys;
  for (const auto* action : actions()) keys.push_back(action->key());
  at.only(std::span<const std::string_view>(keys));
  if (at.raw().empty()) at.fail("does nothing");
  Then then;
  for (const auto* action : actions()) {
    const auto given = at.find(action->key());
    if (!given) continue;
    action->read(*given, then);
    then.actions.push_back(action);
  }
  return then;
}

Axes axes_of(const Then& then) {
  Axes axes;
  for (const auto* action : then.actions) action->add_axes(then, axes);
  return axes;
}

bool names_state(const Rule& rule) {
  bool found = false;
  for (const auto* action : rule.then.actions)
    action->visit_values(rule, [&](const std::string& /*place*/, const Template& value, Known) {
      found = found || std::ranges::any_of(value.names(), [](const std::string& name) {
                return name == "offset" || name == "length";
              });
    });
  return found;
}

Stage stage_of(Moment moment) {
  switch (moment) {
    case Moment::connection:
      return Stage::connection;
    case Moment::effect:
    case Moment::delivered:
      return Stage::effect;
    case Moment::aborted:
    case Moment::stalled:
      return Stage::cut_off;
    case Moment::request:
    case Moment::body:
    case Moment::lasting:
    case Moment::reply:
      break;
  }
  return Stage::exchange;
}

void Firing::delay(Axis axis, const Delay& delay, Milliseconds& into) const {
  if (delay.any() && claims.take(axis)) into = length_of(delay, fired.drawing, axis);
}

}  // namespace mock::misbehave
