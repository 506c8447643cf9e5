#include "system/registered.hpp"

#include <array>

#include "dex/registration.hpp"
#include "objects/registration.hpp"
#include "onecodex/registration.hpp"
#include "openhumans/registration.hpp"
#include "tus/registration.hpp"

namespace mock {
namespace {

/// One line for each system.
// clang-format off
constexpr std::array systems{
    tus_registration,
    dex_registration,
    objects_registration,
    openhumans_registration,
    onecodex_registration,
};
// clang-format on

}  // namespace

std::span<const RegisteredSystem> registered_systems() { return systems; }

}  // namespace mock
