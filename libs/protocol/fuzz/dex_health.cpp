#include "fuzz.hpp"
#include "protocol/dex/health.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto write_health = [](const dex::Health& health) { return dex::to_json(health); };
  const auto write_version = [](const dex::VersionInfo& version) { return dex::to_json(version); };
  fuzz::require_round_trip(fuzz::text_of(data, size), dex::parse_health, write_health);
  fuzz::require_round_trip(fuzz::text_of(data, size), dex::parse_version, write_version);

  FuzzedDataProvider provider(data, size);
  const auto text = [&] { return provider.ConsumeRandomLengthString(16); };
  dex::Health health{text(), {}};
  for (int i = provider.ConsumeIntegralInRange(0, 3); i > 0; --i) {
    health.services.push_back({text(), text(), text()});
  }
  const dex::VersionInfo version{text(), text(), text()};
  fuzz::require_json_round_trip(health, provider, dex::parse_health, write_health);
  fuzz::require_json_round_trip(version, provider, dex::parse_version, write_version);
  return 0;
}
