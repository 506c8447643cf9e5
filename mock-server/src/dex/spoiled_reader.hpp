// What a delivery copies when a rule says that it is not what was uploaded.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "damage.hpp"
#include "store/store.hpp"

namespace mock {

/// The first `most` bytes of `whole`, if there are so many, with what is damaged in them.
[[nodiscard]] std::unique_ptr<Reader> spoiled_reader(std::unique_ptr<Reader> whole,
                                                     std::optional<Bytes> most,
                                                     std::vector<Damage> damage);

}  // namespace mock
