// A run's findings without the secrets of the run.
#pragma once

#include "redact/secrets.hpp"
#include "run/summary.hpp"

namespace conformance {

/// What a check found and sent, masked. Made before it is printed.
[[nodiscard]] CaseResult masked(CaseResult result, const redact::Secrets& secrets);
/// Everything that a report shows of the target and of the checks, masked with the secrets known at
/// the end of the run: what an early check saw may have become a secret later.
[[nodiscard]] RunReport masked(RunReport report, const redact::Secrets& secrets);
/// What a report shows of the target: its URL without the query, too.
[[nodiscard]] TargetFacts masked(TargetFacts target, const redact::Secrets& secrets);

}  // namespace conformance
