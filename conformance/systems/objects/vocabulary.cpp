#include "objects/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/request.hpp"
#include "protocol/s3/time.hpp"
#include "transport/url.hpp"

namespace conformance::suites::obj {
namespace {

/// More than any check stores.
constexpr Bytes longest_object{16UL << 20U};

transport::Url parts_of(const std::string& url) {
  return transport::parse_url(url).value_or(transport::Url{});
}

std::string with_query(const std::string& url, const std::string& query) {
  return query.empty() ? url : url + '?' + query;
}

Fields with_host(const std::string& url, const Fields& fields) {
  Fields all{{"Host", parts_of(url).authority}};
  for (const auto& [name, value] : fields) all.add(name, value);
  return all;
}

/// The sizes that a policy allows; nullopt: it cannot be read, or has no such condition.
std::optional<s3::SizeRange> size_in(std::string_view policy) {
  const auto parsed = s3::parse_policy(policy);
  if (!parsed) return std::nullopt;
  for (const auto& condition : parsed->conditions) {
    if (condition.kind == s3::Condition::Kind::size) return condition.size;
  }
  return std::nullopt;
}

/// Waits until no other check stores the object that was handed out.
Place handed_out_place(const Context& c) {
  auto turn = std::make_shared<ObjectsTarget::Turn>(target(c).turn(c.time_left()));
  if (!turn->owns_lock()) {
    throw Stop{Outcome{Outcome::Kind::error, {}, "the check's time was up (--case-timeout)"}};
  }
  const auto& handed_out = target(c).handed_out;
  return {handed_out.put_url, handed_out.get_url, std::move(turn)};
}

}  // namespace

// ---- the target --------------------------------------------------------------------------------

const ObjectsTarget& target(const Context& c) {
  return dynamic_cast<const ObjectsTarget&>(c.target());
}

const s3::Credentials& access_key(const Context& c) {
  const auto& key = target(c).key;
  if (!key) throw Stop{not_offered("the run has no access key (--access-key-env)")};
  return *key;
}

std::string_view name_of(Version version) {
  return version == Version::v2 ? "version 2" : "version 4";
}

void need(const Context& c, Version version) {
  static_cast<void>(access_key(c));
  const bool takes = version == Version::v2 ? target(c).takes_v2 : target(c).takes_v4;
  if (takes) return;
  throw Stop{not_offered(fmt::format("the store takes no signature of {}", name_of(version)))};
}

std::string new_key(Context& c, std::string_view name) {
  return fmt::format("dex-conformance/{}/{:016x}/{}", target(c).run_id(), c.random()(), name);
}

http::TimePoint now() { return std::chrono::system_clock::now(); }

// ---- refusals ----------------------------------------------------------------------------------

std::string error_code(const Response& response) {
  const auto body = s3::parse_error_body(response.body);
  return body ? body->code.substr(0, 60) : "";
}

std::string detail(const Response& response, std::string_view name) {
  const auto body = s3::parse_error_body(response.body);
  return body ? std::string{body->detail(name).value_or("")} : "";
}

std::string told(const Response& response) {
  if (response.status < 400) return code(response);
  const auto error = error_code(response);
  return code(response) + " " + (error.empty() ? "without a Code of S3" : error);
}

bool refuses(const Response& response, int status, std::string_view error) {
  return response.status == status && error_code(response) == error;
}

Outcome expect_refusal(const Response& response, int status, std::string_view error) {
  if (refuses(response, status, error)) return holds(told(response));
  return broken(fmt::format("{} {}", status, error), told(response));
}

// ---- objects -----------------------------------------------------------------------------------

std::string presigned(const Context& c, Version version, const std::string& object,
                      const Wish& wish) {
  const auto& key = access_key(c);
  const auto url = with_query(target(c).object_url(object), wish.query);
  const auto parts = parts_of(url);
  const auto fields = with_host(url, wish.fields);
  const s3::Request request{wish.method, parts.target, fields, target(c).host_bucket};
  return parts.origin() +
         (version == Version::v2
              ? s3::presign_v2(request, key, wish.at + wish.lifetime)
              : s3::presign_v4(request, key, wish.at, wish.lifetime, target(c).region));
}

std::string presigned(const Context& c, const std::string& object, const Wish& wish) {
  return presigned(c, target(c).version, object, wish);
}

Place place(Context& c) {
  if (target(c).key) return place(c, target(c).version);
  if (!target(c).handed_out.put_url.empty()) return handed_out_place(c);
  throw Stop{not_offered("needs a pre-signed URL for PUT, or an access key")};
}

Place place(Context& c, Version version) {
  const auto& target = obj::target(c);
  if (!target.key && version_of(target.handed_out.put_url) == version) return handed_out_place(c);
  need(c, version);
  const auto object = new_key(c);
  c.created(target.object_url(object));
  return {presigned(c, version, object), presigned(c, version, object, {.method = "GET"})};
}

std::vector<Version> versions(const Context& c) {
  const auto& target = obj::target(c);
  std::vector<Version> all;
  if (!target.key) {
    if (const auto version = version_of(target.handed_out.put_url)) all.push_back(*version);
    if (all.empty()) throw Stop{not_offered("needs a pre-signed URL for PUT, or an access key")};
  }
  if (target.takes_v2) all.push_back(Version::v2);
  if (target.takes_v4) all.push_back(Version::v4);
  return all;
}

Place place_of(Context& c, const std::string& object) {
  static_cast<void>(access_key(c));
  c.created(target(c).object_url(object));
  return {presigned(c, object), presigned(c, object, {.method = "GET"})};
}

std::optional<Version> version_of(const std::string& url) {
  if (!parameter(url, "X-Amz-Signature").empty()) return Version::v4;
  if (!parameter(url, "Signature").empty()) return Version::v2;
  return std::nullopt;
}

Response put(Context& c, const std::string& url, const std::string& bytes, const Fields& headers) {
  Request request;
  request.method = "PUT";
  request.url = url;
  request.headers = headers;
  request.body = bytes;
  return send(c, std::move(request));
}

void store(Context& c, const Place& place, const std::string& bytes) {
  const auto response = put(c, place.put, bytes);
  if (!is_2xx(response)) stop_blocked("PUT of an object is taken", told(response));
}

Response fetch(Context& c, const std::string& url, const Fields& headers) {
  Request request;
  request.method = "GET";
  request.url = url;
  request.headers = headers;
  request.body_limit = longest_object;
  return send(c, std::move(request));
}

void expect_bytes(Context& c, Findings& findings, const std::string& get,
                  const std::string& bytes) {
  if (get.empty()) {
    findings.note("not read back: no URL for GET");
    return;
  }
  const auto response = fetch(c, get);
  const bool same = response.status == 200 && response.body == bytes;
  findings.check(same, same                     ? "GET gives its bytes"
                       : response.status != 200 ? "GET: " + told(response)
                                                : std::string{"GET gives other bytes"});
}

Request authorized(const Context& c, Version version, const std::string& object, std::string body,
                   const Wish& wish) {
  const auto& key = access_key(c);
  Request request;
  request.method = wish.method;
  request.url = with_query(target(c).object_url(object), wish.query);
  const auto fields = with_host(request.url, wish.fields);
  const auto parts = parts_of(request.url);
  const s3::Request to_sign{wish.method, parts.target, fields, target(c).host_bucket};
  const auto payload = wish.payload.empty() ? sha256_hex(body) : wish.payload;
  request.headers = version == Version::v2
                        ? s3::authorize_v2(to_sign, key, wish.at)
                        : s3::authorize_v4(to_sign, key, wish.at, payload, target(c).region);
  for (const auto& [name, value] : wish.fields) request.headers.add(name, value);
  if (wish.method == "PUT" || wish.method == "POST") request.body = std::move(body);
  return request;
}

Response send(Context& c, Request request) {
  const auto what = request.method;
  auto seen = c.exchange_anonymously(std::move(request));
  if (!seen.response) stop_unanswered(what + " to the store", seen);
  return std::move(*seen.response);
}

std::string with_parameter(const std::string& url, std::string_view name,
                           const std::optional<std::string>& value) {
  const auto mark = url.find('?');
  const auto query = s3::query_of(url);
  std::string changed;
  for (auto& [key, text] : s3::parse_query(query).value_or(s3::Parameters{})) {
    if (key == name && !value) continue;
    changed += changed.empty() ? '?' : '&';
    changed += http::percent_encode(key);
    if (text || key == name) changed += '=' + http::percent_encode(key == name ? *value : *text);
  }
  return url.substr(0, mark) + changed;
}

std::string parameter(const std::string& url, std::string_view name) {
  const auto parameters = s3::parse_query(s3::query_of(url)).value_or(s3::Parameters{});
  return std::string{s3::find(parameters, name).value_or(std::string_view{})};
}

// ---- forms -------------------------------------------------------------------------------------

Draft draft(Context& c, std::string_view name) {
  static_cast<void>(access_key(c));
  Draft made;
  made.key = new_key(c, name);
  const auto folder = made.key.substr(0, made.key.rfind('/') + 1);
  made.policy["expiration"] = s3::format_seconds(now() + std::chrono::minutes{15});
  made.policy["conditions"] = {Json{{"bucket", target(c).bucket}},
                               {"starts-with", "$key", folder},
                               {"starts-with", "$Content-Type", "text/plain"},
                               {"content-length-range", 0, 10 << 20}};
  made.fields = {{"key", made.key}, {"Content-Type", "text/plain"}};
  return made;
}

void drop_conditions(Draft& draft, std::string_view text) {
  auto& conditions = draft.policy["conditions"];
  Json kept = Json::array();
  for (auto& condition : conditions) {
    if (condition.dump().find(text) == std::string::npos) kept.push_back(std::move(condition));
  }
  conditions = std::move(kept);
}

void add_condition(Draft& draft, Json condition) {
  draft.policy["conditions"].push_back(std::move(condition));
}

void add_field(Draft& draft, const std::string& name, const std::string& value) {
  draft.fields.emplace_back(name, value);
  add_condition(draft, Json{"eq", "$" + name, value});
}

PostForm signed_form(Context& c, Draft draft) {
  return signed_form(c, std::move(draft), target(c).version);
}

PostForm signed_form(Context& c, Draft draft, Version version) {
  need(c, version);
  if (version == Version::v2) {
    const auto policy = base64::encode(draft.policy.dump());
    draft.fields.emplace_back("AWSAccessKeyId", access_key(c).access_key);
    draft.fields.emplace_back("policy", policy);
    draft.fields.emplace_back("signature", s3::sign_v2(policy, access_key(c).secret));
  } else {
    const auto date = s3::format_basic(now());
    const s3::Scope scope{date.substr(0, 8), target(c).region, "s3"};
    const Form signing{
        {"x-amz-algorithm", std::string{s3::v4_algorithm}},
        {"x-amz-credential", to_string(s3::CredentialV4{access_key(c).access_key, scope})},
        {"x-amz-date", date}};
    for (const auto& [name, value] : signing) {
      if (draft.policy.contains("conditions")) add_condition(draft, Json{{name, value}});
      draft.fields.emplace_back(name, value);
    }
    const auto policy = base64::encode(draft.policy.dump());
    draft.fields.emplace_back("policy", policy);
    draft.fields.emplace_back("x-amz-signature",
                              s3::sign_v4(policy, s3::signing_key(access_key(c).secret, scope)));
  }
  c.created(target(c).object_url(draft.key));
  return {target(c).url, std::move(draft.fields), std::move(draft.key)};
}

PostForm signed_form(Context& c, const Draft& draft, const std::string& policy) {
  auto form = signed_form(c, draft);
  const auto text = base64::encode(policy);
  set_field(form, "policy", text);
  const auto credential = s3::parse_credential(field(form, "x-amz-credential"));
  set_field(form, signature_field(form),
            credential ? s3::sign_v4(text, s3::signing_key(access_key(c).secret, credential->scope))
                       : s3::sign_v2(text, access_key(c).secret));
  return form;
}

PostForm good_form(Context& c) {
  const auto& target = obj::target(c);
  if (target.key) return signed_form(c, draft(c));
  if (!target.handed_out.form) {
    throw Stop{not_offered("needs a form that was handed out, or an access key")};
  }
  PostForm form{target.handed_out.form->url, target.handed_out.form->fields, {}};
  form.size = size_in(field(form, "policy")).value_or(s3::SizeRange{0, 1024});
  return form;
}

Version version_of(const PostForm& form) {
  return field(form, "x-amz-signature").empty() ? Version::v2 : Version::v4;
}

std::string signature_field(const PostForm& form) {
  return version_of(form) == Version::v2 ? "signature" : "x-amz-signature";
}

std::string field(const PostForm& form, std::string_view name) {
  const auto found = std::ranges::find_if(
      form.fields, [&](const auto& one) { return http::same_name(one.first, name); });
  return found == form.fields.end() ? "" : found->second;
}

void set_field(PostForm& form, std::string_view name, const std::string& value) {
  for (auto& [written, text] : form.fields) {
    if (http::same_name(written, name)) text = value;
  }
}

void drop_field(PostForm& form, std::string_view name) {
  std::erase_if(form.fields, [&](const auto& one) { return http::same_name(one.first, name); });
}

std::string some_bytes(const PostForm& form) {
  return letters(
      static_cast<std::size_t>(std::clamp<std::int64_t>(3, form.size.min, form.size.max)));
}

http::FilePart file_part(std::string filename) {
  return {"file", std::move(filename), "text/plain"};
}

Request request_of(const PostForm& form, const std::string& bytes, std::string_view boundary) {
  const auto written = http::write_form(form.fields, file_part(), boundary);
  Request request;
  request.method = "POST";
  request.url = form.url;
  request.headers.add("Content-Type", written.content_type);
  request.body = written.head + bytes + written.tail;
  return request;
}

std::string head_of(Context& c, const Request& request) {
  auto fields = request.headers;
  fields.add("Content-Length", std::to_string(request.body->size()));
  return bare_head(c, request.method, request.url, fields);
}

Response post(Context& c, const PostForm& form, const std::string& bytes,
              const http::FilePart& file) {
  const auto written = http::write_form(form.fields, file, usual_boundary);
  Request request;
  request.method = "POST";
  request.url = form.url;
  request.headers.add("Content-Type", written.content_type);
  request.body = written.head + bytes + written.tail;
  return send(c, std::move(request));
}

Response post(Context& c, const PostForm& form) { return post(c, form, some_bytes(form)); }

bool is_stored(const Response& response) { return is_2xx(response) || response.status == 303; }

void need_forms(Context& c) {
  const auto response = post(c, good_form(c));
  if (!is_stored(response)) stop_blocked("a form that is right is taken", told(response));
}

Outcome form_refused(Context& c, const PostForm& form, int status, std::string_view error) {
  need_forms(c);
  return expect_refusal(post(c, form), status, error);
}

Outcome form_taken(Context& c, const PostForm& form, const std::string& bytes) {
  const auto response = post(c, form, bytes);
  return response.status == 204 ? holds(told(response)) : broken("204", told(response));
}

std::string get_url(const Context& c, const PostForm& form) {
  if (!target(c).key || form.key.empty()) return "";
  return presigned(c, form.key, {.method = "GET"});
}

}  // namespace conformance::suites::obj
