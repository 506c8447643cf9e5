// --contract guide: "returns JSON-encoded responses", errors included.
#pragma once

#include <memory>

#include "http/handler.hpp"

namespace mock {

/// What `handler` answers, except that an error with a plain text says it as {"error": text}.
[[nodiscard]] std::unique_ptr<Handler> json_errors(std::unique_ptr<Handler> handler);

}  // namespace mock
