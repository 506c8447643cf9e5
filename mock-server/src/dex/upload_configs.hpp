// The folder of upload configs that manifests are judged by (census rows DEX-CFG-001, DEX-META-*).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/dex/contract.hpp"
#include "protocol/dex/environment.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/dex/upload_config.hpp"
#include "protocol/error.hpp"

namespace mock {

/// Whether every file in `folder` that a manifest can name is an upload config. The Error names the
/// file and the field: better at the start than at the first upload of that stream.
[[nodiscard]] Result<void> check_upload_configs(const std::filesystem::path& folder,
                                                const dex::Environment& environment);

/// Loop thread only.
class UploadConfigs {
 public:
  /// Without a folder there is one config, for the stream dextesting / testevent1.
  UploadConfigs(std::optional<std::filesystem::path> folder, dex::Environment environment,
                dex::Contract contract = dex::Contract::server);

  /// What is wrong with the manifest, in DEX's words or the guide's; empty when it is valid. A
  /// config is read at its first use and kept for the life of the process; a missing one is looked
  /// for again (DEX-META-023). An Error means that the config itself is broken (DEX-META-022).
  [[nodiscard]] Result<std::vector<std::string>> validate(const dex::Manifest& manifest);

 private:
  /// Null when there is no such config.
  Result<const dex::UploadConfig*> find(const std::string& filename);
  Result<std::vector<std::string>> validate_by_guide(const dex::Manifest& manifest);

  std::optional<std::filesystem::path> folder_;
  dex::Environment environment_;
  dex::Contract contract_;
  std::map<std::string, dex::UploadConfig> cache_;
};

}  // namespace mock
