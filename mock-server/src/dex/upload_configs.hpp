// The folder of upload configs that manifests are judged by (rows DEX-CFG-001, DEX-META-*).
#pragma once

#include <filesystem>
#include <functional>
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

/// Where upload configs are.
struct UploadConfigSource {
  /// The text of the config of that name, a local path; nullopt: there is none. Any thread.
  std::function<Result<std::optional<std::string>>(const std::string& filename)> read;
  /// What $NAME in them stands for.
  dex::Environment environment;
};
/// The files of a folder.
[[nodiscard]] UploadConfigSource upload_configs_in(std::filesystem::path folder,
                                                   dex::Environment environment);

/// Whether a manifest can name a file of that name as its config.
[[nodiscard]] bool can_be_upload_config(const std::filesystem::path& file);
/// Whether every file in `folder` that a manifest can name is an upload config. The Error names the
/// file and the field: better at the start than at the first upload of that stream.
[[nodiscard]] Result<void> check_upload_configs(const std::filesystem::path& folder,
                                                const dex::Environment& environment);

/// Loop thread only.
class UploadConfigs {
 public:
  /// Without a source there is one config, for the stream dextesting / testevent1.
  explicit UploadConfigs(std::optional<UploadConfigSource> source,
                         dex::Contract contract = dex::Contract::server);
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

  std::optional<UploadConfigSource> source_;
  dex::Contract contract_;
  std::map<std::string, dex::UploadConfig> cache_;
};

}  // namespace mock
