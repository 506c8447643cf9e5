#include "settings/choice.hpp"

#include "protocol/nearest.hpp"

namespace settings {

std::optional<std::string_view> meant_by(std::string_view text,
                                         const std::vector<std::string_view>& names) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (const auto slip = slip_of(lower, names)) return slip;
  if (lower.size() < 2) return std::nullopt;
  const auto longer =
      std::ranges::find_if(names, [&](std::string_view name) { return name.starts_with(lower); });
  return longer == names.end() ? std::nullopt : std::optional(*longer);
}

std::string nearest_choice(std::string_view text, const std::vector<std::string_view>& names) {
  const auto meant = meant_by(text, names);
  return meant ? fmt::format("the nearest is {}", *meant) : std::string();
}

tl::unexpected<Error> not_one_of(std::string_view text,
                                 const std::vector<std::string_view>& names) {
  return failure("", fmt::format("{} is not one of {}", quote(text), fmt::join(names, ", ")),
                 nearest_choice(text, names));
}

}  // namespace settings
