// The words for what a peer did.
#pragma once

#include <string>

#include "transport/raw_connection.hpp"

namespace conformance {

[[nodiscard]] std::string to_string(transport::RawConnection::Seen seen);

}  // namespace conformance
