// Upload configs: which metadata a data stream demands (census rows DEX-CFG-001, DEX-META-*).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dex/manifest.hpp"
#include "protocol/error.hpp"

namespace dex {

struct FieldRule {
  std::string name;
  bool required = false;
  std::vector<std::string> allowed_values;  ///< empty: any value
  std::string description;
};

struct UploadConfig {
  std::vector<FieldRule> fields;  ///< in file order, which is the order errors are reported in
};

/// CDC's JSON form. `copy_config` and other unknown keys are ignored, as DEX does since 2.6.1.
/// `${NAME}` is expanded from `environment` before parsing; an unset name becomes empty.
[[nodiscard]] Result<UploadConfig> parse_upload_config(std::string_view text,
                                                       const std::string& document);
/// "<data_stream_id>_<data_stream_route>.json" in lower case (census row DEX-META-011).
[[nodiscard]] std::string upload_config_filename(const Manifest& manifest);

/// The texts of `validation_errors` in DEX's words and order; empty when the manifest is valid.
/// Source: validation.go at 38563ce0, census rows DEX-META-003 to -009.
[[nodiscard]] std::vector<std::string> validate(const Manifest& manifest,
                                                const UploadConfig& config);

/// The 400 body of a refused manifest.
struct ManifestRefusal {
  std::string upload_id;
  std::vector<std::string> validation_errors;
  bool operator==(const ManifestRefusal&) const = default;
};
[[nodiscard]] std::string to_json(const ManifestRefusal& refusal);
[[nodiscard]] Result<ManifestRefusal> parse_manifest_refusal(std::string_view text);

}  // namespace dex
