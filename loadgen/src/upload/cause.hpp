// What became of one request, as a cause to count by.
#pragma once

#include <string>
#include <string_view>

#include "stats/result.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// 0 when there was no answer.
[[nodiscard]] int status_of(const transport::LoadOutcome& outcome);
/// "PATCH: connection reset", "PATCH: 500" with what the server said; `what` names the request.
[[nodiscard]] Cause cause_of(std::string_view what, const transport::LoadOutcome& outcome);

/// For the user's own file that has changed: what Payload::trouble says, which names no file.
[[nodiscard]] Cause cause_of_trouble(const std::string& trouble);

}  // namespace loadgen
