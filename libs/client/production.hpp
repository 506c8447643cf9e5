// Hosts that people depend on: fixtures/hosts/production.json.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"
#include "protocol/error.hpp"

namespace client {

struct ProductionHost {
  std::string host;  ///< in lower case, without a dot at its end
  std::string what;
};

/// Strict: an Error names the document and the field.
[[nodiscard]] Result<std::vector<ProductionHost>> parse_hosts(std::string_view text,
                                                              const std::string& document);

/// The list, as it was when the program was built.
[[nodiscard]] std::span<const EmbeddedFile> production_files();

/// The entry whose host is that of `url`, or a parent domain of it; nullptr if there is none, or if
/// `url` is no URL. Lives as long as the program. Thread-safe.
[[nodiscard]] const ProductionHost* production_host(const std::string& url);

}  // namespace client
