#include "lane/lane_config_json.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lane/lane_settings.hpp"

namespace mock {
namespace {

using json::Cursor;
using Json = nlohmann::ordered_json;

constexpr std::string_view limits_key = "limits";

/// Reads what `at` has of the table's entries in "limits" (or of the others), and nothing else.
void read_keys(const Cursor& at, bool of_listener, LaneConfig& config, ConfigWriter writer) {
  std::vector<std::string_view> known;
  for (const auto& setting : lane_settings()) {
    if (setting.of_listener == of_listener) known.push_back(setting.key);
  }
  if (!of_listener) known.push_back(limits_key);
  at.only(known);
  for (const auto& setting : lane_settings()) {
    if (setting.of_listener != of_listener) continue;
    if (const auto value = at.find(setting.key)) setting.read(config, *value, writer);
  }
}

Json written(const LaneConfig& config, bool of_listener, ConfigReader reader) {
  Json json;
  for (const auto& setting : lane_settings()) {
    if (setting.of_listener != of_listener) continue;
    if (auto value = setting.write(config, reader); !value.is_null()) {
      json[setting.key] = std::move(value);
    }
  }
  return json;
}

/// In the order in which version 0.1.0 wrote them, so that what is on disk changes when its content
/// does. Later keys come after these.
constexpr std::array<std::string_view, 18> first_keys{
    "profile",        "contract",       "auth",
    "secure",         "token_lifetime", "seed",
    "early_error",    "defects",        "faults",
    "rules",          "issuer",         "users",
    "upload_configs", "deliver",        "deliver_root",
    "max_size",       "expire_after",   "chunked_and_length"};

Json config_json(const LaneConfig& config, ConfigReader reader) {
  auto all = written(config, /*of_listener=*/false, reader);
  const bool listens = all.contains("listen");
  Json json;
  for (const auto key : first_keys) {
    const std::string name(key);
    if (!all.contains(name)) continue;
    json[name] = all[name];
    all.erase(name);
  }
  json.update(all);
  if (listens) json[std::string(limits_key)] = written(config, /*of_listener=*/true, reader);
  return json;
}

/// An address and a name are one server's.
void forget_what_is_its_own(LaneConfig& config) {
  config.issuer.clear();
  config.listen.clear();
}

}  // namespace

LaneConfig read_lane_config(const Cursor& root, LaneConfig config, ConfigWriter writer) {
  forget_what_is_its_own(config);
  read_keys(root, /*of_listener=*/false, config, writer);
  if (const auto limits = root.find(limits_key)) {
    if (config.listen.empty()) limits->fail("needs \"listen\": they are of a listener");
    read_keys(*limits, /*of_listener=*/true, config, writer);
  }
  if (auto sound = check(config); !sound) {
    const auto& error = sound.error();
    root.find(error.where).value_or(root).fail(root.find(error.where) ? error.what : error.line());
  }
  return config;
}

Json to_json(const LaneConfig& config, LaneConfig over) {
  forget_what_is_its_own(over);
  auto json = config_json(config, ConfigReader::us);
  const auto set = written(over, /*of_listener=*/false, ConfigReader::us);
  for (const auto& [key, value] : set.items()) {
    if (!json.contains(key)) json[key] = nullptr;
  }
  return json;
}
Json shown_json(const LaneConfig& config) { return config_json(config, ConfigReader::client); }

}  // namespace mock
