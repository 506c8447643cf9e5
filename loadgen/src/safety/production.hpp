// Hosts that are never loaded, whoever claims to own them: fixtures/hosts/production.json.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"
#include "protocol/error.hpp"

namespace loadgen {

struct ProductionHost {
  std::string host;  ///< in lower case, without a dot at its end
  std::string what;
};

/// Strict: an Error names the document and the field.
[[nodiscard]] Result<std::vector<ProductionHost>> parse_hosts(std::string_view text,
                                                              const std::string& document);

/// The list, as it was when the program was built.
[[nodiscard]] std::span<const EmbeddedFile> production_files();

/// An Error when the host of `url` is on the list, or below one that is. What is no URL is none of
/// them. Thread-safe.
[[nodiscard]] Result<void> not_production(const std::string& url);

}  // namespace loadgen
