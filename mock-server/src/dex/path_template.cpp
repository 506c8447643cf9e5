#include "dex/path_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include "protocol/http/date.hpp"

namespace mock {
namespace {

constexpr std::string_view default_template = "{{.Year}}/{{.Month}}/{{.Day}}/{{.Filename}}";
constexpr std::array<std::string_view, 10> names{
    "Year",     "Month",  "Day",    "Hour",         "Filename",
    "UploadId", "Prefix", "Suffix", "DataStreamID", "DataStreamRoute"};

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string value_of(const dex::Manifest& manifest, std::string_view key) {
  const auto found = manifest.find(std::string(key));
  return found == manifest.end() ? std::string{} : found->second;
}

/// The dot and what follows it in the last component; Go's filepath.Ext.
std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  return name.find('/', dot) == std::string_view::npos ? name.substr(dot) : std::string_view{};
}

Result<std::filesystem::path> inside(const std::string& path) {
  const auto refuse = [&](const char* why) { return failure(quote(path), why); };
  if (path.find('\0') != std::string::npos) return refuse("is not a file name");
  const std::filesystem::path relative(path);
  const bool climbs = std::any_of(relative.begin(), relative.end(),
                                  [](const auto& component) { return component == ".."; });
  if (relative.is_absolute() || climbs) return refuse("would leave the delivery folder");
  std::filesystem::path normal = relative.lexically_normal();
  if (!normal.has_filename() || normal == ".") return refuse("names no file");
  return normal;
}

}  // namespace

bool climbs_out(std::string_view path) {
  if (path.find('/') == std::string_view::npos) return false;
  const std::filesystem::path components(path);
  return std::any_of(components.begin(), components.end(),
                     [](const auto& component) { return component == ".."; });
}

PathTemplate::PathTemplate() : PathTemplate(*parse(default_template)) {}

Result<PathTemplate> PathTemplate::parse(std::string_view text) {
  PathTemplate result{std::vector<Piece>{}};
  while (!text.empty()) {
    const std::size_t open = std::min(text.find("{{"), text.size());
    if (open > 0) result.pieces_.push_back({false, std::string(text.substr(0, open))});
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find("}}");
    if (close == std::string_view::npos) return failure({}, "has a {{ without a }}");
    const std::string_view action = trim(text.substr(2, close - 2));
    const bool known = action.starts_with('.') &&
                       std::find(names.begin(), names.end(), action.substr(1)) != names.end();
    if (!known) {
      return failure({}, fmt::format("has {}, expected one of {{{{.{}}}}}",
                                     quote(text.substr(0, close + 2)), fmt::join(names, "}} {{.")));
    }
    result.pieces_.push_back({true, std::string(action.substr(1))});
    text.remove_prefix(close + 2);
  }
  return result;
}

Result<std::filesystem::path> PathTemplate::render(const std::string& upload_id,
                                                   const dex::Manifest& manifest) const {
  const auto ingest = ::http::parse_rfc3339(value_of(manifest, dex::field::dex_ingest_datetime));
  if (!ingest) return failure(std::string(dex::field::dex_ingest_datetime), "bad ingest timestamp");
  const auto day = std::chrono::floor<std::chrono::days>(*ingest);
  const std::chrono::year_month_day date(day);
  const auto hour = std::chrono::floor<std::chrono::hours>(*ingest - day).count();
  const std::string filename = dex::filename_of(manifest).value_or("");
  const std::string_view extension = extension_of(filename);
  const std::map<std::string_view, std::string> values{
      {"Year", fmt::format("{}", static_cast<int>(date.year()))},
      {"Month", fmt::format("{:02}", static_cast<unsigned>(date.month()))},
      {"Day", fmt::format("{:02}", static_cast<unsigned>(date.day()))},
      {"Hour", fmt::format("{:02}", hour)},
      {"Filename", filename.substr(0, filename.size() - extension.size())},
      {"UploadId", upload_id},
      {"Prefix", ""},
      {"Suffix", ""},
      {"DataStreamID", value_of(manifest, dex::field::data_stream_id)},
      {"DataStreamRoute", value_of(manifest, dex::field::data_stream_route)}};
  std::string path;
  for (const Piece& piece : pieces_) path += piece.placeholder ? values.at(piece.text) : piece.text;
  path += extension;
  return inside(path);
}

}  // namespace mock
