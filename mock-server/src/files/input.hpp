// Files that a person or a client names: configuration, users, rules. Never more of them than a
// limit, and never one that lets the reader wait for ever.
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

/// The whole of a file that the command line names: a regular one, or a pipe that somebody writes
/// to
/// (`--users <(...)`), which is read to its end. Devices, sockets and pipes without a writer are
/// Errors, as is one that is missing or longer than `input_limit`. Any thread; waits for a pipe.
[[nodiscard]] Result<std::string> read_input(const std::string& file);

/// Whether `name` can be one inside a folder: relative, and each part of it a name, not "." or
/// "..".
[[nodiscard]] bool is_inner_name(std::string_view name);

/// The whole of a file inside `folder` that a request names. No part of `name` may be a symbolic
/// link, so that nothing outside the folder is opened, and only a regular file is, of at most
/// `named_input_limit`. Errors say `name`, never the folder, nor anything of the content. Any
/// thread.
[[nodiscard]] Result<std::string> read_input_in(const std::filesystem::path& folder,
                                                std::string_view name);
/// The names of the files in a folder inside `folder`, sorted. As `read_input_in`.
[[nodiscard]] Result<std::vector<std::string>> list_inputs_in(const std::filesystem::path& folder,
                                                              std::string_view name);

}  // namespace mock
