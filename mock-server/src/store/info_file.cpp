#include "store/info_file.hpp"

#include <nlohmann/json.hpp>

#include "protocol/http/date.hpp"

namespace mock {

namespace {

using json = nlohmann::ordered_json;

constexpr auto own_key = "DexMock";

/// A JSON string whose every character stands for one byte, so that no byte is lost ("isomorphic
/// encode" of the Infra standard). Header values are nearly always ASCII, which stays readable.
std::string isomorphic_encode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80U) {
      text += c;
    } else {
      text += static_cast<char>(0xC0U | (byte >> 6U));
      text += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return text;
}

std::string isomorphic_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead >= 0x80U && i + 1 < text.size()) {
      const auto trail = static_cast<unsigned char>(text[++i]);
      bytes += static_cast<char>(((lead & 0x03U) << 6U) | (trail & 0x3FU));
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

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
  if (auto header = optional_text(own, "UploadMetadata")) {
    upload.metadata_header = isomorphic_decode(*header);
    auto metadata = tus::parse_metadata(*upload.metadata_header, tus::MetadataStrictness::lenient);
    if (!metadata) throw Bad{"UploadMetadata", metadata.error().what};
    upload.metadata = std::move(*metadata);
  }
  if (auto header = optional_text(own, "UploadConcat")) {
    upload.concat_header = isomorphic_decode(*header);
  }
  if (auto created = optional_text(own, "Created")) upload.created = time_of(*created, "Created");
  if (auto expires = optional_text(own, "Expires")) upload.expires = time_of(*expires, "Expires");
  if (auto lane = optional_text(own, "Lane")) upload.lane = *lane;
}

Upload read(const json& document, std::string_view id) {
  if (!document.is_object()) throw Bad{"", "not a JSON object"};
  Upload upload;
  upload.id = text_of(member(document, "ID"), "ID");
  if (upload.id != id) throw Bad{"ID", "names another upload"};
  const auto size = size_of(document, "Size");
  if (!flag(document, "SizeIsDeferred")) upload.length = size;
  upload.offset = size_of(document, "Offset");
  if (const auto& metadata = member(document, "MetaData"); !metadata.is_null()) {
    if (!metadata.is_object()) throw Bad{"MetaData", "not an object"};
    for (const auto& [key, value] : metadata.items()) {
      upload.metadata.set(key, text_of(value, "MetaData"));
    }
  }
  if (flag(document, "IsPartial")) {
    upload.kind = tus::UploadKind::partial;
    upload.concat_header = "partial";
  }
  if (flag(document, "IsFinal")) upload.kind = tus::UploadKind::final;
  if (const auto parts = document.find("PartialUploads");
      parts != document.end() && !parts->is_null()) {
    if (!parts->is_array()) throw Bad{"PartialUploads", "not an array"};
    for (const auto& part : *parts) upload.parts.push_back(text_of(part, "PartialUploads"));
  }
  if (upload.kind == tus::UploadKind::final) {
    // How the client spelled it is not known; next to the final's own URL these are right.
    upload.concat_header = tus::format_concat({tus::UploadKind::final, upload.parts});
  }
  if (const auto own = document.find(own_key); own != document.end()) {
    read_own(*own, upload);
  } else if (!upload.metadata.empty()) {
    upload.metadata_header = tus::format_metadata(upload.metadata);
  }
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
  auto metadata = json::object();
  // Keys are unique, and operator[] would compare each with all before it.
  auto& members = metadata.get_ref<json::object_t&>();
  for (const auto& pair : upload.metadata.pairs()) members.emplace_back(pair.key, pair.value);
  auto own = json::object();
  if (upload.metadata_header) own["UploadMetadata"] = isomorphic_encode(*upload.metadata_header);
  if (upload.concat_header) own["UploadConcat"] = isomorphic_encode(*upload.concat_header);
  own["Created"] = ::http::format_rfc3339(upload.created);
  if (upload.expires) own["Expires"] = ::http::format_rfc3339(*upload.expires);
  if (!upload.lane.empty()) own["Lane"] = upload.lane;

  auto document = json::object();
  document["ID"] = upload.id;
  document["Size"] = number(upload.length);
  document["SizeIsDeferred"] = !upload.length.has_value();
  document["Offset"] = number(upload.offset);
  document["MetaData"] = std::move(metadata);
  document["IsPartial"] = upload.kind == tus::UploadKind::partial;
  document["IsFinal"] = upload.kind == tus::UploadKind::final;
  document["PartialUploads"] = upload.parts.empty() ? json(nullptr) : json(upload.parts);
  document["Storage"] =
      json{{"Type", "filestore"}, {"Path", data.string()}, {"InfoPath", info.string()}};
  document[own_key] = std::move(own);
  keep_others(document, former);
  // JSON has no place for bytes that are not UTF-8: they are replaced in MetaData, as tusd does,
  // and kept in UploadMetadata.
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Upload> parse_info(std::string_view text, std::string_view id) {
  const auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return failure("", "not whole JSON");
  try {
    return read(document, id);
  } catch (const Bad& bad) {
    return failure(bad.field, bad.expected);
  }
}

}  // namespace mock
