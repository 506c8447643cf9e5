#include "fuzz.hpp"
#include "protocol/dex/info.hpp"

namespace {

dex::Delivery delivery(FuzzedDataProvider& data) {
  const auto text = [&] { return data.ConsumeRandomLengthString(16); };
  dex::Delivery out{text(), text(), text(), text(), std::nullopt};
  if (data.ConsumeBool()) {
    out.issues.emplace();
    for (int i = data.ConsumeIntegralInRange(0, 2); i > 0; --i) {
      out.issues->push_back({text(), text()});
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto write = [](const dex::Info& info) { return dex::to_json(info); };
  fuzz::require_round_trip(fuzz::text_of(data, size), dex::parse_info, write);

  FuzzedDataProvider provider(data, size);
  const auto text = [&] { return provider.ConsumeRandomLengthString(16); };
  dex::Info info;
  for (int i = provider.ConsumeIntegralInRange(0, 4); i > 0; --i) {
    info.manifest["k" + std::to_string(i) + text()] = text();
  }
  if (provider.ConsumeBool()) {
    info.file_info = dex::FileInfo{Bytes{provider.ConsumeIntegral<std::uint64_t>()}, text()};
  }
  info.upload_status = {text(), text()};
  if (provider.ConsumeBool()) {
    info.deliveries.emplace();
    for (int i = provider.ConsumeIntegralInRange(0, 3); i > 0; --i) {
      info.deliveries->push_back(delivery(provider));
    }
  }
  // Two keys that differ only in bytes that are not UTF-8 would become one: keep such keys out.
  for (const auto& [key, value] : info.manifest) {
    for (const char c : key) {
      if (static_cast<unsigned char>(c) >= 0x80) return 0;
    }
  }
  fuzz::require_json_round_trip(info, provider, dex::parse_info, write);
  return 0;
}
