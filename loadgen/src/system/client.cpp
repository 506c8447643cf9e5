#include "system/client.hpp"

namespace loadgen {

std::optional<std::string> given(const OwnSettings& own, const std::string& name) {
  const auto found = own.find(name);
  if (found == own.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

}  // namespace loadgen
