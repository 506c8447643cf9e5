#include "lane/lane_content.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "files/input.hpp"
#include "misbehave/load.hpp"
#include "protocol/dex/upload_config.hpp"
#include "protocol/json/decode.hpp"

namespace mock {
namespace {

using From = LaneInput::From;
template <class T>
using Loaded = tl::expected<T, LaneContentError>;

/// What a client sends tells nothing of the environment of the server.
std::optional<std::string> no_environment(const std::string&) { return std::nullopt; }

dex::Environment environment_of(const LaneInput& input) {
  return input.from == From::request ? dex::Environment{no_environment}
                                     : dex::Environment{dex::process_environment};
}

/// Its text and what errors call it: the key or the name.
Result<std::string> text_of(const LaneInput& input, const LaneSources& sources) {
  switch (input.from) {
    case From::request:
      return *input.text;
    case From::folder:
      if (sources.folder) return read_input_in(*sources.folder, input.name);
      return failure(input.name, "is a file's name, and this server has no folder for such files",
                     "send the content itself, or start the server with --lane-files DIR");
    case From::start:
    case From::nothing:
      break;
  }
  return read_input(input.name);
}

/// `error` is about the content of `input`; of a file in the folder that stays here.
tl::unexpected<LaneContentError> wrong(const LaneInput& input, const char* key,
                                       const Error& error) {
  if (input.from != From::folder) return tl::unexpected(LaneContentError{error, {}});
  return tl::unexpected(
      LaneContentError{Error{std::string(key) + ": " + input.name, "is not what this key takes",
                             "the log of the server says what is wrong with it"},
                       std::string(key) + ": " + error.line()});
}

/// The document that errors name.
std::string document_of(const LaneInput& input, const std::string& key) {
  return input.from == From::request ? key : input.name;
}

/// Reads and parses; `known` when it is the same input as before.
template <class T, class Parse>
Loaded<T> load(const LaneInput& input, const char* key, const LaneSources& sources, Parse parse) {
  const auto text = text_of(input, sources);
  if (!text) {
    auto told = text.error();
    if (input.from == From::folder) told.where = std::string(key) + ": " + told.where;
    return tl::unexpected(LaneContentError{std::move(told), {}});
  }
  Result<T> parsed = parse(*text, document_of(input, key));
  if (!parsed) return wrong(input, key, parsed.error());
  return std::move(*parsed);
}

bool known(const LaneSources& sources, const LaneInput& input, LaneInput LaneConfig::*member) {
  return sources.known && sources.known_config.*member == input;
}

Loaded<std::shared_ptr<const Profile>> load_profile_of(const LaneConfig& config,
                                                       const LaneSources& sources) {
  const auto& before = sources.known_config;
  if (sources.known && before.profile == config.profile &&
      before.profile_file == config.profile_file) {
    return sources.known->profile;
  }
  if (config.profile_file.from == From::nothing) {
    auto profile = load_profile(config.profile);
    if (!profile) return tl::unexpected(LaneContentError{profile.error(), {}});
    return std::make_shared<const Profile>(*std::move(profile));
  }
  auto profile = load<Profile>(config.profile_file, "profile", sources, load_profile_text);
  if (!profile) return tl::unexpected(profile.error());
  return std::make_shared<const Profile>(*std::move(profile));
}

Loaded<Users> load_users(const LaneInput& input, const LaneSources& sources) {
  if (input.from == From::nothing) return Users();
  if (known(sources, input, &LaneConfig::users)) return sources.known->users;
  return load<Users>(input, "users", sources, Users::parse);
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

bool by_request(const LaneInput& input) {
  return input.from == From::folder || input.from == From::request;
}

/// Where the folders of the targets are; nullopt: where the targets say.
std::optional<std::filesystem::path> deliver_root(const LaneConfig& config) {
  const auto& folder = config.deliver_root;
  if (folder.from == From::nothing) return std::nullopt;
  // Which folders there are is for the command line to say, when it says where they are.
  if (folder.from == From::start && by_request(config.deliver)) return std::filesystem::path();
  return folder.name;
}

Loaded<std::optional<DeliveryConfig>> load_delivery(const LaneConfig& lane,
                                                    const LaneSources& sources) {
  const auto& input = lane.deliver;
  const auto root = deliver_root(lane);
  if (input.from == From::nothing && !root) return std::nullopt;
  if (known(sources, input, &LaneConfig::deliver) &&
      known(sources, lane.deliver_root, &LaneConfig::deliver_root)) {
    return sources.known->delivery;
  }
  const bool inside = by_request(input) || by_request(lane.deliver_root);
  if (input.from == From::nothing) {
    auto config = checked(built_in_delivery_config(*root / built_in_target), inside);
    return *std::move(config);
  }
  auto config = load<DeliveryConfig>(
      input, "deliver", sources, [&](const std::string& text, const std::string& document) {
        return checked(parse_delivery_config(text, document, environment_of(input), root), inside);
      });
  if (!config) return tl::unexpected(config.error());
  return *std::move(config);
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
  if (!configs) return tl::unexpected(LaneContentError{configs.error(), {}});
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
      return tl::unexpected(LaneContentError{sound.error(), {}});
    }
  }
  return source;
}

Loaded<std::optional<UploadConfigSource>> configs_named(const LaneInput& input,
                                                        const LaneSources& sources) {
  // The Error of one that has no folder.
  if (!sources.folder) return tl::unexpected(LaneContentError{text_of(input, sources).error(), {}});
  const auto names = list_inputs_in(*sources.folder, input.name);
  if (!names) {
    auto told = names.error();
    told.where.insert(0, "upload_configs: ");
    return tl::unexpected(LaneContentError{std::move(told), {}});
  }
  UploadConfigSource source{[root = *sources.folder, folder = input.name, known = *names](
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
      return wrong(input, "upload_configs", sound.error());
    }
  }
  return source;
}

Loaded<std::optional<UploadConfigSource>> configs_at_start(const std::string& folder) {
  const auto refuse = [](Error error) {
    return tl::unexpected(LaneContentError{std::move(error), {}});
  };
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return refuse({folder, "is not a folder of upload configs",
                   "expected files named <data_stream_id>_<data_stream_route>.json"});
  }
  if (auto sound = check_upload_configs(folder, dex::process_environment); !sound) {
    return refuse(sound.error());
  }
  return upload_configs_in(folder, dex::process_environment);
}

Loaded<std::optional<UploadConfigSource>> load_configs(const LaneInput& input,
                                                       const LaneSources& sources) {
  if (known(sources, input, &LaneConfig::upload_configs)) return sources.known->upload_configs;
  switch (input.from) {
    case From::request:
      return configs_sent(input);
    case From::folder:
      return configs_named(input, sources);
    case From::start:
      return configs_at_start(input.name);
    case From::nothing:
      break;
  }
  return std::nullopt;
}

bool same_misbehaviour(const LaneConfig& a, const LaneConfig& b) {
  return a.profile == b.profile && a.profile_file == b.profile_file && a.defects == b.defects &&
         a.faults == b.faults && a.rule_files == b.rule_files && a.rules == b.rules;
}

Loaded<misbehave::Misbehaviour> load_rule_file(const LaneInput& input, const LaneSources& sources) {
  if (sources.known && input.from == From::start) {
    const auto before = sources.known->rule_files.find(input.name);
    if (before != sources.known->rule_files.end()) return before->second;
  }
  return load<misbehave::Misbehaviour>(input, "rules", sources, misbehave::load_text);
}

Loaded<void> load_misbehaviours(const LaneConfig& config, const LaneSources& sources,
                                LaneContent& into) {
  if (sources.known && same_misbehaviour(config, sources.known_config)) {
    into.misbehaviours = sources.known->misbehaviours;
    into.rule_files = sources.known->rule_files;
    return {};
  }
  auto named = misbehave::load_all(config.defects, config.faults, {});
  if (!named) return tl::unexpected(LaneContentError{named.error(), {}});
  auto all = *std::move(named);
  for (const auto& file : config.rule_files) {
    auto rules = load_rule_file(file, sources);
    if (!rules) return tl::unexpected(rules.error());
    if (file.from == From::start) into.rule_files.insert_or_assign(file.name, *rules);
    all.push_back(*std::move(rules));
  }
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    auto rule = misbehave::load_text(config.rules[i], "rules[" + std::to_string(i) + "]");
    if (!rule) return tl::unexpected(LaneContentError{rule.error(), {}});
    all.push_back(*std::move(rule));
  }
  // Last, so that what the user asked for wins.
  std::ranges::move(misbehaviours_of(*into.profile, config.defects), std::back_inserter(all));
  into.misbehaviours = std::make_shared<const std::vector<misbehave::Misbehaviour>>(std::move(all));
  return {};
}

}  // namespace

Loaded<std::shared_ptr<const LaneContent>> load_lane_content(const LaneConfig& config,
                                                             const LaneSources& sources) {
  auto content = std::make_shared<LaneContent>();
  auto profile = load_profile_of(config, sources);
  if (!profile) return tl::unexpected(profile.error());
  content->profile = *std::move(profile);
  if (auto rules = load_misbehaviours(config, sources, *content); !rules) {
    return tl::unexpected(rules.error());
  }
  auto users = load_users(config.users, sources);
  if (!users) return tl::unexpected(users.error());
  content->users = *std::move(users);
  if (std::ranges::count(content->profile->systems, "dex") == 0) return content;
  auto configs = load_configs(config.upload_configs, sources);
  if (!configs) return tl::unexpected(configs.error());
  content->upload_configs = *std::move(configs);
  auto delivery = load_delivery(config, sources);
  if (!delivery) return tl::unexpected(delivery.error());
  content->delivery = *std::move(delivery);
  return content;
}

}  // namespace mock
