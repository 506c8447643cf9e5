// Tokens for --tokens of dex-conformance that only an identity provider can make: the mock's own.
#pragma once

#include <filesystem>
#include <string>

namespace programs {

/// Asks the mock at `url` for one token of each kind and writes them to `file`.
void write_tokens(const std::string& url, const std::filesystem::path& file);

}  // namespace programs
