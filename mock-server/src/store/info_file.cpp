#include "store/info_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/http/date.hpp"

namespace mock {

namespace {

using json = nlohmann::ordered_json;

constexpr auto own_key = "DexMock";
constexpr auto system_key = "System";

std::int64_t number(std::optional<Bytes> bytes) {
  return bytes ? static_cast<std::int64_t>(bytes->value) : 0;
}

struct Bad {
  std::string field;
  std::string expected;
};

const json& member(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw Bad{key, "missing"};
  return *found;
}

Bytes size_of(const json& object, const char* key) {
  const auto& value = member(object, key);
  if (!value.is_number_unsigned() && !value.is_number_integer()) throw Bad{key, "not an integer"};
  const auto n = value.get<std::int64_t>();
  if (n < 0) throw Bad{key, "negative"};
  return Bytes{static_cast<std::uint64_t>(n)};
}

bool flag(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return false;
  if (!found->is_boolean()) throw Bad{key, "not a boolean"};
  return found->get<bool>();
}

std::string text_of(const json& value, const char* key) {
  if (!value.is_string()) throw Bad{key, "not a string"};
  return value.get<std::string>();
}

std::optional<std::string> optional_text(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  return text_of(*found, key);
}

TimePoint time_of(const std::string& text, const char* key) {
  const auto time = ::http::parse_rfc3339(text);
  if (!time) throw Bad{key, "not an RFC 3339 date"};
  return *time;
}

void read_own(const json& own, Upload& upload) {
  if (!own.is_object()) throw Bad{own_key, "not an object"};
  if (auto created = optional_text(own, "Created")) upload.created = time_of(*created, "Created");
  if (auto expires = optional_text(own, "Expires")) upload.expires = time_of(*expires, "Expires");
  if (auto lane = optional_text(own, "Lane")) upload.lane = *lane;
}

// ---- attributes

/// Of a system that this server does not have: what the document holds, to be written as it is.
class Foreign final : public Attributes, public AttributeSchema {
 public:
  Foreign(std::string system, const json& document, const json& own)
      : system_(std::move(system)), document_(document), own_(own) {}

  [[nodiscard]] const AttributeSchema& schema() const override { return *this; }
  [[nodiscard]] std::string_view system() const override { return system_; }
  void write(const Upload& /*upload*/, json& document, json& own) const override {
    for (const auto* key : {"MetaData", "IsPartial", "IsFinal"}) document[key] = document_[key];
    own = own_;
  }
  [[nodiscard]] Result<std::shared_ptr<Attributes>> read(const Upload& /*upload*/,
                                                         const json& /*document*/,
                                                         const json* /*own*/) const override {
    return failure({}, "is another server's");
  }

 private:
  std::string system_;
  json document_;
  json own_;
};

std::shared_ptr<Attributes> read_attributes(const Upload& upload, const json& document,
                                            const json* own, const AttributeSchemas& schemas) {
  const auto system = own != nullptr ? optional_text(*own, system_key).value_or("") : "";
  const auto schema = std::ranges::find(schemas, system, &AttributeSchema::system);
  if (schema == schemas.end()) {
    if (system.empty()) return nullptr;
    return std::make_shared<Foreign>(system, document, *own);
  }
  auto attributes = (*schema)->read(upload, document, own);
  if (!attributes) throw Bad{attributes.error().where, attributes.error().what};
  return *std::move(attributes);
}

Upload read(const json& document, std::string_view id, const AttributeSchemas& schemas) {
  if (!document.is_object()) throw Bad{"", "not a JSON object"};
  Upload upload;
  upload.id = text_of(member(document, "ID"), "ID");
  if (upload.id != id) throw Bad{"ID", "names another upload"};
  const auto size = size_of(document, "Size");
  if (!flag(document, "SizeIsDeferred")) upload.length = size;
  upload.offset = size_of(document, "Offset");
  const auto& metadata = member(document, "MetaData");
  if (!metadata.is_null() && !metadata.is_object()) throw Bad{"MetaData", "not an object"};
  for (const auto& [key, value] : metadata.items()) static_cast<void>(text_of(value, "MetaData"));
  for (const auto* key : {"IsPartial", "IsFinal"}) static_cast<void>(flag(document, key));
  if (const auto parts = document.find("PartialUploads");
      parts != document.end() && !parts->is_null()) {
    if (!parts->is_array()) throw Bad{"PartialUploads", "not an array"};
    for (const auto& part : *parts) upload.parts.push_back(text_of(part, "PartialUploads"));
  }
  const auto own = document.find(own_key);
  if (own != document.end()) read_own(*own, upload);
  upload.attributes =
      read_attributes(upload, document, own != document.end() ? &*own : nullptr, schemas);
  return upload;
}

/// Adds the members of `former` that `document` lacks, also within Storage.
void keep_others(json& document, std::string_view former) {
  if (former.empty()) return;
  const auto old = json::parse(former, nullptr, false);
  if (!old.is_object()) return;
  for (const auto& [key, value] : old.items()) {
    if (!document.contains(key)) document[key] = value;
  }
  auto& storage = document["Storage"];
  if (const auto old_storage = old.find("Storage");
      old_storage != old.end() && old_storage->is_object()) {
    for (const auto& [key, value] : old_storage->items()) {
      if (!storage.contains(key)) storage[key] = value;
    }
  }
}

}  // namespace

std::string format_info(const Upload& upload, const std::filesystem::path& data,
                        const std::filesystem::path& info, std::string_view former) {
  auto document = json::object();
  document["ID"] = upload.id;
  document["Size"] = number(upload.length);
  document["SizeIsDeferred"] = !upload.length.has_value();
  document["Offset"] = number(upload.offset);
  document["MetaData"] = json::object();
  document["IsPartial"] = false;
  document["IsFinal"] = false;
  document["PartialUploads"] = upload.parts.empty() ? json(nullptr) : json(upload.parts);
  document["Storage"] =
      json{{"Type", "filestore"}, {"Path", data.string()}, {"InfoPath", info.string()}};
  auto own = json::object();
  if (const auto system = system_of(upload.attributes.get()); !system.empty()) {
    own[system_key] = system;
  }
  if (upload.attributes) upload.attributes->schema().write(upload, document, own);
  own["Created"] = ::http::format_rfc3339(upload.created);
  if (upload.expires) {
    own["Expires"] = ::http::format_rfc3339(*upload.expires);
  } else {
    own.erase("Expires");
  }
  if (!upload.lane.empty()) own["Lane"] = upload.lane;
  document[own_key] = std::move(own);
  keep_others(document, former);
  // JSON has no place for bytes that are not UTF-8: they are replaced, as tusd does.
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<std::string_view> foreign_system(const Upload& upload) {
  const auto* const foreign = dynamic_cast<const Foreign*>(upload.attributes.get());
  return foreign != nullptr ? std::optional(foreign->system()) : std::nullopt;
}

Result<Upload> parse_info(std::string_view text, std::string_view id,
                          const AttributeSchemas& schemas) {
  const auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return failure("", "not whole JSON");
  try {
    return read(document, id, schemas);
  } catch (const Bad& bad) {
    return failure(bad.field, bad.expected);
  }
}

}  // namespace mock
