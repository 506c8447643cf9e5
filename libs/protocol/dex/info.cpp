#include "protocol/dex/info.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace dex {
namespace {

using nlohmann::ordered_json;

ordered_json encode(const Delivery& delivery) {
  ordered_json issues = nullptr;
  if (delivery.issues) {
    issues = ordered_json::array();
    for (const Issue& issue : *delivery.issues) {
      issues.push_back(ordered_json{{"level", issue.level}, {"message", issue.message}});
    }
  }
  return {{"status", delivery.status},
          {"name", delivery.name},
          {"location", delivery.location},
          {"delivered_at", delivery.delivered_at},
          {"issues", std::move(issues)}};
}

Delivery decode_delivery(const json::Cursor& cursor) {
  cursor.only({"status", "name", "location", "delivered_at", "issues"});
  Delivery delivery;
  delivery.status = cursor.at("status").string();
  delivery.name = cursor.at("name").string();
  delivery.location = cursor.at("location").string();
  delivery.delivered_at = cursor.at("delivered_at").string();
  if (const auto issues = cursor.at("issues"); !issues.is_null()) {
    delivery.issues.emplace();
    for (const auto& item : issues.items()) {
      item.only({"level", "message"});
      delivery.issues->push_back({item.at("level").string(), item.at("message").string()});
    }
  }
  return delivery;
}

}  // namespace

std::string to_json(const Info& info) {
  ordered_json manifest = ordered_json::object();
  for (const auto& [key, value] : info.manifest) manifest[key] = value;
  ordered_json file_info = nullptr;
  if (info.file_info) {
    file_info = {{"size_bytes", info.file_info->size.value},
                 {"updated_at", info.file_info->updated_at}};
  }
  ordered_json deliveries = nullptr;
  if (info.deliveries) {
    deliveries = ordered_json::array();
    for (const Delivery& delivery : *info.deliveries) deliveries.push_back(encode(delivery));
  }
  const ordered_json document{{"manifest", std::move(manifest)},
                              {"file_info", std::move(file_info)},
                              {"upload_status",
                               {{"status", info.upload_status.status},
                                {"chunk_received_at", info.upload_status.chunk_received_at}}},
                              {"deliveries", std::move(deliveries)}};
  return json::dump(document) + "\n";
}

Result<Info> parse_info(std::string_view text) {
  return json::decode(text, "info document", [](const json::Cursor& root) {
    root.only({"manifest", "file_info", "upload_status", "deliveries"});
    Info info;
    for (const auto& [key, value] : root.at("manifest").members()) {
      info.manifest.emplace(key, value.string());
    }
    if (const auto file = root.at("file_info"); !file.is_null()) {
      file.only({"size_bytes", "updated_at"});
      info.file_info =
          FileInfo{Bytes{file.at("size_bytes").unsigned_integer()}, file.at("updated_at").string()};
    }
    const auto status = root.at("upload_status");
    status.only({"status", "chunk_received_at"});
    info.upload_status = {status.at("status").string(), status.at("chunk_received_at").string()};
    if (const auto deliveries = root.at("deliveries"); !deliveries.is_null()) {
      info.deliveries.emplace();
      for (const auto& item : deliveries.items()) info.deliveries->push_back(decode_delivery(item));
    }
    return info;
  });
}

}  // namespace dex
