// Which uploads are delivered where: CDC's YAML form (rows DEX-CFG-002, -003).
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

/// What a target is to DEX. Here each is a folder.
enum class TargetKind { file, s3, az_blob };

struct DeliveryTarget {
  std::string name;
  std::filesystem::path folder;  ///< relative ones start at the working directory, as in DEX
  TargetKind kind = TargetKind::file;
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
  /// One line each: what was read as DEX reads it, but was hardly meant. They quote no value of the
  /// document.
  std::vector<std::string> warnings = {};

  [[nodiscard]] const DeliveryTarget* target(std::string_view name) const;
  /// Null when nothing routes this upload.
  [[nodiscard]] const std::vector<RoutedTarget>* group_of(const dex::Manifest& manifest) const;
};

/// targets: { KEY: { name, type: file, path } }, routing_groups: [ { data_stream_id,
/// data_stream_route, delivery_targets: [ { name, path_template } ] } ]; $NAME and ${NAME} are
/// expanded first. Of two groups of one stream the last counts, with a warning. Errors name the
/// file, the line and the field.
///
/// The form of October 2024 has `programs` in place of both (deliver.go at 52100b24): its groups
/// say of each target what it is, mostly by `<<: *anchor` with the anchors in mappings beside it.
///
/// With `root` (--deliver-root) the folder of each target is the one in `root` that has its name,
/// whatever its type and path, and the name has to be fit for a folder. Without it targets of type
/// s3 and az-blob need a `path`, which DEX does not know: a folder that stands in for the bucket.
[[nodiscard]] Result<DeliveryConfig> parse_delivery_config(
    std::string_view text, const std::string& document, const dex::Environment& environment,
    const std::optional<std::filesystem::path>& root = std::nullopt);
[[nodiscard]] Result<DeliveryConfig> load_delivery_config(const std::string& file,
                                                          const dex::Environment& environment);

inline constexpr auto built_in_target = "edav";
/// Every stream goes to one target, `built_in_target`, as <folder>/YYYY/MM/DD/<name>_<upload
/// id><extension>.
[[nodiscard]] DeliveryConfig built_in_delivery_config(const std::filesystem::path& folder);

}  // namespace mock
