// The libraries that requests are sent with.
#pragma once

#include <string>

namespace transport {

/// "libcurl/7.88.1 OpenSSL/3.0.17 ..."
[[nodiscard]] std::string library_versions();

}  // namespace transport
