// What an object store said of a request.
#pragma once

#include <string_view>

#include "stats/result.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// As cause_of, but of what the storage said it has only code and message: the rest may repeat the
/// signature that was sent.
[[nodiscard]] Cause cause_of_storage(std::string_view what, const transport::LoadOutcome& outcome);
/// The storage waited for bytes in vain: S3 says RequestTimeout with a 400, not 408.
[[nodiscard]] bool is_storage_timeout(const transport::LoadOutcome& outcome);

}  // namespace loadgen
