// The JSON Schemas of the files in fixtures/, as they were when the program was built: what an
// editor needs to know of rules, profiles, scenarios and so on.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"

namespace CLI {
class App;
}

namespace schemas {

/// The files themselves, as CMake found them.
[[nodiscard]] std::span<const EmbeddedFile> files();

struct Schema {
  std::string name;  ///< "rule": the end of its $id
  std::string id;    ///< "urn:dex-upload-harness:schema:rule"
  std::string title;
  std::string_view text;  ///< the document; complete by itself
};
/// All of them, by name. Any thread.
[[nodiscard]] const std::vector<Schema>& all();
/// nullptr: there is none of that name.
[[nodiscard]] const Schema* find(std::string_view name);

/// Adds --print-schema, which prints one schema in place of a run. Without a name it lists the
/// schemas of files that the tool reads (`own`) with their titles, and the names of the others.
void add_flag(CLI::App& app, std::string group, std::vector<std::string_view> own);

}  // namespace schemas
