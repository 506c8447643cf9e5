#include "system/registered.hpp"

#include <array>

#include "dex/routes.hpp"
#include "tus/journal.hpp"
#include "tus/routes.hpp"

namespace mock {
namespace {

/// One line for each system.
constexpr std::array systems{
    RegisteredSystem{"tus", tus_routes, tus_journal},
    RegisteredSystem{"dex", dex_routes},
};

}  // namespace

std::span<const RegisteredSystem> registered_systems() { return systems; }

}  // namespace mock
