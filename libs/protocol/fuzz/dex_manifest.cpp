#include "fuzz.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/json/encode.hpp"

namespace {

std::string to_text(const dex::Manifest& manifest) {
  std::string out;
  for (const auto& [key, value] : manifest) {
    out += (out.empty() ? "{" : ",") + json::dump_string(key) + ":" + json::dump_string(value);
  }
  return out.empty() ? "{}" : out + "}";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parse = [](std::string_view text) { return dex::parse_manifest_json(text, "m.json"); };
  fuzz::require_round_trip(fuzz::text_of(data, size), parse, to_text);

  FuzzedDataProvider provider(data, size);
  dex::Manifest manifest;
  while (provider.remaining_bytes() > 8) {
    const std::string key = provider.ConsumeRandomLengthString(12);
    if (tus::is_metadata_key(key)) manifest[key] = provider.ConsumeRandomLengthString(32);
  }
  fuzz::require(dex::manifest_of(dex::metadata_of(manifest)) == manifest,
                "manifest_of(metadata_of(manifest)) == manifest");
  fuzz::require_json_round_trip(manifest, provider, parse, to_text);
  return 0;
}
