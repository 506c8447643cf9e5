// Which server names ask for something (plan_of_name), for the certificate that is shown to them.
#pragma once

#include <string>
#include <vector>

namespace mock {

/// The server names that ask for a version or for the end of a handshake, with the good
/// certificate.
[[nodiscard]] std::vector<std::string> names_of_handshakes();

}  // namespace mock
