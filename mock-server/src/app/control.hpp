// The mock's own endpoints under /_mock/: what a test wants to know that no real server tells.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/handler.hpp"
#include "services.hpp"

namespace mock {

/// GET /_mock/health            200 {"status":"ok"}
/// GET /_mock/uploads           200 {"uploads":["id", ...]}
/// GET /_mock/uploads/{id}      200 {"id","kind","offset","length","complete","sha256"}; the digest
///                              is of what is stored now, null when the store keeps no bytes
/// GET /_mock/rules             200: every rule with how often it matched and fired
/// Errors are 404, 405 with Allow, or 500, as {"error": "..."}.
/// `rules` gives the JSON text of the last one. Loop thread only.
[[nodiscard]] std::unique_ptr<Handler> make_control_handler(Services& services,
                                                            std::function<std::string()> rules);

}  // namespace mock
