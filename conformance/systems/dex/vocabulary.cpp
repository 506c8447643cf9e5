#include "dex/vocabulary.hpp"

#include <algorithm>
#include <functional>

#include "protocol/dex/guide.hpp"

namespace conformance::suites {
namespace {

constexpr std::string_view target_label = "Delivery Target ";

}  // namespace

// ---- the target --------------------------------------------------------------------------------

const DexTarget& dex_target(const Context& c) { return dynamic_cast<const DexTarget&>(c.target()); }

std::string creation_base(const Context& c) {
  auto url = c.target().url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

bool behind_gateway(const Context& c) { return creation_base(c).ends_with("/upload"); }

std::string authorization_of(Context& c) {
  const auto fields = c.raw_headers();
  return std::string{fields.find("Authorization").value_or("")};
}

void needs_published(const Context& c, const Response& response, std::string_view endpoint) {
  if (behind_gateway(c) && response.status == 404) {
    throw Stop{not_offered("the gateway does not publish " + std::string{endpoint} + ": 404")};
  }
}

Response send_anonymously(Context& c, Request request) {
  const auto what = request.method + " " + Context::target_of(request.url);
  auto exchange = c.exchange_anonymously(std::move(request));
  if (!exchange.response) stop_unanswered(what, exchange);
  return std::move(*exchange.response);
}

Response get_anonymously(Context& c, const std::string& url, const Fields& headers) {
  Request request;
  request.method = "GET";
  request.url = url;
  request.headers = headers;
  return send_anonymously(c, std::move(request));
}

std::optional<Exchange> password_grant(Context& c, const http::Form& more) {
  if (dex_target(c).oauth_url.empty()) return std::nullopt;
  return c.exchange_as_user([&](const std::string& username, const std::string& password) {
    http::Form form{{"grant_type", "password"}, {"username", username}, {"password", password}};
    form.insert(form.end(), more.begin(), more.end());
    Request request;
    request.method = "POST";
    request.url = dex_target(c).oauth_url;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Accept", "application/json");
    // CDC's guide wants the credentials in the query (docs/guides/contract-guide.md, point 12).
    if (by_guide(c)) {
      request.url += "?" + http::format_form(form);
      request.body = "";
    } else {
      request.body = http::format_form(form);
    }
    return request;
  });
}

std::string upload_id_of(const std::string& upload) {
  const auto id = id_of(upload);
  return id.substr(0, std::min(id.find('+'), id.find("%2B")));
}

// ---- the contract ------------------------------------------------------------------------------

bool by_guide(const Context& c) { return dex_target(c).contract == Contract::guide; }

std::string error_text(const Context& c, const Response& response) {
  return by_guide(c) ? text_at(json_of(response), "/error").value_or("") : response.body;
}

std::string_view error_type(const Context& c) {
  return by_guide(c) ? "application/json" : "text/plain";
}

std::string visible_upload(Context& c) { return create_complete(c, letters(10)); }

void make_visible(Context& c, const std::string& upload) {
  const auto patched = patch(c, upload, Bytes{0}, letters(10));
  if (!is_2xx(patched)) stop_blocked("PATCH stores the bytes: 204", describe(patched));
}

// ---- documents ---------------------------------------------------------------------------------

std::optional<http::TimePoint> utc_time(const std::optional<std::string>& text) {
  if (!text || !text->ends_with('Z')) return std::nullopt;
  return http::parse_rfc3339(*text);
}

std::string text_of(const Response& response) {
  std::string text = response.body.substr(0, 200);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// ---- /info -------------------------------------------------------------------------------------

std::string SeenInfo::status() const { return text_at(json, "/upload_status/status").value_or(""); }

std::optional<Bytes> SeenInfo::size() const {
  const auto* value = value_at(json, "/file_info/size_bytes");
  if (!value || !value->is_number_unsigned()) return std::nullopt;
  return Bytes{value->get<std::uint64_t>()};
}

bool SeenInfo::without_file() const {
  const auto* value = value_at(json, "/file_info");
  return value && value->is_null();
}

std::string SeenInfo::summary() const {
  auto text = code(response);
  if (!json.is_object()) return text + ", " + tell(response, "Content-Type");
  text += ", status '" + status() + "'";
  if (const auto* value = value_at(json, "/file_info/size_bytes")) {
    text += ", size_bytes " + value->dump();
  }
  return text;
}

std::string info_url_of(Context& c, const std::string& upload) {
  return dex_target(c).info_url + "/" + upload_id_of(upload);
}

namespace {

/// The guide spells Upload_Status what the service calls upload_status.
Json with_service_names(const Json& document, bool manifest = false) {
  if (document.is_array()) {
    auto list = Json::array();
    for (const auto& item : document) list.push_back(with_service_names(item));
    return list;
  }
  if (!document.is_object()) return document;
  auto object = Json::object();
  for (const auto& [name, value] : document.items()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    // A sender's own fields are told apart by case.
    const bool keep =
        manifest && lower != dex::field::upload_id && lower != dex::field::dex_ingest_datetime;
    object[keep ? name : lower] = with_service_names(value, lower == "manifest");
  }
  return object;
}

}  // namespace

SeenInfo see_info(Context& c, const std::string& upload) {
  SeenInfo info{c.get(info_url_of(c, upload)), {}, {}};
  info.raw = json_of(info.response);
  info.json = with_service_names(info.raw);
  return info;
}

void needs_incomplete_info(Context& c, const SeenInfo& info) {
  if (by_guide(c) && info.response.status == 404) {
    throw Stop{not_offered("the guide's /info shows complete uploads only (DEX-INFO-010)")};
  }
}

SeenInfo await_info(Context& c, const std::string& upload, Milliseconds deadline,
                    const std::function<bool(const SeenInfo&)>& done) {
  SeenInfo last;
  c.eventually(deadline, [&] {
    last = see_info(c, upload);
    return done(last);
  });
  return last;
}

void let_the_second_pass(Context& c) {
  const auto start = std::chrono::steady_clock::now();
  c.eventually(Milliseconds{1'100}, [start] {
    return std::chrono::steady_clock::now() - start > std::chrono::seconds{1};
  });
}

// ---- deliveries --------------------------------------------------------------------------------

std::vector<std::string> delivery_targets(Context& c) {
  std::vector<std::string> names;
  const auto health = json_of(c.get(dex_target(c).health_url));
  const auto* services = value_at(health, "/services");
  if (!services || !services->is_array()) return names;
  constexpr std::size_t most_targets = 100;  // each of them may cost requests
  for (const auto& service : *services) {
    if (names.size() == most_targets) break;
    const auto name = text_at(service, "/service").value_or("");
    const auto at = name.find(target_label);
    if (at != std::string::npos) names.push_back(name.substr(at + target_label.size()));
  }
  return names;
}

namespace {

/// By the guide, deliveries are one object where there is one target.
std::vector<Json> entries_in(const Json* deliveries) {
  if (deliveries && deliveries->is_object()) return {*deliveries};
  if (!deliveries || !deliveries->is_array()) return {};
  return {deliveries->begin(), deliveries->end()};
}

}  // namespace

std::string success_word(const Context& c) {
  return std::string{by_guide(c) ? dex::guide::delivery_state::success
                                 : dex::delivery_state::success};
}
std::string failure_word(const Context& c) {
  return std::string{by_guide(c) ? dex::guide::delivery_state::failure
                                 : dex::delivery_state::failure};
}

std::vector<Json> raw_entries_of(const SeenInfo& info) {
  const auto* named = value_at(info.raw, "/Deliveries");
  return entries_in(named ? named : value_at(info.raw, "/deliveries"));
}

std::vector<Json> entries_of(const SeenInfo& info) {
  return entries_in(value_at(info.json, "/deliveries"));
}

std::string status_of(const Json& entry) { return text_at(entry, "/status").value_or(""); }

bool delivered(const Json& entry) {
  return status_of(entry) == dex::delivery_state::success ||
         status_of(entry) == dex::guide::delivery_state::success;
}

void needs_delivery_targets(Context& c) {
  if (delivery_targets(c).empty()) {
    throw Stop{not_offered("nowhere to deliver to: /health lists no delivery target")};
  }
}

SeenInfo await_deliveries(Context& c, const std::string& upload) {
  needs_delivery_targets(c);
  auto info = await_info(c, upload, delivery_deadline,
                         [](const SeenInfo& seen) { return !entries_of(seen).empty(); });
  if (entries_of(info).empty()) {
    throw Stop{not_offered("nothing was delivered within 15 s, which DEX-DELIV-001 judges")};
  }
  return info;
}

// ---- manifests ---------------------------------------------------------------------------------

dex::Manifest manifest_with(const Context& c, const Changes& changes) {
  auto manifest = dex_target(c).manifest;
  for (const auto& [field, value] : changes) {
    if (value) {
      manifest[field] = *value;
    } else {
      manifest.erase(field);
    }
  }
  return manifest;
}

Response post_manifest(Context& c, const dex::Manifest& manifest) {
  Creation creation;
  creation.raw_metadata = tus::format_metadata(dex::metadata_of(manifest));
  return post(c, creation);
}

bool is_testing_stream(const Context& c) {
  const auto& manifest = dex_target(c).manifest;
  const auto is = [&](std::string_view field, const char* value) {
    const auto found = manifest.find(std::string{field});
    return found != manifest.end() && found->second == value;
  };
  return is(dex::field::data_stream_id, "dextesting") &&
         is(dex::field::data_stream_route, "testevent1");
}

std::string Refusal::summary() const {
  auto text = code(response);
  if (!json.is_object()) {
    const auto body = text_of(response);
    return body.empty() ? text : text + " '" + body + "'";
  }
  if (!sample.empty()) return text + " '" + sample.substr(0, 200) + "'";
  std::string list;
  for (const auto& error : errors) list += (list.empty() ? "'" : ", '") + error + "'";
  return text + " [" + list + "]";
}

Refusal refusal_of(const Context& c, Response response) {
  Refusal refusal{std::move(response), {}, {}, {}, dex_target(c).contract};
  refusal.json = json_of(refusal.response);
  refusal.sample = text_at(refusal.json, "/error").value_or("");
  const auto* errors = value_at(refusal.json, "/validation_errors");
  if (errors && errors->is_array()) {
    for (const auto& error : *errors) {
      if (error.is_string()) refusal.errors.insert(error.get<std::string>());
    }
    refusal.errors.erase("validation failure");
  }
  return refusal;
}

Refusal post_refused(Context& c, const Changes& changes) {
  return refusal_of(c, post_manifest(c, manifest_with(c, changes)));
}

Findings& expect_refusal(Findings& findings, const std::string& label, const Refusal& refusal,
                         const std::string& error) {
  const bool told = refusal.response.status == 400 && refusal.is(error);
  return findings.check(told, label + ": " + refusal.summary());
}

}  // namespace conformance::suites
