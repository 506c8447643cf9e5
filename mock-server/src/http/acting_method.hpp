// The method by which an endpoint acts. There is one reading of it, for all who ask: the handlers,
// the gate in front of them, the rules and the journal.
#pragma once

#include <optional>
#include <string_view>

#include "http/message.hpp"
#include "http/route.hpp"

namespace mock {

/// On uploads X-HTTP-Method-Override decides, whatever the real method is (protocol.md, Headers);
/// elsewhere it means nothing. Methods are case-sensitive (RFC 9110 section 9.1), so it counts as
/// it is spelled. nullopt: its lines contradict each other, and nothing is to be done (RFC 9110
/// section 5.3). Valid as long as the request is.
[[nodiscard]] std::optional<std::string_view> acting_method(const Request& request, Route route);

}  // namespace mock
