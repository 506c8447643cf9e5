// The parts of a scenario file beside its settings, each of which is a table: the keys of a group
// of partners, a phase, a region and an event. The schema has the same, and a test holds it to
// that.
#pragma once

#include <vector>

#include "scenario/scenario.hpp"
#include "settings/setting.hpp"

namespace loadgen {

/// Besides what a group says of its partners by settings of the run (Setting::of_partners).
[[nodiscard]] const std::vector<settings::Setting<Group>>& group_table();
[[nodiscard]] const std::vector<settings::Setting<Phase>>& phase_table();
[[nodiscard]] const std::vector<settings::Setting<Region>>& region_table();
[[nodiscard]] const std::vector<settings::Setting<Event>>& event_table();

}  // namespace loadgen
