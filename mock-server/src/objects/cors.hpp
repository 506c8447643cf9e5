// Uploads from pages of any origin (AWS, "Using cross-origin resource sharing"; Fetch standard,
// CORS protocol). Answers as a bucket does whose only rule allows every origin.
#pragma once

#include <memory>

#include "http/handler.hpp"

namespace mock {

/// Whether this is a CORS preflight: a browser asks what it may send.
[[nodiscard]] bool is_objects_preflight(const Request& request);
/// The answer to a preflight, which needs no signature.
[[nodiscard]] std::unique_ptr<Handler> make_preflight_handler();

/// `handler`, whose reply a page may read, whatever its status. Only of a request with an Origin.
[[nodiscard]] std::unique_ptr<Handler> readable_by_pages(std::unique_ptr<Handler> handler);

/// Makes `reply` readable by a page, if one asks.
void let_pages_read(const Request& request, Reply& reply);

}  // namespace mock
