// Files that a person or a client names: configuration, users, rules. No more than a limit is read
// of any, and none makes the reader wait for ever.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace mock {

/// Of a file that the command line names.
inline constexpr Bytes input_limit{16UL << 20U};
/// Of a file that a request names.
inline constexpr Bytes named_input_limit{1UL << 20U};

/// The whole of a file that the command line names: a regular file, or a pipe that somebody writes
/// to (`--users <(...)`), which is read to its end. An Error: a device, a socket, a pipe without a
/// writer, and a file that is missing or longer than `input_limit`. Any thread; waits for a pipe.
[[nodiscard]] Result<std::string> read_input(const std::string& file);

/// Whether `name` can be in a folder: it is relative, and no part is empty, "." or "..".
[[nodiscard]] bool is_inner_name(std::string_view name);

/// The whole of a file inside `folder` that a request names: a regular file of at most
/// `named_input_limit`. No part of `name` may be a symbolic link, so nothing outside the folder is
/// opened. Errors tell `name`, but nothing of the folder or the content. Any thread.
[[nodiscard]] Result<std::string> read_input_in(const std::filesystem::path& folder,
                                                std::string_view name);
/// The names of the files in a folder inside `folder`, sorted. As `read_input_in`.
[[nodiscard]] Result<std::vector<std::string>> list_inputs_in(const std::filesystem::path& folder,
                                                              std::string_view name);

}  // namespace mock
