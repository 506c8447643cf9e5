// Random ids for uploads that no hook named.
#pragma once

#include <string>

namespace mock {

/// UUID version 4 (RFC 9562 section 5.4) in lower case, from the kernel's generator.
[[nodiscard]] std::string random_uuid();
/// 32 hexadecimal digits in lower case, from there too.
[[nodiscard]] std::string random_hex_id();

}  // namespace mock
