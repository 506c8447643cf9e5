// PATCH is one area in two files; core_patch() of suites.hpp puts them together.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

/// The rows about broken connections, competing requests and the connection after an error.
[[nodiscard]] std::vector<Check> core_patch_connection();

/// A sender that stalls in the middle of a PATCH is timed out (TUS-CORE-PATCH-023); also what
/// DEX-SEC-006 asks for.
[[nodiscard]] Outcome stalled_sender_is_timed_out(Context& context);

}  // namespace conformance::suites
