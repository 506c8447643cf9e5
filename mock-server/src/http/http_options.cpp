#include "http/http_options.hpp"

namespace mock {

const HttpOptions strict_http{};

}  // namespace mock
