#include "scenario/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "protocol/json/comments.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/nearest.hpp"
#include "scenario/parts.hpp"
#include "settings/choice.hpp"

namespace loadgen {
namespace {

std::string text_of(const json::Cursor& value) {
  const auto& raw = value.raw();
  if (raw.is_string()) return raw.get<std::string>();
  if (raw.is_boolean()) return raw.get<bool>() ? "true" : "false";
  if (raw.is_number()) return raw.dump();
  value.fail("a string, number or boolean is expected");
}

/// Calls `apply` with the texts of a value: one, or those of a list.
template <class Apply>
void each_text(const settings::Flag& flag, const json::Cursor& value, Apply apply) {
  const auto one = [&](const json::Cursor& at) {
    if (const auto applied = apply(text_of(at)); !applied) at.fail(applied.error().line());
  };
  if (flag.times == settings::Times::once) {
    one(value);
    return;
  }
  // A list is expected here, even of one text.
  for (const auto& item : value.items()) one(item);
}

/// The setting that `key` spells; nullptr: none.
const Setting* setting_of(const std::string& key) {
  if (key.find('-') != std::string::npos) return nullptr;
  for (const Setting& setting : settings_table()) {
    if (key_of(setting) == key) return &setting;
  }
  return nullptr;
}

/// What `value` says of a setting is put into `settings`, and listed in `own` where that is given.
void apply_setting(const Setting& setting, const json::Cursor& value, Settings& settings,
                   std::vector<Override>* own) {
  const auto put = [&](const Setting::Apply& apply, const std::string& text) -> Result<void> {
    if (own != nullptr) {
      own->push_back(
          {&setting, [how = &apply, text](Settings& into) { return (*how)(into, text); }});
    }
    return apply(settings, text);
  };
  // A scenario may hold what is in a file in place of the file's name.
  if (value.is_object() && setting.apply_inline) {
    const auto applied = put(setting.apply_inline, value.raw().dump());
    if (!applied) value.fail(applied.error().line());
    return;
  }
  each_text(setting, value, [&](const std::string& text) { return put(setting.apply, text); });
}

/// Fails at an unknown key, with the nearest known ones.
[[noreturn]] void fail_key(const json::Cursor& at, const std::string& key,
                           const std::vector<std::string>& known, const std::string& more) {
  at.fail(fmt::format("{} is not a key here; the nearest are {}{}", quote(key),
                      nearest_names(key, {known.begin(), known.end()}), more));
}

/// One of the parts, by its table.
template <class Target>
Target read_part(const json::Cursor& at, const std::vector<settings::Setting<Target>>& table) {
  Target target;
  std::vector<std::string> known;
  known.reserve(table.size());
  for (const auto& entry : table) known.push_back(entry.name);
  for (const auto& [key, value] : at.members()) {
    const auto entry = std::ranges::find(table, key, &settings::Flag::name);
    if (entry == table.end()) fail_key(at, key, known, "");
    each_text(*entry, value, [&, apply = &entry->apply](const std::string& text) {
      return (*apply)(target, text);
    });
  }
  return target;
}

/// A file of the user's own has its bytes and its size already.
void expect_no_other_bytes(const json::Cursor& at) {
  for (const char* const other : {"payload", "size"}) {
    if (!at.find("file") || !at.find(other)) continue;
    at.fail(
        fmt::format("\"file\" and \"{}\" are one too many: a file has bytes and a size", other));
  }
}

Group read_group(const json::Cursor& at, const Settings& of_run) {
  Group group;
  Settings scratch = of_run;
  const auto& table = group_table();
  std::vector<std::string> known;
  known.reserve(table.size());
  for (const auto& entry : table) known.push_back(entry.name);
  for (const Setting& setting : settings_table()) {
    if (setting.of_partners) known.push_back(key_of(setting));
  }
  for (const auto& [key, value] : at.members()) {
    if (key == "description") continue;
    if (const auto entry = std::ranges::find(table, key, &settings::Flag::name);
        entry != table.end()) {
      each_text(*entry, value, [&, apply = &entry->apply](const std::string& text) {
        return (*apply)(group, text);
      });
      continue;
    }
    const Setting* const setting = setting_of(key);
    if (setting == nullptr) fail_key(at, key, known, "");
    if (!setting->of_partners) {
      value.fail("this is of the whole run: say it beside 'partners', not in them");
    }
    apply_setting(*setting, value, scratch, &group.own);
  }
  if (group.name.empty()) at.fail("\"name\" is missing");
  expect_no_other_bytes(at);
  return group;
}

Phase read_phase(const json::Cursor& at) {
  static_cast<void>(at.at("phase"));  // must be there
  return read_part(at, phase_table());
}

Event read_event(const json::Cursor& at) {
  static_cast<void>(at.at("event"));  // must be there
  static_cast<void>(at.at("at"));     // must be there
  return read_part(at, event_table());
}

Region read_region(const json::Cursor& at) {
  static_cast<void>(at.at("name"));  // must be there
  return read_part(at, region_table());
}

template <class Part, class Read>
void read_parts(const json::Cursor& root, std::string_view key, std::vector<Part>& into,
                Read read) {
  const auto list = root.find(key);
  if (!list) return;
  into.clear();
  for (const auto& item : list->items()) into.push_back(read(item));
  if (into.empty()) list->fail("it is empty");
}

constexpr const char* parts[] = {"partners", "phases", "regions", "events"};

void read_scenario(const json::Cursor& root, Scenario& scenario) {
  scenario.document = root.raw().dump();
  std::vector<std::string> known(std::begin(parts), std::end(parts));
  for (const Setting& setting : settings_table()) {
    if (setting.in_scenario) known.push_back(key_of(setting));
  }
  for (const auto& [key, value] : root.members()) {
    if (key == "$schema" || std::ranges::count(parts, key) > 0) continue;
    if (key == "description") {
      scenario.description = value.string();
      continue;
    }
    const Setting* const setting = setting_of(key);
    if (setting == nullptr) {
      fail_key(root, key, known, " (see 'dex-loadgen run --help', with '_' for '-')");
    }
    if (!setting->in_scenario) {
      value.fail("this is for the command line only: whoever starts the run has to say it");
    }
    apply_setting(*setting, value, scenario.settings, nullptr);
  }
  expect_no_other_bytes(root);
  read_parts(root, "partners", scenario.groups,
             [&](const json::Cursor& at) { return read_group(at, scenario.settings); });
  read_parts(root, "phases", scenario.phases, read_phase);
  read_parts(root, "regions", scenario.regions, read_region);
  read_parts(root, "events", scenario.events, read_event);
}

/// A file of another tool as the text of a scenario, by whichever system can read it.
Result<std::string> translated(std::string text, const std::string& file,
                               std::vector<std::string>& notes) {
  for (const SystemKind& kind : systems()) {
    if (!kind.read_foreign) continue;
    const auto foreign = kind.read_foreign(text, file);
    if (!foreign) continue;
    if (!*foreign) return tl::unexpected(foreign->error());
    for (const auto& note : (*foreign)->notes) notes.push_back(file + ": " + note);
    return (*foreign)->scenario;
  }
  return text;
}

/// Every file below it, in the order of their names.
Result<void> apply_folder(Scenario& scenario, const std::string& folder,
                          std::vector<std::string>& notes) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file() && entry.path().extension() == ".json") {
      files.push_back(entry.path().string());
    }
  }
  if (error) return failure(folder, error.message());
  if (files.empty()) return failure(folder, "holds no file that ends with .json");
  std::sort(files.begin(), files.end());
  auto partners = nlohmann::json::array();
  for (const auto& file : files) {
    Scenario one;
    if (auto read = apply_scenario(one, file, notes); !read) return read;
    if (one.groups.size() != 1 || !one.phases.empty()) {
      return failure(file, "is a scenario of its own, and a folder takes groups of partners only",
                     "give this file alone");
    }
    scenario.groups.push_back(std::move(one.groups.front()));
    partners.push_back(nlohmann::json::parse(one.document).at("partners").front());
  }
  scenario.document = nlohmann::json{{"partners", std::move(partners)}}.dump();
  return {};
}

}  // namespace

Result<void> apply_scenario_text(Scenario& scenario, std::string_view text,
                                 const std::string& document) {
  scenario.file = document;
  const auto done =
      json::decode(json::without_comments(text), document, [&](const json::Cursor& root) {
        read_scenario(root, scenario);
        return true;
      });
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<void> apply_scenario(Scenario& scenario, const std::string& file,
                            std::vector<std::string>& notes) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return apply_folder(scenario, file, notes);
  auto text = json::detail::read_file(file);
  if (!text) return tl::unexpected(text.error());
  auto ours = translated(std::move(*text), file, notes);
  if (!ours) return tl::unexpected(ours.error());
  return apply_scenario_text(scenario, *ours, file);
}

Result<void> apply_flag(Scenario& scenario, const Setting& setting, const std::string& text) {
  if (auto applied = setting.apply(scenario.settings, text); !applied) return applied;
  scenario.given_as_flags.insert(setting.name);
  scenario.flags.emplace_back(&setting, text);
  return {};
}

}  // namespace loadgen
