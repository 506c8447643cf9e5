#include "protocol/dex/upload_config.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace dex {
namespace {

constexpr std::string_view validation_failure = "validation failure";
/// The fields whose values may not hold a '/' (validation.go, BuiltIns).
constexpr std::array<std::string_view, 4> filename_fields{"filename", "original_filename",
                                                          "meta_ext_filename", "received_filename"};

std::string value_of(const Manifest& manifest, std::string_view key) {
  const auto found = manifest.find(std::string(key));
  return found == manifest.end() ? std::string{} : found->second;
}

/// DEX joins all texts with newlines and splits the whole again, so that a newline in a value makes
/// one more entry.
void append_lines(std::vector<std::string>& out, std::string_view text) {
  for (;;) {
    const std::size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void append_missing(std::vector<std::string>& out, std::string_view field) {
  out.emplace_back(validation_failure);
  append_lines(out, "field " + std::string(field) + " was missing");
}

void append_errors(std::vector<std::string>& out, const FieldRule& rule, const Manifest& manifest) {
  const bool present = manifest.contains(rule.name);
  const std::string value = value_of(manifest, rule.name);
  if (!present && rule.required) return append_missing(out, rule.name);
  if (!rule.allowed_values.empty()) {
    const auto& allowed = rule.allowed_values;
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    out.emplace_back(validation_failure);
    return append_lines(out, rule.name + " had disallowed value " + value);
  }
  const bool is_filename =
      std::find(filename_fields.begin(), filename_fields.end(), rule.name) != filename_fields.end();
  if (is_filename && value.find('/') != std::string::npos) {
    append_lines(out,
                 "invalid character found in " + value + " " + std::string(validation_failure));
  }
}

/// Old configs spell booleans as texts.
bool decode_required(const json::Cursor& cursor) {
  if (cursor.is_string() && cursor.string() == "true") return true;
  if (cursor.is_string() && cursor.string() == "false") return false;
  return cursor.boolean();
}

FieldRule decode_field(const json::Cursor& cursor) {
  FieldRule rule;
  const auto old_name = cursor.find("fieldname");
  const auto name = old_name && !cursor.find("field_name") ? *old_name : cursor.at("field_name");
  rule.name = name.string();
  if (rule.name.empty()) name.fail("is empty, expected the name of a field");
  const auto present = [&](std::string_view key) {
    auto member = cursor.find(key);
    return member && !member->is_null() ? member : std::nullopt;
  };
  if (const auto required = present("required")) rule.required = decode_required(*required);
  if (const auto description = present("description")) rule.description = description->string();
  if (const auto allowed = present("allowed_values")) {
    if (allowed->is_string()) {
      rule.allowed_values.push_back(allowed->string());
    } else {
      for (const auto& value : allowed->items()) rule.allowed_values.push_back(value.string());
    }
  }
  return rule;
}

/// The first configs said where files go and nothing of manifests; DEX takes them for ones that
/// demand no field.
bool is_first_form(const json::Cursor& root) {
  return !root.find("metadata_config") && root.find("FilenameSuffix") &&
         root.find("FolderStructure");
}

}  // namespace

Result<UploadConfig> parse_upload_config(std::string_view text, const std::string& document,
                                         const Environment& environment) {
  return json::decode(expand(text, environment), document, [](const json::Cursor& root) {
    UploadConfig config;
    if (is_first_form(root)) return config;
    for (const auto& field : root.at("metadata_config").at("fields").items()) {
      config.fields.push_back(decode_field(field));
    }
    return config;
  });
}

std::string upload_config_filename(const Manifest& manifest) {
  std::string name = value_of(manifest, field::data_stream_id) + "_" +
                     value_of(manifest, field::data_stream_route) + ".json";
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

bool is_local_path(std::string_view path) {
  if (!json::is_utf8(path) || path.find('\0') != std::string_view::npos) return false;
  for (;;) {
    const std::size_t slash = path.find('/');
    const std::string_view element = path.substr(0, slash);
    if (element.empty() || element == "." || element == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::vector<std::string> validate_stream(const Manifest& manifest) {
  std::vector<std::string> errors;
  for (const std::string_view key : {field::data_stream_id, field::data_stream_route}) {
    if (errors.empty() && !manifest.contains(std::string(key))) append_missing(errors, key);
  }
  return errors;
}

std::vector<std::string> config_not_found_errors(const std::string& config_filename) {
  std::vector<std::string> errors;
  append_lines(errors, "open " + config_filename + ": " +
                           (is_local_path(config_filename) ? "no such file or directory"
                                                           : "invalid argument"));
  errors.emplace_back(validation_failure);
  errors.emplace_back("manifest validation config file not found");
  return errors;
}

std::vector<std::string> validate(const Manifest& manifest, const UploadConfig& config) {
  std::vector<std::string> errors;
  for (const FieldRule& rule : config.fields) append_errors(errors, rule, manifest);
  return errors;
}

std::string to_json(const ManifestRefusal& refusal) {
  return json::dump(nlohmann::ordered_json{{"upload_id", refusal.upload_id},
                                           {"validation_errors", refusal.validation_errors}});
}

Result<ManifestRefusal> parse_manifest_refusal(std::string_view text) {
  return json::decode(text, "manifest refusal", [](const json::Cursor& root) {
    root.only({"upload_id", "validation_errors"});
    ManifestRefusal refusal;
    refusal.upload_id = root.at("upload_id").string();
    for (const auto& error : root.at("validation_errors").items()) {
      refusal.validation_errors.push_back(error.string());
    }
    return refusal;
  });
}

}  // namespace dex
