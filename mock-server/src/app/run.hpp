// Composes the server that the options ask for, and runs it.
#pragma once

#include "app/options.hpp"
#include "protocol/error.hpp"

namespace mock {

/// Serves until SIGINT or SIGTERM. An Error is about what the options name: a file, a folder, a
/// port, a certificate, a rule. Prints 'ready URL' on stdout once requests are answered.
[[nodiscard]] Result<void> run(const Options& options);

/// The text of `--defect list` and `--fault list`, or nullopt when `options` asks for neither.
[[nodiscard]] std::optional<std::string> listing(const Options& options);

}  // namespace mock
