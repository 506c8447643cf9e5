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

/// As CMake found them.
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

/// --print-schema: prints one in place of a run; without a name, those of the files that the tool
/// reads, which are `own`, and the names of the others.
void add_flag(CLI::App& app, std::string group, std::vector<std::string_view> own);

}  // namespace schemas
