// Upload configs: which metadata a data stream demands (rows DEX-CFG-001, DEX-META-*).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dex/environment.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/error.hpp"

namespace dex {

struct FieldRule {
  std::string name;
  bool required = false;
  std::vector<std::string> allowed_values;  ///< empty: any value
  std::string description;
  bool operator==(const FieldRule&) const = default;
};

struct UploadConfig {
  std::vector<FieldRule> fields;  ///< in file order, which is the order errors are reported in
  bool operator==(const UploadConfig&) const = default;
};

/// CDC's JSON form. `copy_config` and other unknown keys are ignored, as DEX does since 2.6.1.
/// Forms of CDC's earlier configs, some of which DEX's own loader would refuse by now, load as they
/// were meant: "true" for true, one allowed value instead of a list, `fieldname`, and the first
/// form without `metadata_config`, which demands nothing.
/// `$NAME` and `${NAME}` are expanded from `environment` before parsing.
[[nodiscard]] Result<UploadConfig> parse_upload_config(
    std::string_view text, const std::string& document,
    const Environment& environment = process_environment);
/// "<data_stream_id>_<data_stream_route>.json" in (ASCII) lower case (row DEX-META-011). It comes
/// from the client: check is_local_path before you open it.
[[nodiscard]] std::string upload_config_filename(const Manifest& manifest);
/// What os.DirFS opens: relative, no empty, "." or ".." element, valid UTF-8, no NUL.
[[nodiscard]] bool is_local_path(std::string_view path);

/// The texts of `validation_errors` when the manifest does not name its stream (rows
/// DEX-META-001, -002); empty when it does. DEX asks this before it looks for a config.
[[nodiscard]] std::vector<std::string> validate_stream(const Manifest& manifest);
/// The texts when there is no config of that name (rows DEX-META-007, -012).
[[nodiscard]] std::vector<std::string> config_not_found_errors(const std::string& config_filename);
/// The texts of `validation_errors` in DEX's words and order; empty when the manifest is valid.
/// Source: validation.go of CDCgov/data-exchange-upload at 38563ce0, rows DEX-META-003 to -009.
[[nodiscard]] std::vector<std::string> validate(const Manifest& manifest,
                                                const UploadConfig& config);

/// The 400 body of a refused manifest.
struct ManifestRefusal {
  std::string upload_id;
  std::vector<std::string> validation_errors;
  bool operator==(const ManifestRefusal&) const = default;
};
/// Without a newline at the end, as the server sends it.
[[nodiscard]] std::string to_json(const ManifestRefusal& refusal);
[[nodiscard]] Result<ManifestRefusal> parse_manifest_refusal(std::string_view text);

}  // namespace dex
