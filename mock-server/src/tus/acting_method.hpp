// The method by which an endpoint acts.
#pragma once

#include "http/message.hpp"
#include "http/route.hpp"

namespace mock {

struct TusOptions;

/// Sets it in `addressed`, which has the method of the request line. On uploads
/// X-HTTP-Method-Override decides, whatever the real method is (protocol.md, Headers); elsewhere it
/// means nothing. Methods are case-sensitive (RFC 9110 section 9.1), so it counts as it is spelled.
/// If its lines contradict each other, `contradictory` is set (RFC 9110 section 5.3). An empty
/// field is none if `options.empty_is_absent`.
void read_method(const Request& request, const TusOptions& options, Addressed& addressed);

}  // namespace mock
