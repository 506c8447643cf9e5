#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "protocol/dex/upload_config.hpp"
#include "protocol/json/encode.hpp"

namespace {

std::optional<std::string> environment(const std::string& name) { return "<" + name + ">"; }
std::optional<std::string> dollar(const std::string&) { return "$"; }

std::string to_text(const dex::UploadConfig& config) {
  auto fields = nlohmann::ordered_json::array();
  for (const auto& rule : config.fields) {
    fields.push_back({{"field_name", rule.name},
                      {"required", rule.required},
                      {"allowed_values", rule.allowed_values},
                      {"description", rule.description}});
  }
  const std::string text =
      json::dump(nlohmann::ordered_json{{"metadata_config", {{"fields", std::move(fields)}}}});
  // The text is expanded when it is read: every dollar has to come out as itself.
  std::string out;
  for (const char c : text) out += c == '$' ? std::string("${D}") : std::string(1, c);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto raw = dex::parse_upload_config(text, "c.json", environment);
  if (!raw) fuzz::require_line(raw.error());
  if (text.find('$') == std::string_view::npos) {
    fuzz::require(dex::expand(text, environment) == text, "without a dollar nothing changes");
  }

  FuzzedDataProvider provider(data, size);
  dex::UploadConfig config;
  dex::Manifest manifest;
  while (provider.remaining_bytes() > 8) {
    dex::FieldRule rule;
    rule.name = "f" + provider.ConsumeRandomLengthString(8);
    rule.required = provider.ConsumeBool();
    for (int i = provider.ConsumeIntegralInRange(0, 2); i > 0; --i) {
      rule.allowed_values.push_back(provider.ConsumeRandomLengthString(8));
    }
    if (provider.ConsumeBool()) manifest[rule.name] = provider.ConsumeRandomLengthString(8);
    config.fields.push_back(std::move(rule));
  }

  const auto errors = dex::validate(manifest, config);
  for (const auto& error : errors) {
    fuzz::require(error.find('\n') == std::string::npos, "an entry is one line");
  }
  for (const auto& rule : config.fields) {
    const bool missing = rule.required && !manifest.contains(rule.name);
    fuzz::require(!missing || !errors.empty(), "what is missing is reported");
  }
  const dex::ManifestRefusal refusal{"id", errors};
  fuzz::require_json_round_trip(refusal, provider, dex::parse_manifest_refusal,
                                [](const dex::ManifestRefusal& r) { return dex::to_json(r); });
  fuzz::require_json_round_trip(
      config, provider,
      [](std::string_view t) { return dex::parse_upload_config(t, "c.json", dollar); }, to_text);
  return 0;
}
