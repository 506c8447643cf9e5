// Which uploads are delivered where: CDC's YAML form (census rows DEX-CFG-002, -003).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dex/path_template.hpp"
#include "protocol/dex/environment.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/error.hpp"

namespace mock {

struct DeliveryTarget {
  std::string name;
  std::filesystem::path folder;  ///< relative ones start at the working directory, as in DEX
};

/// A target as a routing group names it.
struct RoutedTarget {
  std::string name;
  PathTemplate path;
};

struct DeliveryConfig {
  std::vector<DeliveryTarget> targets;  ///< in file order
  /// By "<data_stream_id>_<data_stream_route>".
  std::map<std::string, std::vector<RoutedTarget>> groups;
  /// For streams without a group of their own; only the built-in config has it.
  std::optional<std::vector<RoutedTarget>> every_other_stream;
  /// The folders of the targets are inside the lane's own.
  bool inside_lane = false;

  [[nodiscard]] const DeliveryTarget* target(std::string_view name) const;
  /// Null when nothing routes this upload.
  [[nodiscard]] const std::vector<RoutedTarget>* group_of(const dex::Manifest& manifest) const;
};

/// targets: { KEY: { name, type: file, path } }, routing_groups: [ { data_stream_id,
/// data_stream_route, delivery_targets: [ { name, path_template } ] } ]; $NAME and ${NAME} are
/// expanded first. Targets of type s3 and az-blob are accepted when they have a `path`, a folder
/// that stands in for the bucket. Errors name the file, the line and the field.
[[nodiscard]] Result<DeliveryConfig> parse_delivery_config(std::string_view text,
                                                           const std::string& document,
                                                           const dex::Environment& environment);
[[nodiscard]] Result<DeliveryConfig> load_delivery_config(const std::string& file,
                                                          const dex::Environment& environment);

/// Every stream goes to one target, "edav", as <folder>/YYYY/MM/DD/<name>_<upload id><extension>.
[[nodiscard]] DeliveryConfig built_in_delivery_config(const std::filesystem::path& folder);

}  // namespace mock
