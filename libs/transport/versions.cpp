#include "transport/versions.hpp"

#include <curl/curl.h>

namespace transport {

std::string library_versions() { return curl_version(); }

}  // namespace transport
