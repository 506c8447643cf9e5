// Delivered files, read from this machine.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "protocol/error.hpp"

namespace client {

/// Calls `visit` for every file below `folder` whose own name holds `part`, until it returns false.
/// No client knows the path template by which a target names files, so a file is found by a part of
/// its name that only one upload has. An Error when a folder cannot be read; files that came before
/// it were visited.
[[nodiscard]] Result<void> each_delivered(
    const std::filesystem::path& folder, const std::string& part,
    const std::function<bool(const std::filesystem::path& file)>& visit);

}  // namespace client
