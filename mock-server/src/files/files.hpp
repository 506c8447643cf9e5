// Small state files that are never half-written: tokens, manifests, reports.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace mock {

enum class FileAccess {
  everyone,  ///< as the umask says
  owner,     ///< mode 0600: the file holds secrets
};

/// nullopt when there is no such file. Any thread.
[[nodiscard]] Result<std::optional<std::string>> read_file(const std::filesystem::path& file);
/// Replaces `file` by a rename, making missing folders. One writer per file at a time.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& file, std::string_view content,
                                        FileAccess access = FileAccess::everyone);
/// Adds `line` and a line feed in one write, so that a kill leaves at most a torn last line, and a
/// full disk the file as it was; makes missing folders. One writer per file at a time.
[[nodiscard]] Result<void> append_line(const std::filesystem::path& file, std::string_view line,
                                       FileAccess access = FileAccess::everyone);
/// Whether one of these failed because the device is full, or would be beyond a quota.
[[nodiscard]] bool is_disk_full(const Error& error);

}  // namespace mock
