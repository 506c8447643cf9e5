// Under which paths of a host a tus server is looked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tus {

/// The creation URLs to try where `url` names only a host: "/files", as most servers have it, and
/// "/upload", as DEX has it behind its gateway. Empty for every other URL.
[[nodiscard]] std::vector<std::string> creation_urls_at(std::string_view url);

}  // namespace tus
