// A scenario as a file: JSON with comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenario/scenario.hpp"

namespace loadgen {

/// Puts what a scenario file says into `scenario`. In a folder, or in files of another tool that a
/// system can read (SystemKind::read_foreign), each file is a group of partners. `notes` gets a
/// line for each thing in those that could not be taken over.
[[nodiscard]] Result<void> apply_scenario(Scenario& scenario, const std::string& file,
                                          std::vector<std::string>& notes);
/// The same for text; `document` names it in errors.
[[nodiscard]] Result<void> apply_scenario_text(Scenario& scenario, std::string_view text,
                                               const std::string& document);

/// What a flag says; it wins over any file.
[[nodiscard]] Result<void> apply_flag(Scenario& scenario, const Setting& setting,
                                      const std::string& text);

}  // namespace loadgen
