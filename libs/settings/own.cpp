#include "settings/own.hpp"

#include <utility>

namespace settings {

std::optional<std::string> given(const OwnSettings& own, const std::string& name) {
  const auto found = own.find(name);
  if (found == own.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

Result<void> keep(OwnSettings& own, const OwnSetting& setting, const std::string& text) {
  auto value = setting.read(text);
  if (!value) return tl::unexpected(value.error());
  auto& values = own[setting.name];
  if (setting.times == Times::once) values.clear();
  values.push_back(*std::move(value));
  return {};
}

}  // namespace settings
