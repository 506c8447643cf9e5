// The manifest that a tool sends when it is given none.
#pragma once

#include <string>

#include "protocol/dex/manifest.hpp"

namespace dex {

/// What DEX's own test stream, dextesting/testevent1, takes; `sender` is sender and data producer.
[[nodiscard]] Manifest default_manifest(const std::string& sender);

}  // namespace dex
