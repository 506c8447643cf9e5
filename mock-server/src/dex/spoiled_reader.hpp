// What a delivery copies when a rule damages it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "damage.hpp"
#include "store/store.hpp"

namespace mock {

/// Reads the first `most` bytes of `whole`, or all if there are fewer, with the damage in them.
[[nodiscard]] std::unique_ptr<Reader> spoiled_reader(std::unique_ptr<Reader> whole,
                                                     std::optional<Bytes> most,
                                                     std::vector<Damage> damage);

}  // namespace mock
