#include "misbehave/near_miss.hpp"

#include <nlohmann/json.hpp>

namespace mock::misbehave {
namespace {

constexpr std::size_t longest_text = 4096;

std::string joined(const std::vector<std::string>& place) {
  std::string text;
  for (const auto& one : place) text += (text.empty() ? "" : ".") + one;
  return text;
}

}  // namespace

void NearMiss::add(Where place, std::string got, bool matched) {
  conditions.push_back({{place.begin(), place.end()}, std::move(got), matched});
}

NearestMiss told(const NearMiss& miss, const std::string& rule) {
  const auto document = nlohmann::json::parse(rule);
  NearestMiss nearest{miss.method, miss.target, {}};
  for (const auto& condition : miss.conditions) {
    const auto* wanted = &document.at("when");
    for (const auto& step : condition.place) wanted = &wanted->at(step);
    nearest.conditions.push_back(
        {joined(condition.place), wanted->dump(), condition.got, condition.matched});
  }
  return nearest;
}

std::string json_of(std::optional<std::string_view> text) {
  if (!text) return "null";
  std::string kept(text->substr(0, longest_text));
  if (kept.size() < text->size()) kept += "...";
  return nlohmann::json(std::move(kept))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
std::string json_of(std::optional<std::uint64_t> number) {
  return number ? std::to_string(*number) : "null";
}
std::string json_of(TimePoint::duration time) {
  const auto whole = std::chrono::duration_cast<Milliseconds>(time).count();
  return json_of(std::to_string(whole) + "ms");
}

}  // namespace mock::misbehave
