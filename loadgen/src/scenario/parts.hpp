// The parts of a scenario file besides its settings: the keys of a group of partners, a phase, a
// region and an event, a table for each. A test holds the schema to these tables.
#pragma once

#include <vector>

#include "scenario/scenario.hpp"
#include "settings/setting.hpp"

namespace loadgen {

/// Without the settings of the run that a group may give as well (Setting::of_partners).
[[nodiscard]] const std::vector<settings::Setting<Group>>& group_table();
[[nodiscard]] const std::vector<settings::Setting<Phase>>& phase_table();
[[nodiscard]] const std::vector<settings::Setting<Region>>& region_table();
[[nodiscard]] const std::vector<settings::Setting<Event>>& event_table();

}  // namespace loadgen
