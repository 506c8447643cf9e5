// What a lane can be configured with, as entries of a table: an entry is a flag of the command
// line, a key of the lane's JSON, and what is kept of it on disk. The lane has a table
// (lane/lane_settings.hpp) and each system has one.
#pragma once

#include <algorithm>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "protocol/json/decode.hpp"
#include "settings/setting.hpp"
#include "system/spelling.hpp"
#include "system/typed_values.hpp"

namespace mock {

template <class Config>
struct KeptSetting : settings::Setting<Config> {
  std::string key;  ///< the flag's name with '_' for '-', in the plural for a list
  /// Takes the key's value, which may be null, or fails at its place.
  std::function<void(Config&, const json::Cursor& value, ConfigWriter)> read;
  /// What `read` reads back; null: it is not set, and need not be kept.
  std::function<nlohmann::ordered_json(const Config&, ConfigReader)> write;
};

/// An entry whose value is at `place`, a function that gives a reference into a configuration.
template <class Config, class Place, class T>
[[nodiscard]] KeptSetting<Config> kept_setting(settings::Flag flag, Place place,
                                               const Spelling<T>& as) {
  if (flag.value.empty()) flag.value = as.value;
  KeptSetting<Config> made{{std::move(flag), {}}, {}, {}, {}};
  made.key = made.name;
  std::replace(made.key.begin(), made.key.end(), '-', '_');
  made.apply = settings::parsed(
      as.parse, [place](Config& config, T value) { place(config) = std::move(value); });
  made.read = [place, read = as.read](Config& config, const json::Cursor& value,
                                      ConfigWriter writer) { read(value, place(config), writer); };
  made.write = [place, write = as.write](const Config& config, ConfigReader reader) {
    return write(place(config), reader);
  };
  return made;
}

/// What a system can be configured with. Its values are in a type of its own.
using SystemSetting = KeptSetting<TypedValues>;

template <class Own, class T>
[[nodiscard]] SystemSetting system_setting(settings::Flag flag, T Own::*member,
                                           const Spelling<T>& as) {
  return kept_setting<TypedValues>(
      std::move(flag),
      [member](auto& values) -> auto& { return values.template get<Own>().*member; }, as);
}

}  // namespace mock
