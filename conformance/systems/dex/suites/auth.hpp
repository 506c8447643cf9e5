// dex_auth() is one area in two files: who is let in, and how tokens are made and refused.
#pragma once

#include <vector>

#include "check.hpp"
#include "run/context.hpp"

namespace conformance::suites {

/// The rows about tokens: DEX-AUTH-003 to -009, -020 and -021.
std::vector<Check> dex_auth_tokens();

/// Ends the check as skipped for a target that does not look at credentials.
void needs_authorization(Context& c);

}  // namespace conformance::suites
