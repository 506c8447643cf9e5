#include "protocol/onecodex/answers.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/digest.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/json/object_text.hpp"
#include "protocol/onecodex/schema.hpp"

namespace onecodex {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view status_field = "success_action_status";
/// The longest answer that is read as ordered JSON, whose time grows with the square of the
/// members.
constexpr std::size_t longest_ordered = 64U << 10U;

const char* id_name(Kind kind) { return kind == Kind::sample ? "sample_id" : "document_id"; }
const char* name_of(Kind kind) { return kind == Kind::sample ? "sample" : "document"; }

Json reference_to(std::string_view resource, std::string_view id) {
  return {{"$ref", reference(resource, id)}};
}
template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// ---- forms

std::string json_of(const http::Form& form) {
  json::ObjectText fields;
  for (const auto& [name, value] : form) {
    int status = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), status);
    const bool number =
        name == status_field && read.ec == std::errc{} && std::to_string(status) == value;
    number ? fields.json(name, value) : fields.text(name, value);
  }
  return std::move(fields).finish();
}

/// Reads the fields in the order of the text, which counts in a form.
http::Form form_of(const json::Cursor& at, const Json& ordered) {
  http::Form form;
  for (const auto& [name, value] : ordered.items()) {
    const auto member = at.at(name);
    if (value.is_number_integer()) {
      form.emplace_back(name, std::to_string(member.integer()));
    } else {
      form.emplace_back(name, member.string());
    }
  }
  return form;
}

UploadForm read_form(const json::Cursor& root, const Json& ordered, const std::string& before) {
  const auto fields = before + "additional_fields";
  const auto at = root.at(fields);
  static_cast<void>(at.members());
  return {root.at(before + "upload_url").string(), form_of(at, ordered.at(fields))};
}

bool has(const json::Cursor& root, std::string_view name) {
  const auto member = root.find(name);
  return member && !member->is_null();
}

std::optional<std::string> optional_text(const json::Cursor& root, std::string_view name) {
  if (!has(root, name)) return std::nullopt;
  return root.at(name).string();
}

std::string id_of(const json::Cursor& at, std::string_view resource) {
  return std::string(id_of_reference(reference_pattern(resource), at.string()));
}

// ---- resources

Json user_of(std::string_view id) {
  const auto name = "user_" + std::string(id);
  return {{"$uri", reference("users", id)}, {"email", name + "@example.org"}, {"username", name}};
}
Json tag_of(std::string_view name) {
  return {{"$uri", reference("tags", tag_id(name))}, {"name", name}};
}

/// Members that the client did not give are null.
Json metadata_of(const Sample& sample) {
  Json metadata{{"$uri", reference("metadata", sample.id)}, {"custom", Json::object()}};
  for (const auto* name :
       {"date_collected", "date_sequenced", "description", "external_sample_id", "library_type",
        "location_lat", "location_lon", "location_string", "name", "platform", "sample_type"}) {
    metadata[name] = nullptr;
  }
  metadata["starred"] = false;
  // Not as ordered JSON, which takes a time that grows with the square of a client's own members.
  const auto said = nlohmann::json::parse(sample.metadata, nullptr, false);
  if (said.is_object()) {
    for (const auto& [name, value] : said.items()) metadata[name] = value;
  }
  metadata["sample"] = reference_to("samples", sample.id);
  return metadata;
}

/// Newer clients ask for `status`; the recorded ones use visibility.
std::string_view status_of(std::string_view visibility) {
  return visibility == "importing" || visibility == "awaiting data" ? visibility : "available";
}

Json json_of(const Sample& sample, bool expanded) {
  Json tags = Json::array();
  for (const auto& name : sample.tags) {
    tags.push_back(expanded ? tag_of(name) : reference_to("tags", tag_id(name)));
  }
  return {{"$uri", reference("samples", sample.id)},
          {"created_at", sample.created_at},
          {"error_msg", nullptr},
          {"filename", or_null(sample.filename)},
          {"metadata", expanded ? metadata_of(sample) : reference_to("metadata", sample.id)},
          {"owner", expanded ? user_of(sample.owner) : reference_to("users", sample.owner)},
          {"primary_classification", nullptr},
          {"project", sample.project ? reference_to("projects", *sample.project) : Json(nullptr)},
          {"size", or_null(sample.size)},
          {"status", status_of(sample.visibility)},
          {"tags", std::move(tags)},
          {"visibility", sample.visibility}};
}

Json json_of(const Document& document) {
  return {{"$uri", reference("documents", document.id)},
          {"created_at", document.created_at},
          {"description", nullptr},
          {"downloaders", Json::array()},
          {"filename", document.filename},
          {"size", or_null(document.size)},
          {"uploader", reference_to("users", document.uploader)},
          {"valid_until", nullptr}};
}

}  // namespace

std::string_view resource_of(Kind kind) { return kind == Kind::sample ? "samples" : "documents"; }

// ---- errors

std::string to_json(const Problem& problem) {
  return json::dump_plain(Json{{"message", problem.message}, {"status", problem.status}});
}

std::string to_json(const Breach& breach) {
  Json body{{"message", breach.text}, {"status", 400}};
  if (!breach.keyword.empty()) {
    Json error{{"path", breach.path}};
    error["validationOf"][breach.keyword] = Json::parse(breach.demanded, nullptr, false);
    body["errors"].push_back(std::move(error));
  }
  return json::dump_plain(body);
}

std::string unknown_item_body(std::string_view resource, std::string_view id) {
  return json::dump_plain(Json{{"item", {{"$id", id}, {"$type", resource}}},
                               {"message", "Not Found: there is none of this id"},
                               {"status", 404}});
}

Result<Problem> parse_problem(std::string_view text) {
  return json::decode(text, "error body", [](const json::Cursor& root) {
    Problem problem{0, root.at("message").string()};
    if (has(root, "status")) problem.status = static_cast<int>(root.at("status").integer() % 1000);
    return problem;
  });
}

// ---- uploads

std::string to_json(const Initiated& initiated) {
  json::ObjectText body;
  body.json("additional_fields", json_of(initiated.file.fields));
  if (initiated.paired_end) {
    body.json("paired_end_additional_fields", json_of(initiated.paired_end->fields));
    body.text("paired_end_upload_url", initiated.paired_end->url);
  }
  body.text(id_name(initiated.kind), initiated.id).text("upload_url", initiated.file.url);
  return std::move(body).finish();
}

Result<Initiated> parse_initiated(std::string_view text, Kind kind) {
  // The form is signed: whoever reads it could store a file of their own.
  return json::decode(
      text, "init_upload answer",
      [&](const json::Cursor& root) {
        if (text.size() > longest_ordered) root.fail("is longer than a form can be");
        const auto ordered = Json::parse(text, nullptr, false);
        Initiated initiated{
            kind, root.at(id_name(kind)).string(), read_form(root, ordered, ""), {}};
        if (has(root, "paired_end_upload_url")) {
          initiated.paired_end = read_form(root, ordered, "paired_end_");
        }
        return initiated;
      },
      json::Content::secret);
}

std::string to_json(const MultipartInitiated& initiated) {
  Json body{{"callback_url", initiated.callback_url},
            {"file_id", initiated.file_id},
            {"s3_bucket", initiated.bucket},
            {"upload_aws_access_key_id", initiated.access_key},
            {"upload_aws_secret_access_key", initiated.secret}};
  if (initiated.kind == Kind::sample) {
    body["paired_end_file_id"] = or_null(initiated.paired_end_file_id);
    if (initiated.sample_id) body["sample_id"] = *initiated.sample_id;
  } else {
    body["import_as_document"] = true;
  }
  return json::dump_plain(body);
}

Result<MultipartInitiated> parse_multipart_initiated(std::string_view text, Kind kind) {
  return json::decode(
      text, "init_multipart_upload answer",
      [&](const json::Cursor& root) {
        MultipartInitiated initiated{kind,
                                     root.at("callback_url").string(),
                                     root.at("s3_bucket").string(),
                                     root.at("file_id").string(),
                                     std::nullopt,
                                     root.at("upload_aws_access_key_id").string(),
                                     root.at("upload_aws_secret_access_key").string(),
                                     std::nullopt};
        if (kind == Kind::sample) {
          initiated.paired_end_file_id = optional_text(root, "paired_end_file_id");
          initiated.sample_id = optional_text(root, "sample_id");
        }
        return initiated;
      },
      json::Content::secret);
}

std::string id_body(Kind kind, std::string_view id) {
  return json::dump_plain(Json{{id_name(kind), id}});
}

Result<std::string> parse_id(std::string_view text, Kind kind) {
  return json::decode(text, "answer",
                      [&](const json::Cursor& root) { return root.at(id_name(kind)).string(); });
}

std::string to_json(const Confirmed& confirmed) {
  json::ObjectText what;
  what.text("$ref", reference(resource_of(confirmed.kind), confirmed.id));
  json::ObjectText body;
  body.text("message", confirmed.message)
      .json(name_of(confirmed.kind), std::move(what).finish())
      .boolean("success", confirmed.success);
  return std::move(body).finish();
}

Result<Confirmed> parse_confirmed(std::string_view text, Kind kind) {
  return json::decode(text, "confirm_upload answer", [&](const json::Cursor& root) {
    const auto at = root.at(name_of(kind)).at("$ref");
    Confirmed confirmed{kind, root.at("success").boolean(),
                        optional_text(root, "message").value_or(""), id_of(at, resource_of(kind))};
    if (confirmed.id.empty())
      at.fail("expected a reference to one of " + std::string(resource_of(kind)));
    return confirmed;
  });
}

std::string cancelled_body() {
  return json::dump_plain(Json{{"message", upload_cancelled}, {"success", true}});
}

// ---- resources

std::string to_json(const Sample& sample, bool expanded) {
  return json::dump_plain(json_of(sample, expanded));
}

std::string to_json(const Document& document) { return json::dump_plain(json_of(document)); }

std::string to_json(const std::vector<Sample>& samples, bool expanded) {
  Json list = Json::array();
  for (const auto& sample : samples) list.push_back(json_of(sample, expanded));
  return json::dump_plain(list);
}

std::string to_json(const std::vector<Document>& documents) {
  Json list = Json::array();
  for (const auto& document : documents) list.push_back(json_of(document));
  return json::dump_plain(list);
}

Result<Sample> parse_sample(std::string_view text) {
  return json::decode(text, "sample", [](const json::Cursor& root) {
    Sample sample;
    const auto uri = root.at("$uri");
    sample.id = id_of(uri, "samples");
    if (sample.id.empty()) uri.fail("expected /api/v1/samples/ and an id");
    sample.visibility = root.at("visibility").string();
    sample.created_at = optional_text(root, "created_at").value_or("");
    sample.filename = optional_text(root, "filename");
    if (has(root, "size")) sample.size = root.at("size").unsigned_integer();
    return sample;
  });
}

std::string metadata_body(const Sample& sample) { return json::dump_plain(metadata_of(sample)); }

std::string tag_id(std::string_view name) {
  Digest digest(DigestAlgorithm::sha256);
  digest.update(name);
  return to_hex(digest.finish()).substr(0, 16);
}

std::string tag_body(std::string_view name) { return json::dump_plain(tag_of(name)); }
std::string user_body(std::string_view id) { return json::dump_plain(user_of(id)); }

std::string account_body(std::string_view user) {
  auto body = user_of(user);
  body.erase("$uri");
  body["user"] = reference_to("users", user);
  return json::dump_plain(body);
}

std::string project_body(std::string_view id, std::string_view owner) {
  return json::dump_plain(Json{{"$uri", reference("projects", id)},
                               {"description", nullptr},
                               {"name", id},
                               {"owner", reference_to("users", owner)},
                               {"permissions", {"can_see_files", "can_add_files"}},
                               {"project_name", nullptr},
                               {"public", false}});
}

std::string to_json(const Download& download) {
  return json::dump_plain(
      Json{{"download_uri", download.url}, {"expires_in_hours", download.hours}});
}

Result<Download> parse_download(std::string_view text) {
  return json::decode(
      text, "download_uri answer",
      [](const json::Cursor& root) {
        Download download{root.at("download_uri").string(), 0};
        if (has(root, "expires_in_hours")) {
          download.hours = root.at("expires_in_hours").unsigned_integer();
        }
        return download;
      },
      json::Content::secret);
}

}  // namespace onecodex
