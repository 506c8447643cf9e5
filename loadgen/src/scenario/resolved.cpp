#include "scenario/resolved.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "protocol/json/comments.hpp"
#include "protocol/json/decode.hpp"

namespace loadgen {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 16> of_a_machine{
    "$schema",        "description",   "url",       "oauth_url",   "info_url",    "threads",
    "username_env",   "password_env",  "token_env", "ca_file",     "client_cert", "proxy",
    "proxy_user_env", "delivered_dir", "report",    "trust_origin"};

/// Puts the content of a file in place of its name, where a scenario may hold that.
void take_in(const Setting& setting, Json& part) {
  const auto at = part.find(key_of(setting));
  if (at == part.end() || !at->is_string() || !setting.apply_inline) return;
  const auto file = at->get<std::string>();
  const auto built_in = [&](const Network& network) { return network.name == file; };
  if (setting.name == "network" && std::ranges::any_of(built_in_networks(), built_in)) return;
  const auto text = json::detail::read_file(file);
  if (!text) return;
  auto content = json::detail::parse(json::without_comments(*text), file);
  if (content && content->is_object()) *at = *std::move(content);
}

}  // namespace

std::string resolved(const Scenario& scenario) {
  Json document =
      scenario.document.empty() ? Json::object() : Json::parse(scenario.document, nullptr, false);
  for (const auto& [setting, text] : scenario.flags) {
    if (!setting->in_scenario) continue;
    Json& value = document[key_of(*setting)];
    if (setting->times == settings::Times::once) {
      value = text;
    } else {
      if (!value.is_array()) value = value.is_null() ? Json::array() : Json::array({value});
      value.push_back(text);
    }
    if (!setting->of_partners || !document.contains("partners")) continue;
    for (Json& group : document["partners"]) group.erase(key_of(*setting));
  }
  for (const Setting& setting : settings_table()) {
    take_in(setting, document);
    if (!document.contains("partners")) continue;
    for (Json& group : document["partners"]) take_in(setting, group);
  }
  return document.dump();
}

std::string sameness(const std::string& document) {
  Json same = Json::parse(document, nullptr, false);
  if (!same.is_object()) return document;
  for (const auto key : of_a_machine) same.erase(std::string(key));
  return same.dump();
}

}  // namespace loadgen
