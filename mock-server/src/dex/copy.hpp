// Copies stored bytes to a file that appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "protocol/error.hpp"
#include "store/store.hpp"

namespace mock {

/// Writes to `temporary`, a name in the destination's folder, and renames; a left-over of that name
/// is overwritten. Makes missing folders. Any thread.
[[nodiscard]] Result<void> copy_to_file(Reader& source, const std::filesystem::path& destination,
                                        const std::string& temporary);

/// Whether files can be made in `folder`, or the folder itself when it is missing. Makes nothing.
[[nodiscard]] Result<void> check_folder(const std::filesystem::path& folder);

}  // namespace mock
