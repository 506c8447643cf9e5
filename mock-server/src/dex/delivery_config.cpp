#include "dex/delivery_config.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>

#include "files/input.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;
using Root = std::optional<fs::path>;

constexpr std::size_t routed_limit = 100'000;
/// How many members one "<<" may bring: with aliases, a short document can stand for a huge one.
constexpr std::size_t merged_limit = 100;

/// Thrown while reading, caught by parse_delivery_config.
struct YamlError {
  Error error;
};

/// A node and the path that led to it; every accessor throws YamlError naming file, line and path.
class YamlCursor {
 public:
  YamlCursor(const YAML::Node& node, const std::string& document, std::string path)
      : node_(node), document_(document), path_(std::move(path)) {}

  [[nodiscard]] Error error(const std::string& what, const std::string& hint = {}) const {
    const YAML::Mark mark = node_.Mark();
    std::string where = document_;
    if (!mark.is_null()) where += fmt::format(":{}", mark.line + 1);
    if (!path_.empty()) where += " (" + path_ + ")";
    return {std::move(where), what, hint};
  }
  [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const {
    throw YamlError{error(what, hint)};
  }

  [[nodiscard]] bool is_null() const { return !node_.IsDefined() || node_.IsNull(); }
  [[nodiscard]] bool is_mapping() const { return node_.IsMap(); }

  [[nodiscard]] std::string scalar() const {
    if (!node_.IsScalar()) fail("expected a text");
    return node_.Scalar();
  }
  [[nodiscard]] std::string not_empty() const {
    if (scalar().empty()) fail("must not be empty");
    return node_.Scalar();
  }

  /// Those of "<<: *anchor" as well, unless they are given here too.
  [[nodiscard]] std::vector<std::pair<std::string, YamlCursor>> members() const {
    if (!node_.IsMap()) fail("expected a mapping of names to values");
    Members members;
    std::set<std::string> names;
    std::optional<YamlCursor> merged;
    for (const auto& entry : node_) {
      if (!entry.first.IsScalar()) fail("expected plain names as keys");
      const std::string name = entry.first.Scalar();
      YamlCursor member(entry.second, document_, path_.empty() ? name : path_ + "." + name);
      if (!names.insert(name).second) member.fail("is given twice");
      if (name == merge_key) {
        merged.emplace(std::move(member));
      } else {
        members.emplace_back(name, std::move(member));
      }
    }
    if (merged) merged->merge_into(members, names, path_);
    return members;
  }
  [[nodiscard]] std::vector<YamlCursor> items() const {
    if (!node_.IsSequence()) fail("expected a list");
    std::vector<YamlCursor> items;
    for (std::size_t i = 0; i < node_.size(); ++i) {
      items.emplace_back(node_[i], document_, fmt::format("{}[{}]", path_, i));
    }
    return items;
  }
  /// nullopt when the key is missing or null.
  [[nodiscard]] std::optional<YamlCursor> find(std::string_view key) const {
    for (auto& [name, member] : members()) {
      if (name == key && !member.is_null()) return member;
    }
    return std::nullopt;
  }
  [[nodiscard]] YamlCursor at(std::string_view key) const {
    auto member = find(key);
    if (!member) fail(fmt::format("has no {}", quote(key)));
    return *member;
  }
  void only(std::initializer_list<std::string_view> keys) const {
    for (const auto& [name, member] : members()) {
      if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
      member.fail(fmt::format("is not known here, expected one of: {}", fmt::join(keys, ", ")));
    }
  }

 private:
  using Members = std::vector<std::pair<std::string, YamlCursor>>;
  static constexpr std::string_view merge_key = "<<";

  void merge_into(Members& members, std::set<std::string>& names, const std::string& path) const {
    if (!node_.IsMap()) fail("expected one mapping to take members from, as in '<<: *anchor'");
    if (node_.size() > merged_limit) {
      fail(fmt::format("brings more than {} members", merged_limit));
    }
    for (const auto& entry : node_) {
      if (!entry.first.IsScalar()) fail("expected plain names as keys");
      const std::string name = entry.first.Scalar();
      if (name == merge_key) fail("takes from a mapping that takes from another one");
      if (!names.insert(name).second) continue;
      members.emplace_back(
          name, YamlCursor(entry.second, document_, path.empty() ? name : path + "." + name));
    }
  }

  YAML::Node node_;
  const std::string& document_;
  std::string path_;
};

constexpr std::array<std::pair<std::string_view, TargetKind>, 3> kinds{
    {{"file", TargetKind::file}, {"s3", TargetKind::s3}, {"az-blob", TargetKind::az_blob}}};

TargetKind read_kind(const YamlCursor& type) {
  const std::string text = type.scalar();
  const auto* const known = std::find_if(kinds.begin(), kinds.end(),
                                         [&](const auto& kind) { return kind.first == text; });
  if (known == kinds.end()) {
    type.fail("Unknown destination type: " + text, "expected file, s3 or az-blob");
  }
  return known->second;
}

/// Whether it is one component of a path, and leads nowhere but into its folder.
bool is_folder_name(const std::string& name) {
  constexpr std::size_t longest = 255;
  return name != "." && name != ".." && name.size() <= longest &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

fs::path folder_of(const YamlCursor& cursor, TargetKind kind) {
  if (kind == TargetKind::file) return cursor.at("path").not_empty();
  if (const auto path = cursor.find("path")) return path->not_empty();
  const YamlCursor type = cursor.at("type");
  type.fail("the mock delivers to folders, not to " + type.scalar(),
            "start it with --deliver-root DIR, which gives each target a folder by its name, or "
            "add 'path: FOLDER' to this target: a folder that stands in for the bucket");
}

/// `key` is the target's name if it gives none itself; it is empty in `programs`.
DeliveryTarget read_target(const std::string& key, const YamlCursor& cursor, const Root& root) {
  DeliveryTarget target;
  const auto name = key.empty() ? cursor.at("name") : cursor.find("name");
  target.name = name ? name->not_empty() : key;
  target.kind = read_kind(cursor.at("type"));
  // For the other kinds DEX knows a dozen keys, none of which the mock uses.
  if (target.kind == TargetKind::file) cursor.only({"name", "type", "path", "path_template"});
  if (!root) {
    target.folder = folder_of(cursor, target.kind);
    return target;
  }
  if (!is_folder_name(target.name)) {
    name.value_or(cursor).fail("is not the name of a folder, which --deliver-root makes of it");
  }
  target.folder = *root / target.name;
  return target;
}

RoutedTarget read_routed_target(const YamlCursor& item, const DeliveryConfig& config) {
  RoutedTarget target;
  target.name = item.at("name").not_empty();
  if (!config.target(target.name)) item.at("name").fail("is not the name of a target above");
  if (const auto text = item.find("path_template"); text && !text->scalar().empty()) {
    auto path = PathTemplate::parse(text->scalar());
    if (!path) text->fail(path.error().what);
    target.path = std::move(*path);
  }
  return target;
}

/// In `programs` the first group that names a target says what it is.
void read_target_inline(const YamlCursor& item, const Root& root, DeliveryConfig& config) {
  DeliveryTarget target = read_target({}, item, root);
  const auto* const known = config.target(target.name);
  if (known == nullptr) {
    config.targets.push_back(std::move(target));
  } else if (known->folder != target.folder) {
    item.fail("has the name of an earlier target and another path");
  }
}

enum class Form { now, programs };

void read_groups(const YamlCursor& groups, Form form, const Root& root, DeliveryConfig& config) {
  std::size_t routed_in_all = 0;
  for (const YamlCursor& group : groups.items()) {
    group.only({"data_stream_id", "data_stream_route", "delivery_targets"});
    const std::string key =
        group.at("data_stream_id").not_empty() + "_" + group.at("data_stream_route").not_empty();
    std::vector<RoutedTarget> routed;
    if (const auto list = group.find("delivery_targets")) {
      for (const YamlCursor& item : list->items()) {
        // With aliases, a short document can stand for a huge one.
        if (++routed_in_all > routed_limit) {
          group.fail(fmt::format("is beyond {} delivery targets in all groups", routed_limit));
        }
        if (form == Form::programs) {
          read_target_inline(item, root, config);
        } else {
          item.only({"name", "path_template"});
        }
        routed.push_back(read_routed_target(item, config));
      }
    }
    if (!config.groups.insert_or_assign(key, std::move(routed)).second) {
      config.warnings.push_back(
          group.error("is a second group of its stream, and replaces the one before as in DEX")
              .line());
    }
  }
}

DeliveryConfig read_config(const YamlCursor& root, const Root& deliver_root) {
  DeliveryConfig config;
  if (const auto version = root.find("version"); version && version->scalar() != "1.0") {
    version->fail("is not a version the mock knows, expected 1.0");
  }
  const auto programs = root.find("programs");
  constexpr std::array<std::string_view, 4> known{"version", "targets", "routing_groups",
                                                  "programs"};
  for (const auto& [name, member] : root.members()) {
    // A mapping may be there for its anchors. Anything else was meant to say something.
    if (member.is_mapping() || std::find(known.begin(), known.end(), name) != known.end()) continue;
    member.fail(fmt::format("is not known here, expected one of: {}", fmt::join(known, ", ")));
  }
  if (programs) {
    read_groups(*programs, Form::programs, deliver_root, config);
    return config;
  }
  for (const auto& [key, cursor] : root.at("targets").members()) {
    DeliveryTarget target = read_target(key, cursor, deliver_root);
    if (config.target(target.name)) cursor.fail("has the name of an earlier target");
    config.targets.push_back(std::move(target));
  }
  if (const auto groups = root.find("routing_groups")) {
    read_groups(*groups, Form::now, deliver_root, config);
  }
  return config;
}

}  // namespace

const DeliveryTarget* DeliveryConfig::target(std::string_view name) const {
  const auto found =
      std::find_if(targets.begin(), targets.end(),
                   [&](const DeliveryTarget& target) { return target.name == name; });
  return found == targets.end() ? nullptr : &*found;
}

const std::vector<RoutedTarget>* DeliveryConfig::group_of(const dex::Manifest& manifest) const {
  const auto value = [&](std::string_view key) {
    const auto found = manifest.find(std::string(key));
    return found == manifest.end() ? std::string{} : found->second;
  };
  const auto found =
      groups.find(value(dex::field::data_stream_id) + "_" + value(dex::field::data_stream_route));
  if (found != groups.end()) return &found->second;
  return every_other_stream ? &*every_other_stream : nullptr;
}

Result<DeliveryConfig> parse_delivery_config(std::string_view text, const std::string& document,
                                             const dex::Environment& environment,
                                             const std::optional<fs::path>& root) {
  try {
    const YAML::Node document_node = YAML::Load(dex::expand(text, environment));
    return read_config(YamlCursor(document_node, document, {}), root);
  } catch (const YamlError& e) {
    return tl::unexpected(e.error);
  } catch (const YAML::Exception& e) {
    std::string where = document;
    if (!e.mark.is_null()) where += fmt::format(":{}", e.mark.line + 1);
    return failure(std::move(where), "is not valid YAML: " + e.msg);
  }
}

Result<DeliveryConfig> load_delivery_config(const std::string& file,
                                            const dex::Environment& environment) {
  const auto text = read_input(file);
  if (!text) return tl::unexpected(text.error());
  return parse_delivery_config(*text, file, environment);
}

DeliveryConfig built_in_delivery_config(const std::filesystem::path& folder) {
  DeliveryConfig config;
  config.targets.push_back({built_in_target, folder});
  config.every_other_stream.emplace();
  config.every_other_stream->push_back(
      {built_in_target,
       *PathTemplate::parse("{{.Year}}/{{.Month}}/{{.Day}}/{{.Filename}}_{{.UploadId}}")});
  return config;
}

}  // namespace mock
