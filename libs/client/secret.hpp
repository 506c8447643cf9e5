// Secrets that a client is given: by the name of a variable of the environment, never on the
// command line, which every process may read.
#pragma once

#include <string>

#include "protocol/error.hpp"

namespace client {

/// The value of the environment variable that `flag` names. The Error does not show a text that
/// may be the secret itself. Not to be used while another thread changes the environment.
[[nodiscard]] Result<std::string> secret_in(const std::string& flag, const std::string& variable);

}  // namespace client
