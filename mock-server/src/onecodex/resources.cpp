// What there is to look at: samples and documents, and what samples refer to.
#include <algorithm>
#include <charconv>
#include <chrono>

#include "objects/replies.hpp"
#include "onecodex/api.hpp"
#include "onecodex/routes.hpp"
#include "onecodex/words.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "protocol/onecodex/schema.hpp"
#include "protocol/s3/request.hpp"

namespace mock {
namespace {

using onecodex::Kind;
using State = FileUpload::State;
namespace words = onecodex_words;

constexpr std::string_view root = "/api/v1/";
constexpr std::chrono::hours download_lifetime{24};
constexpr std::size_t usual_page = 20;
constexpr std::size_t longest_page = 1'000;

/// Of the path behind the root, decoded; what cannot be decoded names nothing.
std::vector<std::string> segments_of(const Request& request) {
  std::string_view path = request.path;
  path.remove_prefix(std::min(root.size(), path.size()));
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
    segments.push_back(::http::percent_decode(segment).value_or(""));
  }
  return segments;
}

std::string parameter(const Request& request, std::string_view name) {
  const auto form = ::http::parse_form(request.query).value_or(::http::Form{});
  return std::string(::http::find(form, name).value_or(""));
}

bool is_read(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

bool is_expanded(const Request& request) { return parameter(request, "expand") == "all"; }

/// From 1 to `most`; nullopt: neither that nor empty.
std::optional<std::size_t> number(const std::string& text, std::size_t usual, std::size_t most) {
  if (text.empty()) return usual;
  std::size_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value < 1 || value > most) return std::nullopt;
  return value;
}

std::string time_of(TimePoint time) {
  return ::http::format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace

Reply OneCodexApi::schema(const Call& call) {
  if (!is_read(call.request)) return words::method_not_allowed(call.request, "GET, HEAD");
  const auto segments = segments_of(call.request);
  if (segments.size() == 2) return json_reply(200, *onecodex::schema_document(segments.front()));
  return json_reply(200, is_expanded(call.request) ? onecodex::expanded_schema_document()
                                                   : onecodex::schema_document());
}

Reply OneCodexApi::resource(const Call& call) {
  const auto segments = segments_of(call.request);
  const auto& name = segments.empty() ? std::string() : segments.front();
  const auto* const known = onecodex::schema_document(name);
  if (known == nullptr || segments.size() > 3) {
    return words::problem(404, "Not Found: there is no such endpoint");
  }
  const bool is_sample = name == "samples";
  const bool is_upload = is_sample || name == "documents";
  const auto kind = is_sample ? Kind::sample : Kind::document;
  if (segments.size() == 3) {
    if (!is_upload || segments[2] != "download_uri") {
      return words::problem(404, "Not Found: there is no such endpoint");
    }
    return download(call, kind, segments[1]);
  }
  if (is_upload && segments.size() == 2) return upload(call, kind, segments[1]);
  if (!is_read(call.request)) return words::method_not_allowed(call.request, "GET, HEAD");
  if (segments.size() == 1) return is_upload ? list_uploads(call, kind) : list(call, name);
  return segments[1] == "schema" ? json_reply(200, *known) : item(call, name, segments[1]);
}

// ---- samples and documents

Reply OneCodexApi::list_uploads(const Call& call, Kind kind) {
  const auto where = parameter(call.request, "where");
  if (!where.empty() && where != "{}") return words::problem(400, "where: is not served here");
  const auto page = number(parameter(call.request, "page"), 1, 1U << 30U);
  const auto per_page = number(parameter(call.request, "per_page"), usual_page, longest_page);
  if (!page || !per_page) {
    return words::problem(400, "page, per_page: must be numbers from 1, per_page up to 1000");
  }
  const auto found = uploads_.list(call.store, [&](const FileUpload& record) {
    return record.kind == kind && record.owner == call.user;
  });
  if (!found) return words::trouble(found.error());
  std::vector<onecodex::Sample> samples;
  std::vector<onecodex::Document> documents;
  for (std::size_t i = (*page - 1) * *per_page; i < std::min(*page * *per_page, found->size());
       ++i) {
    const auto& upload = (*found)[i];
    if (kind == Kind::sample) {
      samples.push_back(shown_sample(upload));
    } else {
      documents.push_back(shown_document(upload));
    }
  }
  auto reply = json_reply(
      200, kind == Kind::sample ? to_json(samples, is_expanded(call.request)) : to_json(documents));
  reply.fields.set("X-Total-Count", std::to_string(found->size()));
  return reply;
}

Reply OneCodexApi::upload(const Call& call, Kind kind, const std::string& id) {
  const auto found = own(call, kind, id);
  if (!found) return found.error();
  if (call.request.method == "DELETE") {
    if (const auto removed = uploads_.remove(call.store, id); !removed) {
      return words::trouble(removed.error());
    }
    Reply reply;
    reply.status = 204;
    return reply;
  }
  if (!is_read(call.request)) return words::method_not_allowed(call.request, "GET, HEAD, DELETE");
  return json_reply(200, kind == Kind::sample
                             ? to_json(shown_sample(*found), is_expanded(call.request))
                             : to_json(shown_document(*found)));
}

Reply OneCodexApi::download(const Call& call, Kind kind, const std::string& id) {
  if (call.request.method != "POST") return words::method_not_allowed(call.request, "POST");
  const auto found = own(call, kind, id);
  if (!found) return found.error();
  const auto& record = *found->record;
  if (record.state != State::confirmed) {
    return words::problem(400, "The file has not been uploaded");
  }
  const auto object = uploads_.object_of(call.store, record, record.file_id);
  if (!object) return words::trouble(object.error());
  const auto target =
      call.request.mount + "/" + options_.bucket + "/" + s3::encode_path(object->key);
  const ::http::Fields none;
  const auto path =
      s3::presign_v2({"GET", target, none}, options_.credentials, loop_.now() + download_lifetime);
  // Both begin with the lane's prefix.
  auto url = bucket_url(call.request, options_.bucket);
  url.resize(url.size() - options_.bucket.size() - 1 - call.request.mount.size());
  return json_reply(200, to_json(onecodex::Download{
                             url + path, static_cast<std::uint64_t>(download_lifetime.count())}));
}

onecodex::Sample OneCodexApi::shown_sample(const StoredUpload& upload) const {
  const auto& record = *upload.record;
  onecodex::Sample sample;
  sample.id = record.id;
  sample.created_at = time_of(upload.created);
  sample.filename = record.filename;
  sample.metadata = record.metadata;
  sample.owner = record.owner;
  sample.project = record.project;
  sample.tags = record.tags;
  sample.visibility = "awaiting data";
  if (record.state == State::confirmed) {
    sample.size = record.size;
    const bool imported = loop_.now() >= record.confirmed + options_.import_time;
    sample.visibility = imported ? "private" : "importing";
  }
  return sample;
}

onecodex::Document OneCodexApi::shown_document(const StoredUpload& upload) {
  const auto& record = *upload.record;
  onecodex::Document document{record.id, time_of(upload.created), record.filename.value_or(""),
                              record.owner};
  if (record.state == State::confirmed) document.size = record.size;
  return document;
}

// ---- the others

/// Of these there are none but what samples refer to.
Reply OneCodexApi::list(const Call& call, std::string_view name) {
  if (name == "account") return json_reply(200, onecodex::account_body(call.user));
  if (name == "users") return json_reply(200, "[" + onecodex::user_body(call.user) + "]");
  if (name == "projects") {
    return json_reply(200, "[" + onecodex::project_body(options_.project, call.user) + "]");
  }
  return json_reply(200, "[]");
}

Reply OneCodexApi::item(const Call& call, std::string_view name, const std::string& id) {
  if (name == "metadata") return metadata(call, id);
  if (name == "tags") return tag(call, id);
  if (name == "users" && id == call.user) return json_reply(200, onecodex::user_body(id));
  if (name == "projects" && id == options_.project) {
    return json_reply(200, onecodex::project_body(id, call.user));
  }
  return words::unknown_item(name, id);
}

Reply OneCodexApi::metadata(const Call& call, const std::string& id) {
  const auto found = own(call, Kind::sample, id);
  if (!found) return words::unknown_item("metadata", id);
  return json_reply(200, onecodex::metadata_body(shown_sample(*found)));
}

Reply OneCodexApi::tag(const Call& call, const std::string& id) {
  std::string name;
  bool known = false;
  const auto found = uploads_.list(call.store, [&](const FileUpload& record) {
    if (record.owner != call.user) return false;
    const auto tagged = std::ranges::find(record.tags, id, onecodex::tag_id);
    if (tagged == record.tags.end()) return false;
    name = *tagged;
    known = true;
    return false;
  });
  if (!found) return words::trouble(found.error());
  return known ? json_reply(200, onecodex::tag_body(name)) : words::unknown_item("tags", id);
}

}  // namespace mock
