#include "dex/dex_settings.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "dex/dex_system.hpp"
#include "files/input.hpp"
#include "protocol/dex/upload_config.hpp"
#include "protocol/version.hpp"
#include "system/lane_input_json.hpp"
#include "tus/tus_settings.hpp"

namespace mock {
namespace {

using From = LaneInput::From;
using json::Cursor;
using Json = nlohmann::ordered_json;

// ---- in JSON

/// In a lane's file on disk: a folder inside the lane's own. A name alone is a folder of the
/// server.
constexpr std::string_view in_lane = "lane_folder";

/// A text of more than one line is itself the document, in YAML; the name of a file has one line.
void read_deliver(const Cursor& value, LaneInput& into, ConfigWriter writer) {
  const bool text = value.is_string() && value.string().find('\n') != std::string::npos;
  if (!text) return read_input_json(value, into, writer);
  into = sent_input(value.string());
}

/// A folder: a client's is inside the lane's own, on disk {"lane_folder": NAME}.
void read_deliver_root(const Cursor& value, LaneInput& into, ConfigWriter writer) {
  if (value.is_null()) {
    into = {};
  } else if (writer == ConfigWriter::us && value.is_object()) {
    value.only({in_lane});
    into = {From::request, value.at(in_lane).string()};
  } else if (value.string().empty()) {
    value.fail("must not be empty (null leaves it out)");
  } else if (writer == ConfigWriter::us) {
    into = LaneInput::file(value.string());
  } else if (into.from != From::start || into.name != value.string()) {
    if (!is_inner_name(value.string())) {
      value.fail(quote(value.string()) +
                 " is not inside the lane's own folder, where what a request configures is "
                 "delivered: a relative path without '..'");
    }
    into = {From::request, value.string()};
  }
}

Json deliver_root_json(const LaneInput& input, ConfigReader reader) {
  if (input.from == From::nothing) return nullptr;
  const bool inside = input.from == From::request && reader == ConfigReader::us;
  return inside ? Json{{std::string(in_lane), input.name}} : Json(input.name);
}

// ---- reading what they name

bool known(const SystemInputs& inputs, LaneInput DexConfig::*member) {
  return inputs.known != nullptr &&
         inputs.known_config->get<DexConfig>().*member == inputs.config.get<DexConfig>().*member;
}

/// For what a client sends, which must not find out the server's environment.
std::optional<std::string> no_environment(const std::string&) { return std::nullopt; }

dex::Environment environment_of(const LaneInput& input) {
  return input.from == From::request ? dex::Environment{no_environment}
                                     : dex::Environment{dex::process_environment};
}

/// Deliveries of a lane that a request configured stay in the lane's own folder.
Result<DeliveryConfig> checked(Result<DeliveryConfig> config, bool by_request) {
  if (!config || !by_request) return config;
  for (const auto& target : config->targets) {
    if (is_inner_name(target.folder.string())) continue;
    return failure("deliver: target " + quote(target.name),
                   "has a path that is not inside the lane's own folder",
                   "a relative path without '..'; other places are for the command line to name");
  }
  config->inside_lane = true;
  return config;
}

/// Where the folders of the targets are; nullopt: where the targets say.
std::optional<std::filesystem::path> deliver_root(const DexConfig& config) {
  const auto& folder = config.deliver_root;
  if (folder.from == From::nothing) return std::nullopt;
  // The command line's root is for its own targets. A request's targets are in the lane's folder.
  if (folder.from == From::start && config.deliver.by_request()) return std::filesystem::path();
  return folder.name;
}

Loaded<std::optional<DeliveryConfig>> load_delivery(const SystemInputs& inputs) {
  const auto& config = inputs.config.get<DexConfig>();
  const auto& input = config.deliver;
  const auto root = deliver_root(config);
  if (input.from == From::nothing && !root) return std::nullopt;
  if (known(inputs, &DexConfig::deliver) && known(inputs, &DexConfig::deliver_root)) {
    return inputs.known->get<DexContent>().delivery;
  }
  const bool inside = input.by_request() || config.deliver_root.by_request();
  if (input.from == From::nothing) {
    auto built_in = checked(built_in_delivery_config(*root / built_in_target), inside);
    return *std::move(built_in);
  }
  auto read = load_input<DeliveryConfig>(
      input, "deliver", inputs.files, [&](const std::string& text, const std::string& document) {
        return checked(parse_delivery_config(text, document, environment_of(input), root), inside);
      });
  if (!read) return tl::unexpected(read.error());
  return *std::move(read);
}

/// {"<stream>_<route>.json": {...}}; the extension may be left out.
Result<std::map<std::string, std::string>> configs_in(const std::string& text) {
  return json::decode(text, "upload_configs", [](const json::Cursor& root) {
    std::map<std::string, std::string> configs;
    for (const auto& [name, member] : root.members()) {
      const auto filename = name.ends_with(".json") ? name : name + ".json";
      if (!can_be_upload_config(filename) || !dex::is_local_path(filename)) {
        member.fail("is not named <data_stream_id>_<data_stream_route>");
      }
      if (!configs.emplace(filename, member.raw().dump()).second) member.fail("is given twice");
    }
    return configs;
  });
}

Result<void> check(const UploadConfigSource& source, const std::string& filename,
                   const std::string& where) {
  const auto text = source.read(filename);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return {};
  const auto config = dex::parse_upload_config(**text, where, source.environment);
  return config ? Result<void>{} : tl::unexpected(config.error());
}

Loaded<std::optional<UploadConfigSource>> configs_sent(const LaneInput& input) {
  auto configs = configs_in(*input.text);
  if (!configs) return input_error(configs.error());
  const auto all = std::make_shared<const std::map<std::string, std::string>>(*std::move(configs));
  UploadConfigSource source{
      [all](const std::string& filename) -> Result<std::optional<std::string>> {
        const auto found = all->find(filename);
        if (found == all->end()) return std::nullopt;
        return found->second;
      },
      environment_of(input)};
  for (const auto& [filename, text] : *all) {
    if (auto sound = check(source, filename, "upload_configs: " + filename); !sound) {
      return input_error(sound.error());
    }
  }
  return source;
}

Loaded<std::optional<UploadConfigSource>> configs_named(const LaneInput& input,
                                                        const LaneFiles& files) {
  if (!files) return input_error(no_lane_files(input.name));
  const auto names = list_inputs_in(*files, input.name);
  if (!names) {
    auto told = names.error();
    told.where.insert(0, "upload_configs: ");
    return input_error(std::move(told));
  }
  UploadConfigSource source{[root = *files, folder = input.name, known = *names](
                                const std::string& filename) -> Result<std::optional<std::string>> {
                              if (!std::ranges::binary_search(known, filename)) return std::nullopt;
                              auto text = read_input_in(root, folder + "/" + filename);
                              if (!text) return failure(filename, text.error().what);
                              return *std::move(text);
                            },
                            environment_of(input)};
  for (const auto& name : *names) {
    if (!can_be_upload_config(name)) continue;
    if (auto sound = check(source, name, name); !sound) {
      return wrong_input(input, "upload_configs", sound.error());
    }
  }
  return source;
}

Loaded<std::optional<UploadConfigSource>> configs_at_start(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return input_error({folder, "is not a folder of upload configs",
                        "expected files named <data_stream_id>_<data_stream_route>.json"});
  }
  if (auto sound = check_upload_configs(folder, dex::process_environment); !sound) {
    return input_error(sound.error());
  }
  return upload_configs_in(folder, dex::process_environment);
}

Loaded<std::optional<UploadConfigSource>> load_configs(const SystemInputs& inputs) {
  if (known(inputs, &DexConfig::upload_configs)) {
    return inputs.known->get<DexContent>().upload_configs;
  }
  const auto& input = inputs.config.get<DexConfig>().upload_configs;
  switch (input.from) {
    case From::request:
      return configs_sent(input);
    case From::folder:
      return configs_named(input, inputs.files);
    case From::start:
      return configs_at_start(input.name);
    case From::nothing:
      break;
  }
  return std::nullopt;
}

}  // namespace

const std::vector<SystemSetting>& dex_settings() {
  static const std::string offered = "What is offered";
  static const std::vector<SystemSetting> table{
      system_setting({"upload-configs", "",
                      "Upload configs, <data_stream_id>_<data_stream_route>.json each", offered},
                     &DexConfig::upload_configs, spell::input("DIR")),
      system_setting({"deliver", "", "Delivery targets, in CDC's YAML form", offered},
                     &DexConfig::deliver, spell::input("FILE.yml", read_deliver, input_json)),
      system_setting({"deliver-root", "",
                      "Deliver into DIR/<name of the target>, whatever the targets are: s3 and "
                      "az-blob ones too",
                      offered},
                     &DexConfig::deliver_root,
                     spell::input("DIR", read_deliver_root, deliver_root_json)),
  };
  return table;
}

Loaded<void> load_dex(const SystemInputs& inputs, TypedValues& into) {
  auto configs = load_configs(inputs);
  if (!configs) return tl::unexpected(configs.error());
  auto delivery = load_delivery(inputs);
  if (!delivery) return tl::unexpected(delivery.error());
  into.get<DexContent>() = {*std::move(delivery), *std::move(configs)};
  return {};
}

Result<std::unique_ptr<System>> make_dex(const SystemGround& ground) {
  DexOptions options;
  // Ids are unique, so .meta files and reports of all lanes lie beside the uploads, as DEX has it.
  options.store_folder = ground.store_folder;
  options.delivery_folder = ground.delivery_folder;
  const auto& content = ground.values.content.get<DexContent>();
  options.config_source = content.upload_configs;
  options.delivery = content.delivery;
  if (options.delivery && options.delivery->inside_lane) {
    if (!options.delivery_folder) {
      return failure("deliver", "needs a folder, and this server keeps nothing on disk",
                     "start it with --store DIR");
    }
    for (auto& target : options.delivery->targets) {
      target.folder = *options.delivery_folder / target.folder;
    }
  }
  options.oauth_issuer = ground.issuer;
  if (ground.values.by_guide) options.contract = dex::Contract::guide;
  options.version.latest_release_version = harness_version();
  options.notify = ground.notify;
  if (options.delivery && options.notify && ground.warns) {
    for (const auto& warning : options.delivery->warnings) {
      options.notify({"config", {}, {}, "deliver: " + warning});
    }
  }
  auto made = Dex::make(std::move(options), ground.services.store, ground.services.loop);
  if (!made) return tl::unexpected(made.error());
  return std::make_unique<DexSystem>(*std::move(made), tus_options_of(ground.values),
                                     ground.services);
}

}  // namespace mock
