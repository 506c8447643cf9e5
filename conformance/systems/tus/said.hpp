// What stands between what to do and what the server itself says of it.
#pragma once

#include <string>

namespace conformance {

inline const std::string it_says = "; it says: ";

}  // namespace conformance
