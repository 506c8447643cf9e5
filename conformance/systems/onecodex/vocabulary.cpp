#include "onecodex/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "protocol/http/date.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/signature_v4.hpp"
#include "transport/url.hpp"
#include "words/waiting.hpp"

namespace conformance::suites::oc {
namespace {

/// Occurs in no file or field that a check sends.
constexpr std::string_view boundary = "dex-conformance-7MA4YWxkTrZu0gW";
constexpr std::chrono::seconds signed_for{900};

/// The URL of a bucket in the storage that the forms of init_upload go to: their URL, with this
/// bucket in place of theirs, in the path or in the host. Empty when it cannot be told.
std::string address_of(Context& c, const std::string& bucket) {
  const auto form = begin(c).file;
  const auto policy = s3::parse_policy(field(form, "policy"));
  if (!policy) return {};
  const auto own = std::ranges::find(policy->conditions, "bucket", &s3::Condition::field);
  if (own == policy->conditions.end()) return {};
  auto url = form.url;
  while (url.ends_with('/')) url.pop_back();
  const auto at_end = url.size() - std::min(url.size(), own->value.size());
  if (url.ends_with("/" + own->value)) return url.replace(at_end, std::string::npos, bucket);
  const auto host = url.find("://") + 3;
  if (!url.substr(host).starts_with(own->value + ".")) return {};
  return url.replace(host, own->value.size(), bucket);
}

}  // namespace

const OneCodexTarget& target(const Context& c) {
  return dynamic_cast<const OneCodexTarget&>(c.target());
}

bool by_guide(const Context& c) { return target(c).contract == onecodex::Contract::guide; }

// ---- requests ----------------------------------------------------------------------------------

Request json_request(const Context& c, const std::string& call, const std::string& json) {
  Request request;
  request.method = "POST";
  request.url = target(c).url_of(call);
  request.headers.add("Content-Type", "application/json");
  request.body = json;
  return request;
}

Response post(Context& c, const std::string& call, const std::string& json) {
  return c.send(json_request(c, call, json));
}

Response get(Context& c, const std::string& call) { return c.get(target(c).url_of(call)); }

Response init(Context& c, const std::string& more) {
  auto response =
      post(c, "samples/init_upload",
           R"({"filename": "a.fa", "size": 5)" + (more.empty() ? "" : ", " + more) + "}");
  static_cast<void>(read_initiated(c, response));
  return response;
}

Response as_other(Context& c, Request request) {
  const auto& key = target(c).other_key;
  if (key.empty()) throw Stop{not_offered("the run has no second user (--other-token-env)")};
  target(c).presentation().put(key, request.headers, request.url);
  auto seen = c.exchange_anonymously(std::move(request));
  if (!seen.response) stop_unanswered("a request of another user", seen);
  return std::move(*seen.response);
}

std::string message_of(const Response& response) {
  return text_at(json_of(response), "/message").value_or("");
}

bool is_problem(const Response& response, int status) {
  return response.status == status && !message_of(response).empty();
}

std::string told(const Response& response) {
  const auto document = json_of(response);
  if (is_2xx(response)) return code(response) + " " + members_of(document);
  if (document.is_object() && document.empty()) return code(response) + " {}";
  const auto message = message_of(response);
  if (message.empty()) return code(response) + ", no message";
  return fmt::format("{} '{}'", code(response), message.substr(0, 100));
}

void need_init(Context& c) { static_cast<void>(begin(c)); }

// ---- uploads -----------------------------------------------------------------------------------

std::optional<Initiated> read_initiated(Context& c, const Response& response, Kind kind) {
  if (response.status != 200) return std::nullopt;
  auto initiated = onecodex::parse_initiated(response.body, kind);
  if (!initiated || initiated->id.empty()) return std::nullopt;
  c.created(target(c).url_of(
      fmt::format("{}/{}", onecodex::resource_of(kind), http::percent_encode(initiated->id))));
  return *std::move(initiated);
}

Initiated begin(Context& c, const std::string& more, std::size_t size) {
  const auto response = post(c, "samples/init_upload",
                             fmt::format(R"({{"filename": "a.fa", "size": {}{}{}}})", size,
                                         more.empty() ? "" : ", ", more));
  auto initiated = read_initiated(c, response);
  if (!initiated) {
    stop_blocked("init_upload: 200 {additional_fields, sample_id, upload_url}", told(response));
  }
  return *std::move(initiated);
}

Initiated begin_document(Context& c, const std::string& filename) {
  const auto response =
      post(c, "documents/init_upload", onecodex::to_json(onecodex::DocumentDraft{filename, 5}));
  auto initiated = read_initiated(c, response, Kind::document);
  if (!initiated) {
    stop_blocked("init_upload: 200 {additional_fields, document_id, upload_url}", told(response));
  }
  return *std::move(initiated);
}

Response send_file(Context& c, const UploadForm& form, const std::string& bytes,
                   const std::string& filename) {
  const auto written = http::write_form(form.fields, {"file", filename, "text/plain"}, boundary);
  Request request;
  request.method = "POST";
  request.url = form.url;
  request.headers.add("Content-Type", written.content_type);
  request.body = written.head + bytes + written.tail;
  auto seen = c.exchange_anonymously(std::move(request));
  if (!seen.response) stop_unanswered("POST of a file", seen);
  return std::move(*seen.response);
}

void store(Context& c, const UploadForm& form, const std::string& bytes) {
  taken(send_file(c, form, bytes), "the form and the bytes of a file");
}

UploadForm with(UploadForm form, std::string_view field, const std::string& value) {
  for (auto& [name, old] : form.fields) {
    if (name == field) old = value;
  }
  return form;
}

std::string field(const UploadForm& form, std::string_view name) {
  return std::string{http::find(form.fields, name).value_or("")};
}

void outlive(Context& c, const Response& response, const UploadForm& form) {
  const auto policy = s3::parse_policy(field(form, "policy"));
  if (!policy) throw Stop{not_offered("the policy does not tell until when the form is good")};
  const auto date = http::parse_imf_fixdate(value_of(response, "Date"));
  const auto now = date.value_or(std::chrono::system_clock::now());
  suites::outlive(c, std::chrono::ceil<std::chrono::seconds>(policy->expires - now), "a form");
}

Response confirm(Context& c, const std::string& id) {
  return post(c, "samples/confirm_upload",
              onecodex::to_json(onecodex::Confirmation{id}, onecodex::Call::confirm_sample));
}

Response cancel(Context& c, const std::string& id) {
  return post(c, "samples/cancel_upload",
              onecodex::to_json(onecodex::Confirmation{id}, onecodex::Call::cancel_sample));
}

bool is_confirmed(const Response& response, Kind kind, const std::string& id) {
  if (response.status != 200) return false;
  const auto confirmed = onecodex::parse_confirmed(response.body, kind);
  return confirmed && confirmed->success && confirmed->id == id;
}

std::string make_sample(Context& c, const std::string& bytes) {
  const auto begun = begin(c, {}, bytes.size());
  store(c, begun.file, bytes);
  const auto confirmed = confirm(c, begun.id);
  if (!is_confirmed(confirmed, Kind::sample, begun.id)) {
    stop_blocked("confirm_upload after the POST: 200", told(confirmed));
  }
  return begun.id;
}

Json sample(Context& c, const std::string& id) {
  const auto response = get(c, "samples/" + http::percent_encode(id));
  auto document = json_of(response);
  if (response.status != 200 || !document.is_object()) {
    stop_blocked("GET of a sample: 200", told(response));
  }
  return document;
}

// ---- with credentials for the storage ----------------------------------------------------------

std::optional<MultipartInitiated> read_multipart(Context& c, const Response& response, Kind kind) {
  if (response.status != 200) return std::nullopt;
  auto begun = onecodex::parse_multipart_initiated(response.body, kind);
  if (!begun) return std::nullopt;
  if (begun->sample_id) c.created(target(c).url_of("samples/" + *begun->sample_id));
  return *std::move(begun);
}

MultipartInitiated begin_in_parts(Context& c, const std::string& members) {
  const auto response = post(c, "samples/init_multipart_upload", "{" + members + "}");
  auto begun = read_multipart(c, response);
  if (!begun) {
    stop_blocked("init_multipart_upload: 200 {callback_url, file_id, s3_bucket, ...}",
                 told(response));
  }
  return *std::move(begun);
}

void put(Context& c, const MultipartInitiated& begun, const std::string& file_id,
         const std::string& bytes) {
  const auto bucket = transport::parse_url(address_of(c, begun.bucket));
  if (!bucket) {
    throw Stop{not_offered("where the storage is, the form of init_upload does not tell")};
  }
  const bool by_host = bucket->host.starts_with(begun.bucket + ".");
  const auto mount = bucket->target == "/" ? "" : bucket->target;
  const auto path = mount + "/" + s3::encode_path(file_id);
  const Fields host{{"Host", bucket->authority}};
  const s3::Request to_sign{"PUT", path, host, by_host ? std::string_view{begun.bucket} : ""};
  Request request;
  request.method = "PUT";
  request.url = bucket->origin() + s3::presign_v4(to_sign, {begun.access_key, begun.secret},
                                                  std::chrono::system_clock::now(), signed_for);
  request.body = bytes;
  auto seen = c.exchange_anonymously(std::move(request));
  if (!seen.response) stop_unanswered("PUT of a file", seen);
  taken(*seen.response, "the bytes of a file");
}

Response call_back(Context& c, const MultipartInitiated& begun) {
  auto request = json_request(
      c, "", onecodex::to_json(onecodex::Callback{begun.bucket, begun.file_id, "a.fq"}));
  const auto& api = target(c).url;
  request.url = api.substr(0, api.size() - std::string_view("/api/v1").size()) + begun.callback_url;
  return c.send(std::move(request));
}

}  // namespace conformance::suites::oc
