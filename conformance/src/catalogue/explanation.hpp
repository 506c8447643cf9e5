// What is to be known of a requirement: `explain` prints it, and pages show the same words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalogue/catalogue.hpp"
#include "target/target.hpp"

namespace conformance {

struct Explanation {
  /// {"Source", "..."}: what there is to say, in that order.
  std::vector<std::pair<std::string, std::string>> facts;
  /// {"tusd 2.10", "OK"}: of known servers.
  std::vector<std::pair<std::string, std::string>> known_servers;
  std::vector<std::string> proven_by;  ///< defects of the mock that turn it red
  bool judged = true;                  ///< a check judges it in this version
};

[[nodiscard]] Explanation explanation_of(const Requirement& row, const std::vector<Check>& checks,
                                         Systems systems);

}  // namespace conformance
