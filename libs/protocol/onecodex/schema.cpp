#include "protocol/onecodex/schema.hpp"

#include <array>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/json/encode.hpp"
#include "protocol/onecodex/file_name.hpp"

namespace onecodex {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view draft = "http://json-schema.org/draft-04/hyper-schema#";
constexpr std::string_view one_segment = R"(\/[^/]+$)";

// ---- the pieces

Json typed(const char* type) { return {{"type", type}}; }
Json or_null(const char* type) { return {{"type", Json::array({type, "null"})}}; }

Json with(Json schema, const char* keyword, Json value) {
  schema[keyword] = std::move(value);
  return schema;
}

Json date() { return with(or_null("string"), "format", "date-time"); }
Json text_of(int longest) { return with(or_null("string"), "maxLength", longest); }
Json within(int limit) {
  return {{"type", {"number", "null"}}, {"minimum", -limit}, {"maximum", limit}};
}
Json at_least_one(bool may_be_null) {
  return with(may_be_null ? or_null("integer") : typed("integer"), "minimum", 1);
}
Json file_name(bool may_be_null) {
  return with(may_be_null ? or_null("string") : typed("string"), "pattern", file_name_pattern);
}
Json any_value() { return {{"type", {"null", "string", "number", "boolean", "object", "array"}}}; }

/// One of the words, or null.
Json one_of(std::initializer_list<const char*> words) {
  Json list = Json::array();
  for (const auto* word : words) list.push_back(word);
  list.push_back(nullptr);
  return with(or_null("string"), "enum", std::move(list));
}

Json object_of(Json properties) {
  return {
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}
/// The document, unlike the service, does not forbid other members.
Json request_of(Json properties, std::initializer_list<const char*> required, Contract contract) {
  Json schema{{"type", "object"}};
  if (contract == Contract::server) schema["additionalProperties"] = false;
  schema["properties"] = std::move(properties);
  for (const auto* name : required) schema["required"].push_back(name);
  return schema;
}
Json answer_of(Json properties) {
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

Json reference_to(std::string_view resource) {
  return object_of({{"$ref", with(typed("string"), "pattern", reference_pattern(resource))}});
}
Json list_of(Json items) {
  return {{"type", "array"}, {"default", Json::array()}, {"items", std::move(items)}};
}
Json read_only(Json schema) { return with(std::move(schema), "readOnly", true); }

// ---- what is known of a sample

/// Newer than the recorded schema.
Json platforms_of_the_guide() {
  return one_of({"454 sequencing",
                 "454 GS FLX",
                 "454 GS FLX Titanium",
                 "Illumina",
                 "Illumina Genome Analyzer II",
                 "Illumina HiSeq",
                 "Illumina HiSeq 1500",
                 "Illumina HiSeq 2000",
                 "Illumina HiSeq 2500",
                 "Illumina HiSeq 3000",
                 "Illumina HiSeq 4000",
                 "Illumina HiSeq X",
                 "Illumina iSeq 100",
                 "Illumina MiniSeq",
                 "Illumina MiSeq",
                 "Illumina NextSeq",
                 "Illumina NextSeq 500",
                 "Illumina NextSeq 550",
                 "Illumina NovaSeq",
                 "Illumina NovaSeq 5000",
                 "Illumina NovaSeq 6000",
                 "BGISEQ",
                 "BGISEQ 50",
                 "Element",
                 "Element AVITI",
                 "Ion",
                 "Ion S5",
                 "Ion S5 XL",
                 "Ion PGM",
                 "Ion Proton",
                 "Ion Torrent",
                 "Oxford Nanopore",
                 "Oxford Nanopore GridION X5",
                 "Oxford Nanopore MinION",
                 "Oxford Nanopore PromethION",
                 "PacBio",
                 "PacBio RS II",
                 "PacBio Sequel",
                 "PacBio Sequel II System",
                 "PacBio Revio",
                 "PacBio Onso",
                 "SOLiD",
                 "Solexa Genome Analyzer",
                 "Sanger",
                 "Other"});
}
Json platforms_of_the_server() {
  return one_of({"Illumina Genome Analyzer II",
                 "Illumina HiSeq",
                 "Illumina HiSeq 2000",
                 "Illumina HiSeq 2500",
                 "Illumina HiSeq 3000",
                 "Illumina HiSeq 4000",
                 "Illumina HiSeq X",
                 "Illumina iSeq 100",
                 "Illumina MiniSeq",
                 "Illumina MiSeq",
                 "Illumina NextSeq 500",
                 "Illumina NextSeq 550",
                 "Illumina NovaSeq 6000",
                 "PacBio",
                 "PacBio Sequel",
                 "PacBio Sequel II System",
                 "PacBio RS II",
                 "Oxford Nanopore MinION",
                 "Oxford Nanopore GridION X5",
                 "Oxford Nanopore PromethION",
                 "Ion GeneStudio S5",
                 "Ion PGM",
                 "Ion Proton",
                 "Ion Torrent",
                 "SOLiD",
                 "454 sequencing",
                 "Sanger",
                 "Other"});
}

/// One level, of plain values.
Json custom() {
  return {{"type", "object"},
          {"default", Json::object()},
          {"additionalProperties", {{"type", {"null", "number", "string", "boolean"}}}}};
}

Json metadata_properties(Contract contract) {
  return {{"custom", custom()},
          {"date_collected", date()},
          {"date_sequenced", date()},
          {"description", or_null("string")},
          {"external_sample_id", text_of(60)},
          {"library_type", one_of({"WGS", "Targeted/16S", "Other"})},
          {"location_lat", within(90)},
          {"location_lon", within(180)},
          {"location_string", text_of(255)},
          {"name", text_of(255)},
          {"platform",
           contract == Contract::guide ? platforms_of_the_guide() : platforms_of_the_server()},
          {"sample_type", one_of({"Isolate", "Metagenomic", "Other"})},
          {"starred", with(typed("boolean"), "default", false)}};
}

Json metadata(Contract contract) {
  auto schema = object_of(metadata_properties(contract));
  if (contract == Contract::server) schema["type"] = {"object", "null"};
  return schema;
}

Json tags(Contract contract) {
  if (contract == Contract::guide) {
    return list_of({{"type", "object"},
                    {"properties", {{"name", with(typed("string"), "maxLength", 30)}}},
                    {"required", {"name"}}});
  }
  auto tag = object_of({{"name", text_of(30)}});
  tag["type"] = {"object", "null"};
  return list_of(std::move(tag));
}

Json project() { return {{"anyOf", Json::array({reference_to("projects"), text_of(16)})}}; }
Json upload_type() { return {{"type", "string"}, {"default", "standard"}, {"enum", {"standard"}}}; }

/// paired_end_filename is from the document. The recorded schema is older and does not have it, but
/// the service serves clients that send it.
Json sample_properties(Contract contract) {
  return {{"external_sample_id", or_null("string")}, {"filename", file_name(true)},
          {"interleaved", or_null("boolean")},       {"metadata", metadata(contract)},
          {"paired_end_filename", file_name(true)},  {"project", project()},
          {"sample_id", or_null("string")},          {"tags", tags(contract)}};
}

// ---- requests

Json init_sample(Contract contract) {
  const bool guide = contract == Contract::guide;
  auto properties = sample_properties(contract);
  properties["filename"] = file_name(false);
  properties["size"] = at_least_one(guide);
  properties["upload_type"] = upload_type();
  if (guide) return request_of(std::move(properties), {"filename"}, contract);
  return request_of(std::move(properties), {"size", "filename"}, contract);
}

Json preupload(Contract contract) {
  return request_of(
      {{"metadata", metadata(contract)}, {"project", project()}, {"tags", tags(contract)}}, {},
      contract);
}

Json confirm_sample(Contract contract) {
  Json properties{{"sample_id", typed("string")}, {"upload_type", upload_type()}};
  if (contract == Contract::server) {
    properties.update(
        {{"coercions", with(list_of(typed("string")), "type", {"array", "null"})},
         {"file_type", one_of({"FASTA", "FASTQ"})},
         {"md5", or_null("string")},
         {"n_bases", at_least_one(true)},
         {"n_lines", at_least_one(true)},
         {"n_sequences", at_least_one(true)},
         {"s3_key", or_null("string")},
         {"sample_headers", with(list_of(typed("string")), "type", {"array", "null"})},
         {"sample_sequences", with(list_of(typed("string")), "type", {"array", "null"})},
         {"sha256", or_null("string")},
         {"size", at_least_one(true)},
         {"uncompressed_md5", or_null("string")},
         {"uncompressed_sha256", or_null("string")},
         {"uncompressed_size", at_least_one(true)},
         {"validated", or_null("boolean")}});
  }
  return request_of(std::move(properties), {"sample_id"}, contract);
}

Json cancel_sample(Contract contract) {
  return request_of({{"sample_id", typed("string")}}, {"sample_id"}, contract);
}

/// Any name is taken. The document requires nothing in words, but its examples send both.
Json init_document(Contract contract) {
  return request_of({{"filename", typed("string")}, {"size", at_least_one(false)}},
                    {"size", "filename"}, contract);
}

/// The document confirms once by document_id, in Python, and once by sample_id, in its httpie line.
Json confirm_document(Contract contract) {
  if (contract == Contract::server) {
    return request_of({{"document_id", typed("string")}}, {"document_id"}, contract);
  }
  return {{"type", "object"},
          {"properties", {{"document_id", typed("string")}, {"sample_id", typed("string")}}},
          {"anyOf", {{{"required", {"document_id"}}}, {{"required", {"sample_id"}}}}}};
}

Json make_schema(Call call, Contract contract) {
  switch (call) {
    case Call::init_sample:
      return init_sample(contract);
    case Call::init_sample_multipart:
      return request_of(sample_properties(contract), {}, contract);
    case Call::preupload:
      return preupload(contract);
    case Call::confirm_sample:
      return confirm_sample(contract);
    case Call::cancel_sample:
      return cancel_sample(contract);
    case Call::init_document:
      return init_document(contract);
    case Call::confirm_document:
      return confirm_document(contract);
  }
  return {};
}

// ---- resources

struct Links {
  std::string_view resource;
  Json list = Json::array();

  [[nodiscard]] std::string at(std::string_view behind) const {
    return "/api/v1/" + std::string(resource) + std::string(behind);
  }
  void add(const char* rel, const char* method, std::string_view behind,
           const Json& more = Json::object()) {
    Json link{{"href", at(behind)}, {"method", method}, {"rel", rel}};
    link.update(more);
    list.push_back(std::move(link));
  }
  void add_call(const char* rel, Call call, Json answer) {
    add(rel, "POST", "/" + std::string(rel),
        {{"schema", schema_of(call, Contract::server)},
         {"targetSchema", answer_of(std::move(answer))}});
  }
  void add_multipart(Json schema, const Json& more) {
    Json answer{{"callback_url", typed("string")},
                {"file_id", typed("string")},
                {"s3_bucket", typed("string")},
                {"upload_aws_access_key_id", typed("string")},
                {"upload_aws_secret_access_key", typed("string")}};
    answer.update(more);
    Json link{{"targetSchema", answer_of(std::move(answer))}};
    if (!schema.is_null()) link["schema"] = std::move(schema);
    add("init_multipart_upload", "POST", "/init_multipart_upload", link);
  }
  /// The links that each resource has.
  void add_usual() {
    const Json self{{"targetSchema", {{"$ref", "#"}}}};
    const Json pages =
        answer_of({{"page", with(typed("integer"), "minimum", 1)},
                   {"per_page", {{"type", "integer"}, {"minimum", 1}, {"maximum", 1000}}}});
    add("describedBy", "GET", "/schema");
    add("instances", "GET", "",
        {{"schema", pages}, {"targetSchema", {{"type", "array"}, {"items", {{"$ref", "#"}}}}}});
    add("self", "GET", "/{id}", self);
  }
  void add_usual_of_files() {
    add("destroy", "DELETE", "/{id}");
    add("download_uri", "POST", "/{id}/download_uri",
        {{"targetSchema",
          answer_of({{"download_uri", typed("string")}, {"expires_in_hours", typed("integer")}})}});
    add_usual();
  }
};

Json confirmed(const char* name, std::string_view resource) {
  return {
      {name, reference_to(resource)}, {"message", typed("string")}, {"success", typed("boolean")}};
}

Json links_of(std::string_view resource) {
  Links links{resource};
  if (resource == "samples") {
    links.add_call("cancel_upload", Call::cancel_sample,
                   {{"message", typed("string")}, {"success", typed("boolean")}});
    links.add_call("confirm_upload", Call::confirm_sample, confirmed("sample", resource));
    links.add_multipart(
        schema_of(Call::init_sample_multipart, Contract::server),
        {{"paired_end_file_id", or_null("string")}, {"sample_id", typed("string")}});
    links.add_call("init_upload", Call::init_sample,
                   {{"additional_fields", any_value()},
                    {"fallback_options", any_value()},
                    {"paired_end_additional_fields", any_value()},
                    {"paired_end_upload_url", or_null("string")},
                    {"sample_id", typed("string")},
                    {"upload_url", typed("string")}});
    links.add_call("preupload", Call::preupload, {{"sample_id", typed("string")}});
    links.add_usual_of_files();
  } else if (resource == "documents") {
    links.add_call("confirm_upload", Call::confirm_document, confirmed("document", resource));
    links.add_multipart(nullptr, {{"import_as_document", typed("boolean")}});
    links.add_call("init_upload", Call::init_document,
                   {{"additional_fields", any_value()},
                    {"document_id", typed("string")},
                    {"upload_url", typed("string")}});
    links.add_usual_of_files();
  } else if (resource == "account") {
    links.add("describedBy", "GET", "/schema");
    links.add("instances", "GET", "", {{"targetSchema", {{"$ref", "#"}}}});
  } else {
    links.add_usual();
  }
  return std::move(links.list);
}

Json properties_of(std::string_view resource) {
  if (resource == "account") {
    return {
        {"email", typed("string")}, {"user", reference_to("users")}, {"username", typed("string")}};
  }
  Json properties{
      {"$uri", read_only(with(typed("string"), "pattern", reference_pattern(resource)))}};
  if (resource == "samples") {
    properties.update(
        {{"created_at", read_only(with(typed("string"), "format", "date-time"))},
         {"filename", read_only(or_null("string"))},
         {"metadata", read_only(reference_to("metadata"))},
         {"owner", read_only(reference_to("users"))},
         {"primary_classification", read_only(reference_to("classifications"))},
         {"project", reference_to("projects")},
         {"size", read_only(or_null("integer"))},
         {"tags", with(list_of(reference_to("tags")), "type", {"array", "null"})},
         {"visibility", with(typed("string"), "enum",
                             {"public", "shared", "private", "importing", "awaiting data"})}});
  } else if (resource == "documents") {
    properties.update({{"created_at", with(typed("string"), "format", "date-time")},
                       {"description", or_null("string")},
                       {"downloaders", read_only(list_of(reference_to("users")))},
                       {"filename", typed("string")},
                       {"size", typed("integer")},
                       {"uploader", reference_to("users")}});
  } else if (resource == "metadata") {
    properties.update(metadata_properties(Contract::server));
    properties["sample"] = reference_to("samples");
  } else if (resource == "tags") {
    properties["name"] = typed("string");
  } else if (resource == "users") {
    properties.update({{"email", typed("string")}, {"username", typed("string")}});
  } else if (resource == "projects") {
    properties.update({{"name", typed("string")}, {"project_name", or_null("string")}});
  }
  return properties;
}

constexpr std::array<std::string_view, 14> resources{
    "account",  "alignments", "analyses", "classifications", "controls", "documents", "jobs",
    "metadata", "panels",     "projects", "reports",         "samples",  "tags",      "users"};

Json schema_of_resource(std::string_view resource) {
  return {{"$schema", draft},
          {"links", links_of(resource)},
          {"properties", properties_of(resource)},
          {"type", "object"}};
}

Json document_with(Json properties) {
  return {{"$schema", draft},
          {"description", "Uploads to One Codex, against a mock server of it."},
          {"properties", std::move(properties)},
          {"title", "One Codex API (v1)"},
          {"version_info", {{"api_version", "v1"}, {"cli_version", "0.5.5"}}}};
}

}  // namespace

const Json& schema_of(Call call, Contract contract) {
  using Key = std::pair<Call, Contract>;
  static const auto all = [] {
    std::map<Key, Json> made;
    for (const auto one :
         {Call::init_sample, Call::init_sample_multipart, Call::preupload, Call::confirm_sample,
          Call::cancel_sample, Call::init_document, Call::confirm_document}) {
      for (const auto held : {Contract::server, Contract::guide}) {
        made.emplace(Key{one, held}, make_schema(one, held));
      }
    }
    return made;
  }();
  return all.at({call, contract});
}

const std::string& schema_document() {
  static const auto text = [] {
    Json properties;
    for (const auto resource : resources) {
      properties[std::string(resource)] = {
          {"$ref", "/api/v1/" + std::string(resource) + "/schema#"}};
    }
    return json::dump_plain(document_with(std::move(properties)));
  }();
  return text;
}

const std::string& expanded_schema_document() {
  static const auto text = [] {
    Json properties;
    for (const auto resource : resources) {
      properties[std::string(resource)] = schema_of_resource(resource);
    }
    return json::dump_plain(document_with(std::move(properties)));
  }();
  return text;
}

const std::string* schema_document(std::string_view resource) {
  static const auto all = [] {
    std::map<std::string, std::string, std::less<>> made;
    for (const auto one : resources) made.emplace(one, json::dump_plain(schema_of_resource(one)));
    return made;
  }();
  const auto found = all.find(resource);
  return found == all.end() ? nullptr : &found->second;
}

std::string reference(std::string_view resource, std::string_view id) {
  std::string path = "/api/v1/";
  return path.append(resource).append("/").append(id);
}

std::string reference_pattern(std::string_view resource) {
  std::string pattern = "^/api/v1/";
  return pattern.append(resource).append(one_segment);
}

std::string_view id_of_reference(std::string_view pattern, std::string_view text) {
  if (!pattern.starts_with('^') || !pattern.ends_with(one_segment)) return {};
  const auto before = pattern.substr(1, pattern.size() - 1 - one_segment.size());
  if (!text.starts_with(before)) return {};
  text.remove_prefix(before.size());
  if (!text.starts_with('/')) return {};
  text.remove_prefix(1);
  return text.find('/') == std::string_view::npos ? text : std::string_view{};
}

}  // namespace onecodex
