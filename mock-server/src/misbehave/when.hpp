// What the checks of several actions ask of a rule. Private to this room.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "misbehave/action.hpp"

namespace mock::misbehave {

/// Every method of the rule is one of these.
[[nodiscard]] bool only_methods(const When& when, std::initializer_list<std::string_view> group);
/// The rule is about creations and nothing else.
[[nodiscard]] bool only_creations(const When& when);
/// No route of the rule is about an upload.
[[nodiscard]] bool nowhere(const When& when);
/// Why no request can come as the rule has it.
[[nodiscard]] Why on_the_arrival(const When& when);
/// Why there is nothing to count as the rule has it.
[[nodiscard]] Why on_the_counting(const Rule& rule);
/// Why no upload can stand in these relations.
[[nodiscard]] Why on_the_relations(const When& when);
/// Why `turn` is too early: what is done before the handler sees the request must be known by then.
[[nodiscard]] Why too_late_for(Turn turn, const Rule& rule);
/// What the values of something that is done at `turn` may name.
[[nodiscard]] Known known_at(Turn turn, const Rule& rule);
/// Visits the values that fields are set to or gain.
void visit_fields(const std::string& place, const FieldEdits& edits, Known known,
                  const Action::Visit& visit);

}  // namespace mock::misbehave
