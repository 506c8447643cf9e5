// The method by which an endpoint acts.
#pragma once

#include "http/message.hpp"
#include "http/route.hpp"

namespace mock {

struct TusOptions;

/// Adds it to `addressed`, which has the method of the request line. On uploads
/// X-HTTP-Method-Override decides, whatever the real method is (protocol.md, Headers); elsewhere it
/// means nothing. Methods are case-sensitive (RFC 9110 section 9.1), so it counts as it is spelled.
/// Lines of it that contradict each other are `contradictory` (RFC 9110 section 5.3). Where
/// `options` have it so, an empty X-HTTP-Method-Override is none.
void read_method(const Request& request, const TusOptions& options, Addressed& addressed);

}  // namespace mock
