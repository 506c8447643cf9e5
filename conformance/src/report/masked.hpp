// A run's findings without the secrets of the run.
#pragma once

#include "redact/secrets.hpp"
#include "run/summary.hpp"

namespace conformance {

/// What a check found and sent, masked. Made before it is printed.
[[nodiscard]] CaseResult masked(CaseResult result, const redact::Secrets& secrets);
/// Everything that a report shows of the target and of the checks, masked with all that the run
/// knows at its end: what an early check saw may have become a secret later.
[[nodiscard]] RunReport masked(RunReport report, const redact::Secrets& secrets);
/// What a report shows of the target: of its URL no query either.
[[nodiscard]] TargetFacts masked(TargetFacts target, const redact::Secrets& secrets);

}  // namespace conformance
