#include "tus/tus_settings.hpp"

#include <chrono>

#include "system/made_spelling.hpp"
#include "tus/tus_system.hpp"

namespace mock {
namespace {

constexpr const char* too_short = "must be at least 1s";

/// Upload-Expires counts in seconds.
Spelling<Milliseconds> lifetime() {
  auto spelling = spell::duration();
  spelling.parse = [parse = spelling.parse](const std::string& text) -> Result<Milliseconds> {
    auto time = parse(text);
    if (time && *time < std::chrono::seconds{1}) return failure({}, too_short);
    return time;
  };
  spelling.read = [read = spelling.read](const json::Cursor& value, Milliseconds& into,
                                         ConfigWriter writer) {
    read(value, into, writer);
    if (into < std::chrono::seconds{1}) value.fail(too_short);
  };
  return spelling;
}

}  // namespace

const std::vector<SystemSetting>& tus_settings() {
  static const std::string offered = "What is offered";
  static const std::vector<SystemSetting> table{
      system_setting(
          {"max-size", "", "Tus-Max-Size, for example 64MiB; default as the profile", offered},
          &TusConfig::max_size, spell::unless_null(spell::bytes())),
      system_setting(
          {"expire-after", "",
           "How long an upload may stay unfinished; default: tus 24h, dex for ever", offered},
          &TusConfig::expire_after, spell::unless_null(lifetime())),
  };
  return table;
}

TusOptions tus_options_of(const SystemValues& values) {
  auto tus = values.profile.get<TusOptions>();
  const auto& config = values.config.get<TusConfig>();
  if (config.expire_after) {
    tus.extensions.insert("expiration");
    tus.expire_after = config.expire_after;
  }
  complete_cors(tus);
  if (config.max_size) tus.max_size = config.max_size;
  tus.early_error = values.early_error;
  if (values.secure) {
    tus.trust_forwarded = false;   // DEX-SEC-004
    tus.cors_credentials = false;  // else any web site may use a visitor's session cookie
  }
  return tus;
}

Result<std::unique_ptr<System>> make_tus(const SystemGround& ground) {
  static Hooks nothing_behind;
  return std::make_unique<TusSystem>(tus_options_of(ground.values),
                                     TusServices{ground.services, nothing_behind});
}

}  // namespace mock
