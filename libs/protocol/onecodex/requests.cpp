#include "protocol/onecodex/requests.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/onecodex/validate.hpp"

namespace onecodex {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view scheme = "s3://";

/// What `make` makes of a body that keeps to the schema.
template <class Made>
Expected<Made> read(std::string_view text, const ordered_json& schema, Contract contract,
                    Expected<Made> (*make)(const nlohmann::json& body)) {
  auto made = json::decode(text, "body", [&](const json::Cursor& root) -> Expected<Made> {
    if (auto breach = find_breach(schema, root.raw(), contract)) {
      return tl::unexpected(*std::move(breach));
    }
    return make(root.raw());
  });
  if (!made) return tl::unexpected(Breach{{}, {}, {}, made.error().line()});
  return *std::move(made);
}

/// The member; nullptr if it is not there, or null.
const nlohmann::json* present(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}

template <class T>
std::optional<T> optional_of(const nlohmann::json& object, const char* name) {
  const auto* const member = present(object, name);
  return member == nullptr ? std::nullopt : std::optional(member->get<T>());
}

/// The id of a reference, or a text as it is. By the guide, an object need not have a reference.
std::optional<std::string> project_of(const nlohmann::json& body) {
  const auto* const project = present(body, "project");
  if (project == nullptr) return std::nullopt;
  if (project->is_string()) return project->get<std::string>();
  const auto reference = optional_of<std::string>(*project, "$ref");
  if (!reference) return std::nullopt;
  return std::string(id_of_reference(reference_pattern("projects"), *reference));
}

/// An id that is too long to stand alone came by a reference.
ordered_json json_of_project(const std::string& id) {
  constexpr std::size_t longest_id = 16;
  if (id.size() <= longest_id || id.find('/') != std::string::npos) return id;
  return {{"$ref", reference("projects", id)}};
}

std::vector<std::string> tags_of(const nlohmann::json& body) {
  std::vector<std::string> names;
  const auto* const tags = present(body, "tags");
  if (tags == nullptr) return names;
  for (const auto& tag : *tags) {
    if (tag.is_null()) continue;
    if (auto name = optional_of<std::string>(tag, "name")) names.push_back(*std::move(name));
  }
  return names;
}

Expected<SampleDraft> sample_draft_of(const nlohmann::json& body) {
  SampleDraft draft;
  draft.filename = optional_of<std::string>(body, "filename");
  draft.paired_end_filename = optional_of<std::string>(body, "paired_end_filename");
  draft.size = optional_of<std::uint64_t>(body, "size");
  if (const auto* const metadata = present(body, "metadata")) {
    draft.metadata = json::dump_plain(*metadata);
  }
  draft.tags = tags_of(body);
  draft.project = project_of(body);
  draft.sample_id = optional_of<std::string>(body, "sample_id");
  draft.external_sample_id = optional_of<std::string>(body, "external_sample_id");
  return draft;
}

Expected<DocumentDraft> document_draft_of(const nlohmann::json& body) {
  return DocumentDraft{body.at("filename").get<std::string>(),
                       body.at("size").get<std::uint64_t>()};
}

Expected<Confirmation> document_confirmation_of(const nlohmann::json& body) {
  const auto* const id = present(body, "document_id");
  return Confirmation{id != nullptr ? id->get<std::string>()
                                    : body.at("sample_id").get<std::string>()};
}

Expected<Confirmation> sample_confirmation_of(const nlohmann::json& body) {
  Confirmation confirmation{body.at("sample_id").get<std::string>()};
  confirmation.size = optional_of<std::uint64_t>(body, "size");
  confirmation.md5 = optional_of<std::string>(body, "md5");
  return confirmation;
}

Expected<Confirmation> sample_named_by(const nlohmann::json& body) {
  return Confirmation{body.at("sample_id").get<std::string>()};
}

Expected<Callback> callback_of(const nlohmann::json& body) {
  const auto path = body.at("s3_path").get<std::string>();
  const auto slash = path.find('/', scheme.size());
  if (!path.starts_with(scheme) || slash == std::string::npos || slash + 1 == path.size()) {
    return tl::unexpected(Breach{{"s3_path"},
                                 "pattern",
                                 "\"^s3://[^/]+/.+$\"",
                                 "s3_path: must be s3://{s3_bucket}/{file_id}"});
  }
  return Callback{path.substr(scheme.size(), slash - scheme.size()), path.substr(slash + 1),
                  optional_of<std::string>(body, "filename")};
}

template <class T>
void put(ordered_json& body, const char* name, const std::optional<T>& value) {
  if (value) body[name] = *value;
}

}  // namespace

Expected<SampleDraft> parse_sample_draft(std::string_view text, Call call, Contract contract) {
  return read(text, schema_of(call, contract), contract, sample_draft_of);
}

std::string to_json(const SampleDraft& draft) {
  ordered_json body = ordered_json::object();
  put(body, "filename", draft.filename);
  put(body, "paired_end_filename", draft.paired_end_filename);
  put(body, "size", draft.size);
  if (draft.metadata != "{}") body["metadata"] = nlohmann::json::parse(draft.metadata);
  for (const auto& name : draft.tags) body["tags"].push_back({{"name", name}});
  if (draft.project) body["project"] = json_of_project(*draft.project);
  put(body, "sample_id", draft.sample_id);
  put(body, "external_sample_id", draft.external_sample_id);
  return json::dump_plain(body);
}

std::optional<std::string> external_id_of(std::string_view metadata) {
  const auto object = nlohmann::json::parse(metadata, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  return optional_of<std::string>(object, "external_sample_id");
}

Expected<DocumentDraft> parse_document_draft(std::string_view text, Contract contract) {
  return read(text, schema_of(Call::init_document, contract), contract, document_draft_of);
}

std::string to_json(const DocumentDraft& draft) {
  return json::dump_plain(ordered_json{{"filename", draft.filename}, {"size", draft.size}});
}

Expected<Confirmation> parse_confirmation(std::string_view text, Call call, Contract contract) {
  auto make = sample_confirmation_of;
  if (call == Call::confirm_document) {
    make = document_confirmation_of;
  } else if (call == Call::cancel_sample || contract == Contract::guide) {
    make = sample_named_by;
  }
  return read(text, schema_of(call, contract), contract, make);
}

std::string to_json(const Confirmation& confirmation, Call call) {
  ordered_json body{
      {call == Call::confirm_document ? "document_id" : "sample_id", confirmation.id}};
  if (call == Call::confirm_sample) {
    put(body, "size", confirmation.size);
    put(body, "md5", confirmation.md5);
    body["upload_type"] = "standard";
  }
  return json::dump_plain(body);
}

Expected<Callback> parse_callback(std::string_view text) {
  static const ordered_json schema{
      {"type", "object"},
      {"properties",
       {{"s3_path", {{"type", "string"}}}, {"filename", {{"type", {"string", "null"}}}}}},
      {"required", ordered_json::array({"s3_path"})}};
  return read(text, schema, Contract::server, callback_of);
}

std::string to_json(const Callback& callback) {
  ordered_json body{{"s3_path", std::string(scheme) + callback.bucket + "/" + callback.file_id}};
  put(body, "filename", callback.filename);
  return json::dump_plain(body);
}

}  // namespace onecodex
