// The method by which an endpoint acts.
#pragma once

#include <optional>
#include <string_view>

#include "http/message.hpp"
#include "http/route.hpp"

namespace mock {

struct TusOptions;

/// On uploads X-HTTP-Method-Override decides, whatever the real method is (protocol.md, Headers);
/// elsewhere it means nothing. Methods are case-sensitive (RFC 9110 section 9.1), so it counts as
/// it is spelled. nullopt: its lines contradict each other, and nothing is to be done (RFC 9110
/// section 5.3). Valid as long as the request is.
[[nodiscard]] std::optional<std::string_view> acting_method(const Request& request, Route route);

/// Adds that to `addressed`, which has the method of the request line. Where `options` have it so,
/// an empty X-HTTP-Method-Override is none.
void read_method(const Request& request, const TusOptions& options, Addressed& addressed);

}  // namespace mock
