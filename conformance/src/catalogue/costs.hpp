// What rows send, by measurement: fixtures/costs/*.json, embedded into the program.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "embedded/embedded.hpp"
#include "protocol/error.hpp"

namespace conformance {

struct Cost {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;    ///< of bodies
  std::uint64_t uploads = 0;  ///< created
  std::uint64_t ms = 0;       ///< how long it took, on a line without delay

  Cost& operator+=(const Cost& more);
};

/// Of one system.
struct Costs {
  std::string measured;                           ///< how
  std::string left_behind;                        ///< what becomes of uploads
  Cost besides;                                   ///< what discovery takes
  std::map<std::string, Cost, std::less<>> rows;  ///< by requirement
};

/// Strict: an Error names the document and the field. A system without a document is an Error too.
[[nodiscard]] Result<Costs> load_costs(std::span<const EmbeddedFile> documents,
                                       std::string_view system);
[[nodiscard]] Result<Costs> parse_costs(std::string_view text, const std::string& document);

/// What was embedded at build time.
[[nodiscard]] std::span<const EmbeddedFile> embedded_costs();

}  // namespace conformance
