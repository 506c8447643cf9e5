#include "protocol/dex/guide.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "protocol/http/fields.hpp"
#include "protocol/json/encode.hpp"

namespace dex::guide {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view version_1_stream = "meta_destination_id";
constexpr std::string_view version_1_route = "meta_ext_event";
constexpr std::array<std::string_view, 4> filename_fields{"filename", "original_filename",
                                                          "meta_ext_filename", "received_filename"};

/// The last attempt for each target, in the order of these attempts.
std::vector<Delivery> latest_of_each(const std::vector<Delivery>& attempts) {
  std::vector<Delivery> latest;
  for (const Delivery& attempt : attempts) {
    std::erase_if(latest, [&](const Delivery& other) { return other.name == attempt.name; });
    latest.push_back(attempt);
  }
  return latest;
}

ordered_json encode(const Delivery& delivery) {
  const bool delivered = delivery.status == dex::delivery_state::success;
  ordered_json json{{"Status", delivered ? delivery_state::success : delivery_state::failure},
                    {"Name", delivery.name}};
  if (delivered) {
    json["Location"] = delivery.location;
    json["Delivered_At"] = delivery.delivered_at;
  }
  json["Issues"] = nullptr;
  if (delivery.issues) {
    json["Issues"] = ordered_json::array();
    for (const Issue& issue : *delivery.issues) {
      json["Issues"].push_back({{"Level", issue.level}, {"Message", issue.message}});
    }
  }
  return json;
}

ordered_json encode_deliveries(const std::vector<Delivery>& attempts) {
  const auto latest = latest_of_each(attempts);
  if (latest.size() == 1) return encode(latest.front());
  auto list = ordered_json::array();
  for (const Delivery& delivery : latest) list.push_back(encode(delivery));
  return list;
}

/// The value of a field, whatever the letter case of its name; an exact match comes first.
const std::string* find(const Manifest& manifest, std::string_view name) {
  const auto exact = manifest.find(std::string(name));
  if (exact != manifest.end()) return &exact->second;
  for (const auto& [field, value] : manifest) {
    if (http::same_name(field, name)) return &value;
  }
  return nullptr;
}

std::string missing(std::string_view field, std::string_view description) {
  return "Missing required metadata '" + std::string(field) + "', description = '" +
         std::string(description) + "'";
}

std::string quoted_list(const std::vector<std::string>& values) {
  return nlohmann::json(values).dump();
}

bool is_version_1(const Manifest& manifest) {
  return manifest.contains(std::string(version_1_stream));
}

}  // namespace

std::string to_json(const Info& info) {
  auto manifest = ordered_json::object();
  for (const auto& [key, value] : info.manifest) {
    const bool server_assigned = key == field::upload_id || key == field::dex_ingest_datetime;
    const char* name = key == field::upload_id ? "Upload_Id" : "Dex_Ingest_Datetime";
    manifest[server_assigned ? name : key] = value;
  }
  ordered_json document{{"Manifest", std::move(manifest)}, {"File_Info", nullptr}};
  if (info.file_info) {
    document["File_Info"] = {{"Size_Bytes", info.file_info->size.value},
                             {"Updated_At", info.file_info->updated_at}};
  }
  document["Upload_Status"] = {{"Status", info.upload_status.status},
                               {"Chunk_Received_At", info.upload_status.chunk_received_at}};
  document["Deliveries"] = nullptr;
  if (info.deliveries) document["Deliveries"] = encode_deliveries(*info.deliveries);
  return json::dump(document) + "\n";
}

std::string error_json(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return json::dump(ordered_json{{"error", text}}) + "\n";
}

Manifest with_stream(Manifest manifest) {
  for (const auto& [older, name] : {std::pair{version_1_stream, field::data_stream_id},
                                    {version_1_route, field::data_stream_route}}) {
    const auto given = manifest.find(std::string(older));
    if (given != manifest.end()) manifest.emplace(name, given->second);
  }
  return manifest;
}

std::vector<std::string> validate_names(const Manifest& manifest) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : manifest) {
    if (name.find('/') != std::string::npos) {
      lines.push_back(name + " is not a name of metadata: it must not hold a '/'");
    }
  }
  return lines;
}

std::vector<std::string> validate_stream(const Manifest& manifest, const UploadConfig* config) {
  std::vector<std::string> lines;
  const auto names = with_stream(manifest);
  for (const auto& [name, description] :
       {std::pair{field::data_stream_id, "The data stream."},
        {field::data_stream_route, "The route of the data stream."}}) {
    const auto* value = find(names, name);
    if (!value || value->empty()) lines.push_back(missing(name, description));
  }
  if (lines.empty() && !config) {
    lines.emplace_back("data_stream_id and data_stream_route name no data stream that is known");
  }
  return lines;
}

std::vector<std::string> validate(const Manifest& manifest, const UploadConfig& config) {
  std::vector<std::string> lines;
  // What the older model requires was agreed with each sender, so nothing is missing in it.
  const bool version_1 = is_version_1(manifest);
  const auto names = with_stream(manifest);
  std::vector<FieldRule> rules = config.fields;
  rules.push_back({"version", true, {}, "The version of the metadata."});
  for (const FieldRule& rule : rules) {
    const auto* value = find(names, rule.name);
    if (!value || value->empty()) {
      if (rule.required && !version_1) lines.push_back(missing(rule.name, rule.description));
      continue;
    }
    const auto& allowed = rule.allowed_values;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
      lines.push_back(rule.name + " = " + *value +
                      " is not one of the allowed values: " + quoted_list(allowed));
    }
  }
  for (const auto name : filename_fields) {
    const auto* value = find(manifest, name);
    if (value && value->find('/') != std::string::npos) {
      lines.push_back(std::string(name) + " = " + *value + " must not hold a '/'");
    }
  }
  return lines;
}

std::string refusal_json(const std::string& upload_id, const std::vector<std::string>& lines,
                         Manifest manifest) {
  manifest.erase(std::string(field::upload_id));
  manifest.erase(std::string(field::dex_ingest_datetime));
  std::string text = "pre-create hook failed: exit status 1\n";
  for (const auto& line : lines) text += line + "\n";
  text += "Provided metadata: " + json::dump(nlohmann::json(manifest));
  return json::dump(ordered_json{{"upload_id", upload_id}, {"error", text}}) + "\n";
}

}  // namespace dex::guide
