// The URLs of DEX that belong to a creation URL.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace dex {

/// The addresses beside a creation URL, in the shape it has: ".../files" with ".../info" (inside
/// the gateway), or ".../upload" with ".../upload/info" (behind it).
struct Endpoints {
  std::string info;  ///< an id is appended after a '/'
  std::string health;
  std::string version;
  std::string metrics;
  std::string root;   ///< ends with '/'
  std::string oauth;  ///< client::token_url; only the gateway has it
};

[[nodiscard]] Result<Endpoints> endpoints_of(std::string_view creation_url);

}  // namespace dex
