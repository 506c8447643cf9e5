// Which bearer tokens a lane demands.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace mock {

enum class AuthMode {
  none,    ///< every request passes; tokens are handed out all the same, so that clients can log in
  jwt,     ///< RS256 JWTs
  opaque,  ///< random tokens of our own
};
/// As --auth takes them.
inline constexpr std::array<std::pair<std::string_view, AuthMode>, 3> auth_modes{
    {{"none", AuthMode::none}, {"jwt", AuthMode::jwt}, {"opaque", AuthMode::opaque}}};

}  // namespace mock
