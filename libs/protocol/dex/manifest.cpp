#include "protocol/dex/manifest.hpp"

#include "protocol/json/decode.hpp"

namespace dex {

Manifest manifest_of(const tus::Metadata& metadata) {
  Manifest manifest;
  for (const tus::MetadataPair& pair : metadata.pairs()) manifest[pair.key] = pair.value;
  return manifest;
}

tus::Metadata metadata_of(const Manifest& manifest) {
  tus::Metadata metadata;
  for (const auto& [key, value] : manifest) metadata.set(key, value);
  return metadata;
}

Result<Manifest> parse_manifest_json(std::string_view text, const std::string& document) {
  return json::decode(text, document, [](const json::Cursor& root) {
    Manifest manifest;
    for (const auto& [key, value] : root.members()) {
      if (!tus::is_metadata_key(key)) {
        root.fail(quote(key) + " cannot be a metadata key: expected visible ASCII without commas");
      }
      manifest.emplace(key, value.string());
    }
    return manifest;
  });
}

std::optional<std::string> filename_of(const Manifest& manifest) {
  for (const char* key :
       {"filename", "original_filename", "meta_ext_filename", "received_filename"}) {
    if (const auto found = manifest.find(key); found != manifest.end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace dex
