// Upload ids as DEX makes them (row DEX-TUS-002).
#pragma once

#include <string>

namespace mock {

/// A random (version 4) UUID in lower case, from the operating system's entropy.
[[nodiscard]] std::string make_uuid();

}  // namespace mock
