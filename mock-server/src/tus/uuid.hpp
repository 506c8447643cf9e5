// Random ids for uploads that no hook named.
#pragma once

#include <string>

namespace mock {

/// UUID version 4 (RFC 9562 section 5.4) in lower case, from the kernel's generator.
[[nodiscard]] std::string random_uuid();

}  // namespace mock
