// What Open Humans can be set to, and how that of a lane is made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openhumans/project_gate.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"
#include "system/ground.hpp"
#include "system/setting.hpp"
#include "system/system.hpp"

namespace mock {

/// Values as the command line takes them: by default the examples of the document work.
struct OpenHumansConfig {
  /// Of URLs that are PUT to, and of files that are not complete; as the deployed server has it.
  Milliseconds lifetime{6L * 60 * 60 * 1000};
  std::vector<std::string> tokens{"example_token"};
  std::vector<std::string> expired_tokens{"expired_token"};
  std::vector<ProjectMember> members{{"12345678", "member_token"}, {"87654321", ""}};
};

[[nodiscard]] const std::vector<SystemSetting>& openhumans_settings();
/// Loop thread only. An Error is about the configuration.
[[nodiscard]] Result<std::unique_ptr<System>> make_openhumans(const SystemGround& ground);

}  // namespace mock
