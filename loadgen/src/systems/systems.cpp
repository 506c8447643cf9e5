#include "systems/systems.hpp"

#include <algorithm>

#include "systems/dex/client.hpp"
#include "systems/onecodex/client.hpp"
#include "systems/openhumans/client.hpp"
#include "systems/tus/client.hpp"

namespace loadgen {

const std::vector<SystemKind>& systems() {
  static const std::vector<SystemKind> all{
      dex_system(),
      tus_system(),
      openhumans_system(),
      onecodex_system(),
      onecodex_multipart_system(),
  };
  return all;
}

const SystemKind* system_named(std::string_view name) {
  const auto found = std::find_if(systems().begin(), systems().end(),
                                  [&](const SystemKind& kind) { return kind.name == name; });
  return found == systems().end() ? nullptr : &*found;
}

}  // namespace loadgen
