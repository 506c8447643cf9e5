#include "dex/upload_configs.hpp"

#include <system_error>

#include "files/input.hpp"
#include "protocol/dex/guide.hpp"

namespace mock {
namespace {

/// The metadata that DEX's public test stream demands.
dex::UploadConfig testing_stream() {
  return {{{"sender_id", true, {}, "who sends the data"},
           {"data_producer_id", true, {}, "who produced the data"},
           {"jurisdiction", true, {}, "where the data comes from"},
           {"received_filename", true, {}, "the name of the file at the sender"},
           {"data_stream_id", true, {"dextesting"}, "the data stream"},
           {"data_stream_route", true, {"testevent1"}, "the route of the data stream"}}};
}

constexpr std::string_view testing_stream_filename = "dextesting_testevent1.json";

/// nullopt: there is no such file. `name` is what errors call it.
Result<std::optional<std::string>> text_of(const std::filesystem::path& file,
                                           const std::string& name) {
  // Any name that cannot be opened is a missing config to DEX, also one that is too long.
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::nullopt;
  // A pipe or a device could keep the loop waiting for ever.
  if (!std::filesystem::is_regular_file(file, error)) return failure(name, "is not a file");
  auto text = read_input(file.string());
  if (!text) return failure(name, text.error().what);
  return std::move(*text);
}

}  // namespace

UploadConfigSource upload_configs_in(std::filesystem::path folder, dex::Environment environment) {
  return {[folder = std::move(folder)](const std::string& filename) {
            return text_of(folder / filename, filename);
          },
          std::move(environment)};
}

bool can_be_upload_config(const std::filesystem::path& file) {
  // Others may lie beside: no manifest names a file without the '_' between stream and route.
  return file.extension() == ".json" && file.stem().string().find('_') != std::string::npos;
}

Result<void> check_upload_configs(const std::filesystem::path& folder,
                                  const dex::Environment& environment) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto& file = entry->path();
    if (!can_be_upload_config(file)) continue;
    const auto text = text_of(file, file.string());
    if (!text) return tl::unexpected(text.error());
    if (!*text) continue;
    if (auto config = dex::parse_upload_config(**text, file.string(), environment); !config) {
      return tl::unexpected(config.error());
    }
  }
  if (error) return failure(folder.string(), "cannot be listed: " + error.message());
  return {};
}

UploadConfigs::UploadConfigs(std::optional<std::filesystem::path> folder,
                             dex::Environment environment, dex::Contract contract)
    : UploadConfigs(
          folder ? std::optional(upload_configs_in(*std::move(folder), std::move(environment)))
                 : std::nullopt,
          contract) {}

UploadConfigs::UploadConfigs(std::optional<UploadConfigSource> source, dex::Contract contract)
    : source_(std::move(source)), contract_(contract) {
  if (!source_) cache_.emplace(testing_stream_filename, testing_stream());
}

Result<const dex::UploadConfig*> UploadConfigs::find(const std::string& filename) {
  if (const auto cached = cache_.find(filename); cached != cache_.end()) return &cached->second;
  if (!source_ || !dex::is_local_path(filename)) return nullptr;
  const auto text = source_->read(filename);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return nullptr;
  auto config = dex::parse_upload_config(**text, filename, source_->environment);
  if (!config) return tl::unexpected(config.error());
  return &cache_.emplace(filename, *std::move(config)).first->second;
}

Result<std::vector<std::string>> UploadConfigs::validate_by_guide(const dex::Manifest& manifest) {
  auto lines = dex::guide::validate_names(manifest);
  const auto add = [&lines](std::vector<std::string> more) {
    lines.insert(lines.end(), more.begin(), more.end());
  };
  const auto config = find(dex::upload_config_filename(dex::guide::with_stream(manifest)));
  if (!config) return tl::unexpected(config.error());
  add(dex::guide::validate_stream(manifest, *config));
  if (*config) add(dex::guide::validate(manifest, **config));
  return lines;
}

Result<std::vector<std::string>> UploadConfigs::validate(const dex::Manifest& manifest) {
  if (contract_ == dex::Contract::guide) return validate_by_guide(manifest);
  auto errors = dex::validate_stream(manifest);
  if (!errors.empty()) return errors;
  const std::string filename = dex::upload_config_filename(manifest);
  const auto config = find(filename);
  if (!config) return tl::unexpected(config.error());
  if (!*config) return dex::config_not_found_errors(filename);
  return dex::validate(manifest, **config);
}

}  // namespace mock
