// Complaints: one line for what went wrong.
#pragma once

#include <iosfwd>

#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "run/summary.hpp"

namespace conformance {

/// Where complaints go, without the secrets that are known by then.
struct Complaints {
  std::ostream& out;
  const redact::Secrets& secrets;
};

/// `error` without secrets and without what steers a terminal.
[[nodiscard]] Error shown(Error error, const redact::Secrets& secrets);
/// One line on `err`, and the exit code.
int complain(const Complaints& err, const Error& error, ExitCode code);

}  // namespace conformance
