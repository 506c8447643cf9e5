// The case files of CDC's load tool (tests/bad-uploader of CDCgov/data-exchange-upload).
#pragma once

#include <optional>
#include <string>

#include "system/client.hpp"

namespace loadgen {

/// nullopt: `text` is no such file, which has a manifest, and a chunk in MiB. An Error names the
/// file. Thread-safe.
[[nodiscard]] std::optional<Result<ForeignScenario>> read_case_file(const std::string& text,
                                                                    const std::string& file);

}  // namespace loadgen
