#include "schemas/schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "settings/choice.hpp"
#include "settings/flags.hpp"

namespace schemas {
namespace {

std::vector<Schema> read() {
  std::vector<Schema> read;
  for (const auto& file : files()) {
    const auto document = nlohmann::json::parse(file.text);
    const auto id = document.at("$id").get<std::string>();
    read.push_back(
        {id.substr(id.rfind(':') + 1), id, document.at("title").get<std::string>(), file.text});
  }
  std::ranges::sort(read, {}, &Schema::name);
  return read;
}

std::string list(const std::vector<std::string_view>& own) {
  std::string text;
  std::vector<std::string_view> others;
  for (const auto& schema : all()) {
    if (std::ranges::count(own, schema.name) == 0) {
      others.emplace_back(schema.name);
    } else {
      text += fmt::format("{:<18}{}\n", schema.name, schema.title);
    }
  }
  return text + fmt::format("of other files: {}", fmt::join(others, ", "));
}

}  // namespace

const std::vector<Schema>& all() {
  static const std::vector<Schema> once = read();
  return once;
}

const Schema* find(std::string_view name) {
  const auto found = std::ranges::find(all(), name, &Schema::name);
  return found == all().end() ? nullptr : &*found;
}

void add_flag(CLI::App& app, std::string group, std::vector<std::string_view> own) {
  settings::add_printing_flag(
      app,
      {"print-schema", "NAME",
       "Print the JSON Schema of a file that can be given; without NAME, say which there are",
       std::move(group)},
      [own = std::move(own)](const std::string& name) -> Result<std::string> {
        if (name.empty()) return list(own);
        if (const auto* schema = find(name)) return std::string(schema->text);
        std::vector<std::string_view> names;
        for (const auto& schema : all()) names.emplace_back(schema.name);
        return settings::not_one_of(name, names);
      });
}

}  // namespace schemas
