// What OPTIONS tells: Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"

namespace tus {

struct Discovery {
  std::vector<std::string> versions;  ///< most preferred first
  std::set<std::string> extensions;
  std::optional<Bytes> max_size;
  std::vector<std::string> checksum_algorithms;

  [[nodiscard]] bool offers(std::string_view extension) const;
};

/// Reads the headers of an OPTIONS response; what is malformed is an Error that names the header.
/// An absent header leaves its member empty. A Tus-Max-Size beyond max_length reads as max_length.
[[nodiscard]] Result<Discovery> parse_discovery(const http::Fields& headers);

}  // namespace tus
