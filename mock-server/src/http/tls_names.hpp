// The server names (SNI) that the good certificate has to be valid for, besides localhost.
#pragma once

#include <string>
#include <vector>

namespace mock {

/// The names by which plan_of_name is asked for a version, or for the end of a handshake: until
/// then the good certificate is shown.
[[nodiscard]] std::vector<std::string> names_of_handshakes();

}  // namespace mock
