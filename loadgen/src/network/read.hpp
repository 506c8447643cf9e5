// A network as its file says it.
#pragma once

#include "network/network.hpp"
#include "protocol/json/decode.hpp"

namespace loadgen {

/// Reads the root of a document (fixtures/networks/network.schema.json).
[[nodiscard]] Network read_network(const json::Cursor& root);

}  // namespace loadgen
