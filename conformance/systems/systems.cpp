// The systems that can be judged. A new one is registered here, and its folder in CMakeLists.txt.
#include <array>

#include "dex/target.hpp"
#include "objects/target.hpp"
#include "onecodex/target.hpp"
#include "openhumans/target.hpp"
#include "target/target.hpp"
#include "tus/target.hpp"

namespace conformance {

Systems systems() {
  // One line for each.
  // clang-format off
  static constexpr std::array all{
      &tus_system,
      &dex_system,
      &openhumans_system,
      &onecodex_system,
      &objects_system,
  };
  // clang-format on
  return all;
}

}  // namespace conformance
