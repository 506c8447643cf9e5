#include "dex/delivery_told.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "client/delivered.hpp"

namespace conformance::onboard {
namespace {

using Json = nlohmann::json;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The guide writes File_Info, the service file_info; null when there is none.
Json member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  for (const auto& [key, value] : object.items()) {
    if (lower(key) == name) return value;
  }
  return nullptr;
}

std::string text(const Json& value) {
  return value.is_string() ? lower(value.get<std::string>()) : std::string();
}

}  // namespace

InfoTold read_info(std::string_view body) {
  InfoTold told;
  const Json root = Json::parse(body, nullptr, false);
  told.complete = text(member(member(root, "upload_status"), "status")) == "complete";
  if (const Json size = member(member(root, "file_info"), "size_bytes");
      size.is_number_unsigned()) {
    told.size = size.get<std::uint64_t>();
  }
  Json deliveries = member(root, "deliveries");
  if (deliveries.is_object()) deliveries = Json::array({deliveries});
  std::map<std::string, bool> succeeded;
  if (deliveries.is_array()) {
    for (const Json& delivery : deliveries) {
      bool& one = succeeded[text(member(delivery, "name"))];
      one = one || text(member(delivery, "status")) == "success";
    }
  }
  told.targets = succeeded.size();
  told.failed = static_cast<std::size_t>(std::count_if(
      succeeded.begin(), succeeded.end(), [](const auto& target) { return !target.second; }));
  return told;
}

std::optional<bool> delivered_equals_file(const std::string& folder, const std::string& id,
                                          std::string_view bytes) {
  std::optional<bool> equal;
  static_cast<void>(client::each_delivered(folder, id, [&](const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), {});
    equal = content == bytes;
    return !*equal;  // a file of an earlier attempt may lie beside the good one
  }));
  return equal;
}

}  // namespace conformance::onboard
