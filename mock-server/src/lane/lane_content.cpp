#include "lane/lane_content.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "misbehave/load.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

using From = LaneInput::From;

Loaded<std::shared_ptr<const Profile>> load_profile_of(const LaneConfig& config,
                                                       const LaneSources& sources) {
  const auto& before = sources.known_config;
  if (sources.known && before.profile == config.profile &&
      before.profile_file == config.profile_file) {
    return sources.known->profile;
  }
  if (config.profile_file.from == From::nothing) {
    auto profile = load_profile(config.profile);
    if (!profile) return input_error(profile.error());
    return std::make_shared<const Profile>(*std::move(profile));
  }
  auto profile =
      load_input<Profile>(config.profile_file, "profile", sources.folder, load_profile_text);
  if (!profile) return tl::unexpected(profile.error());
  return std::make_shared<const Profile>(*std::move(profile));
}

Loaded<Users> load_users(const LaneInput& input, const LaneSources& sources) {
  if (input.from == From::nothing) return Users();
  if (sources.known && sources.known_config.users == input) return sources.known->users;
  return load_input<Users>(input, "users", sources.folder, Users::parse);
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
  return load_input<misbehave::Misbehaviour>(input, "rules", sources.folder, misbehave::load_text);
}

Loaded<void> load_misbehaviours(const LaneConfig& config, const LaneSources& sources,
                                LaneContent& into) {
  if (sources.known && same_misbehaviour(config, sources.known_config)) {
    into.misbehaviours = sources.known->misbehaviours;
    into.rule_files = sources.known->rule_files;
    return {};
  }
  auto named = misbehave::load_all(config.defects, config.faults, {});
  if (!named) return input_error(named.error());
  auto all = *std::move(named);
  for (const auto& file : config.rule_files) {
    auto rules = load_rule_file(file, sources);
    if (!rules) return tl::unexpected(rules.error());
    if (file.from == From::start) into.rule_files.insert_or_assign(file.name, *rules);
    all.push_back(*std::move(rules));
  }
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    auto rule = misbehave::load_text(config.rules[i], "rules[" + std::to_string(i) + "]");
    if (!rule) return input_error(rule.error());
    all.push_back(*std::move(rule));
  }
  // Last, so that what the user asked for wins.
  std::ranges::move(misbehaviours_of(*into.profile, config.defects), std::back_inserter(all));
  into.misbehaviours = std::make_shared<const std::vector<misbehave::Misbehaviour>>(std::move(all));
  return {};
}

/// What the systems of the profile are set to read.
Loaded<void> load_systems(const LaneConfig& config, const LaneSources& sources, LaneContent& into) {
  for (const auto& name : into.profile->systems) {
    const auto* const system = registered_system(name);
    if (system == nullptr || system->load == nullptr) continue;
    SystemInputs inputs{config.systems, sources.folder};
    // A lane without the system has read nothing for it.
    if (sources.known && std::ranges::count(sources.known->profile->systems, name) > 0) {
      inputs.known_config = &sources.known_config.systems;
      inputs.known = &sources.known->systems;
    }
    if (auto read = system->load(inputs, into.systems); !read) return read;
  }
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
  if (auto read = load_systems(config, sources, *content); !read) {
    return tl::unexpected(read.error());
  }
  return content;
}

}  // namespace mock
