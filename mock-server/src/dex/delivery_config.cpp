#include "dex/delivery_config.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <initializer_list>
#include <set>

#include "files/input.hpp"

namespace mock {
namespace {

constexpr std::size_t routed_limit = 100'000;

/// Thrown while reading, caught by parse_delivery_config.
struct YamlError {
  Error error;
};

/// A node and the path that led to it; every accessor throws YamlError naming file, line and path.
class YamlCursor {
 public:
  YamlCursor(YAML::Node node, const std::string& document, std::string path)
      : node_(std::move(node)), document_(document), path_(std::move(path)) {}

  [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const {
    const YAML::Mark mark = node_.Mark();
    std::string where = document_;
    if (!mark.is_null()) where += fmt::format(":{}", mark.line + 1);
    if (!path_.empty()) where += " (" + path_ + ")";
    throw YamlError{Error{std::move(where), what, hint}};
  }

  [[nodiscard]] bool is_null() const { return !node_.IsDefined() || node_.IsNull(); }

  [[nodiscard]] std::string scalar() const {
    if (!node_.IsScalar()) fail("expected a text");
    return node_.Scalar();
  }
  [[nodiscard]] std::string not_empty() const {
    if (scalar().empty()) fail("must not be empty");
    return node_.Scalar();
  }

  [[nodiscard]] std::vector<std::pair<std::string, YamlCursor>> members() const {
    if (!node_.IsMap()) fail("expected a mapping of names to values");
    std::vector<std::pair<std::string, YamlCursor>> members;
    std::set<std::string> names;
    for (const auto& entry : node_) {
      if (!entry.first.IsScalar()) fail("expected plain names as keys");
      const std::string name = entry.first.Scalar();
      YamlCursor member(entry.second, document_, path_.empty() ? name : path_ + "." + name);
      if (!names.insert(name).second) member.fail("is given twice");
      members.emplace_back(name, std::move(member));
    }
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
  YAML::Node node_;
  const std::string& document_;
  std::string path_;
};

DeliveryTarget read_target(const std::string& key, const YamlCursor& cursor) {
  DeliveryTarget target;
  const auto name = cursor.find("name");
  target.name = name ? name->not_empty() : key;
  const YamlCursor type = cursor.at("type");
  const std::string kind = type.scalar();
  if (kind == "file") {
    cursor.only({"name", "type", "path", "path_template"});
    target.folder = cursor.at("path").not_empty();
    return target;
  }
  if (kind != "s3" && kind != "az-blob") {
    type.fail("Unknown destination type: " + kind, "expected file, s3 or az-blob");
  }
  const auto path = cursor.find("path");
  if (!path) {
    type.fail("the mock cannot deliver to " + kind,
              "add 'path: FOLDER' to this target: a folder that stands in for the bucket");
  }
  target.folder = path->not_empty();
  return target;
}

std::vector<RoutedTarget> read_routed_targets(const YamlCursor& list,
                                              const DeliveryConfig& config) {
  std::vector<RoutedTarget> routed;
  for (const YamlCursor& item : list.items()) {
    item.only({"name", "path_template"});
    RoutedTarget target;
    target.name = item.at("name").not_empty();
    if (!config.target(target.name)) item.at("name").fail("is not the name of a target above");
    if (const auto text = item.find("path_template"); text && !text->scalar().empty()) {
      auto path = PathTemplate::parse(text->scalar());
      if (!path) text->fail(path.error().what);
      target.path = std::move(*path);
    }
    routed.push_back(std::move(target));
  }
  return routed;
}

DeliveryConfig read_config(const YamlCursor& root) {
  root.only({"version", "targets", "routing_groups"});
  DeliveryConfig config;
  if (const auto version = root.find("version"); version && version->scalar() != "1.0") {
    version->fail("is not a version the mock knows, expected 1.0");
  }
  for (const auto& [key, cursor] : root.at("targets").members()) {
    DeliveryTarget target = read_target(key, cursor);
    if (config.target(target.name)) cursor.fail("has the name of an earlier target");
    config.targets.push_back(std::move(target));
  }
  const auto groups = root.find("routing_groups");
  if (!groups) return config;
  std::size_t routed_in_all = 0;
  for (const YamlCursor& group : groups->items()) {
    group.only({"data_stream_id", "data_stream_route", "delivery_targets"});
    const std::string key =
        group.at("data_stream_id").not_empty() + "_" + group.at("data_stream_route").not_empty();
    const auto list = group.find("delivery_targets");
    auto routed = list ? read_routed_targets(*list, config) : std::vector<RoutedTarget>{};
    // With aliases a short document can say an endless lot.
    routed_in_all += routed.size();
    if (routed_in_all > routed_limit) {
      group.fail(fmt::format("is beyond {} delivery targets in all groups", routed_limit));
    }
    if (!config.groups.emplace(key, std::move(routed)).second) {
      group.fail("is a second group of the stream " + key);
    }
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
                                             const dex::Environment& environment) {
  try {
    const YAML::Node root = YAML::Load(dex::expand(text, environment));
    return read_config(YamlCursor(root, document, {}));
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
  config.targets.push_back({"edav", folder});
  config.every_other_stream.emplace();
  config.every_other_stream->push_back(
      {"edav", *PathTemplate::parse("{{.Year}}/{{.Month}}/{{.Day}}/{{.Filename}}_{{.UploadId}}")});
  return config;
}

}  // namespace mock
