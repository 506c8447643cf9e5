#include "onecodex/onecodex_settings.hpp"

#include <algorithm>
#include <utility>

#include "objects/objects_settings.hpp"
#include "onecodex/onecodex_system.hpp"
#include "system/made_spelling.hpp"

namespace mock {
namespace {

// Example credentials of AWS's documentation: they open nothing but this server.
constexpr auto access_key = "AKIAIOSFODNN7EXAMPLE";
constexpr auto secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// It is a user's name in Basic, so that it has no colon, and stands between commas in a flag.
Result<std::string> api_key_of(const std::string& text) {
  const bool good = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7F' && c != ',' && c != ':';
  });
  if (!good) return failure({}, "must be visible ASCII without commas and colons, and not empty");
  return text;
}

std::string text_of(const std::string& key, ConfigReader reader) {
  return reader == ConfigReader::client ? "[redacted]" : key;
}

}  // namespace

const std::vector<SystemSetting>& onecodex_settings() {
  static const std::string heading = "One Codex";
  static const std::vector<SystemSetting> table{
      system_setting({"oc-api-keys", "", "API keys, each of a user, with commas between", heading,
                      "demodemodemodemodemodemodemodemo"},
                     &OneCodexConfig::api_keys,
                     spell::list<std::string>("KEY,...", api_key_of, text_of)),
      system_setting(
          {"oc-lifetime", "",
           "How long the form of init_upload is good: the storage refuses it from then on", heading,
           "24h"},
          &OneCodexConfig::lifetime, spell::lifetime()),
      system_setting(
          {"oc-import-time", "", "How long a confirmed sample is \"importing\"", heading, "1s"},
          &OneCodexConfig::import_time, spell::duration()),
  };
  return table;
}

Result<std::unique_ptr<System>> make_onecodex(const SystemGround& ground) {
  const auto& config = ground.values.config.get<OneCodexConfig>();
  OneCodexOptions options;
  if (ground.values.by_guide) options.contract = onecodex::Contract::guide;
  options.api_keys = config.api_keys;
  options.lifetime = config.lifetime;
  options.import_time = config.import_time;
  options.credentials = {access_key, secret_key};
  auto store = objects_options_of(ground.values);
  store.buckets = {options.bucket};
  store.public_buckets.clear();
  store.keys = {options.credentials};
  options.md5_is_etag = store.etag == ETag::md5;
  auto objects = ObjectsSystem::make(std::move(store), ground.services);
  if (!objects) return tl::unexpected(objects.error());
  return std::make_unique<OneCodexSystem>(std::move(options), *std::move(objects), ground.services);
}

}  // namespace mock
