#include <algorithm>
#include <stdexcept>

#include "misbehave/load.hpp"
#include "protocol/nearest.hpp"

namespace mock::misbehave {
namespace {

std::span<const EmbeddedFile> files_of(Named kind) {
  return kind == Named::defect ? defect_files() : fault_files();
}

std::string nearest(Named kind, std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& file : files_of(kind)) known.push_back(file.stem());
  return nearest_names(name, known);
}

}  // namespace

Result<Misbehaviour> load_named(Named kind, std::string_view name) {
  for (const auto& file : files_of(kind))
    if (file.stem() == name) return load_text(file.text, std::string{name});
  const std::string what = kind == Named::defect ? "defect" : "fault";
  return failure("--" + what, "there is no " + what + " '" + std::string{name} + "'",
                 "the nearest are " + nearest(kind, name));
}

Result<std::vector<Misbehaviour>> load_all(const std::vector<std::string>& defects,
                                           const std::vector<std::string>& faults,
                                           const std::vector<std::string>& files) {
  std::vector<Misbehaviour> all;
  const auto read = [&](const std::vector<std::string>& names, auto load) -> Result<void> {
    for (const auto& name : names) {
      auto loaded = load(name);
      if (!loaded) return tl::unexpected(loaded.error());
      all.push_back(std::move(*loaded));
    }
    return {};
  };
  auto read_all = read(defects, [](const auto& name) { return load_named(Named::defect, name); });
  if (read_all)
    read_all = read(faults, [](const auto& name) { return load_named(Named::fault, name); });
  if (read_all) read_all = read(files, load_file);
  if (!read_all) return tl::unexpected(read_all.error());
  return all;
}

std::vector<Misbehaviour> list_named(Named kind) {
  std::vector<Misbehaviour> all;
  for (const auto& file : files_of(kind)) {
    auto loaded = load_text(file.text, std::string{file.stem()});
    // They are part of this program and a test loads every one.
    if (!loaded) throw std::logic_error(loaded.error().line());
    all.push_back(std::move(*loaded));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace mock::misbehave
