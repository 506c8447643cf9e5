#include "openhumans/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "protocol/digest.hpp"
#include "protocol/http/date.hpp"
#include "transport/url.hpp"
#include "words/waiting.hpp"

namespace conformance::suites::oh {
namespace {

using std::chrono::seconds;

constexpr std::string_view urlencoded = "application/x-www-form-urlencoded";
/// Occurs in no file or field that a check sends.
constexpr std::string_view boundary = "dex-conformance-7MA4YWxkTrZu0gW";
/// Of one listing; a member with more files than that is none for tests.
constexpr int most_pages = 100;

void remember(Context& c, const std::string& member, std::uint64_t id) {
  c.created(target(c).remembered(member, id));
}

std::string member_in(const Context& c, const Form& fields) {
  return std::string{http::find(fields, "project_member_id").value_or(target(c).member)};
}

std::optional<std::uint64_t> number_at(const Json& document, const char* pointer) {
  const auto* value = value_at(document, pointer);
  if (!value || !value->is_number_unsigned()) return std::nullopt;
  return value->get<std::uint64_t>();
}

}  // namespace

// ---- the target --------------------------------------------------------------------------------

const OpenHumansTarget& target(const Context& c) {
  return dynamic_cast<const OpenHumansTarget&>(c.target());
}

bool by_guide(const Context& c) { return target(c).contract == openhumans::Contract::guide; }

std::string authorization(Context& c) {
  const auto fields = c.raw_headers();
  const auto value = fields.find("Authorization");
  if (!value) throw Stop{not_offered("the run has no token (--token-env)")};
  return std::string{*value};
}

const std::string& other_member(const Context& c) {
  const auto& other = target(c).other_member;
  if (other.empty()) throw Stop{not_offered("the run has no second member (--other-member)")};
  return other;
}

std::string new_name(Context& c) {
  return fmt::format("dex-{}-{:016x}.txt", target(c).run_id(), c.random()());
}

// ---- forms -------------------------------------------------------------------------------------

std::string good_metadata() {
  return R"({"tags": ["dex-harness"], "description": "A file of dex-conformance"})";
}

Form file_fields(const Context& c, const std::string& metadata) {
  return {{"project_member_id", target(c).member}, {"metadata", metadata}};
}

Form direct_fields(Context& c, const std::string& metadata) {
  auto fields = file_fields(c, metadata);
  fields.emplace_back("filename", new_name(c));
  return fields;
}

Form with(Form form, std::string_view name, std::optional<std::string> value) {
  std::erase_if(form, [&](const auto& field) { return field.first == name; });
  if (value) form.emplace_back(name, *std::move(value));
  return form;
}

Request form_request(const std::string& url, const Form& form) {
  Request request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", std::string{urlencoded});
  request.body = http::format_form(form);
  return request;
}

Request json_request(const std::string& url, const std::string& json) {
  Request request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", "application/json");
  request.body = json;
  return request;
}

Request multipart_request(const std::string& url, const Form& form) {
  const auto written = http::write_form(form, boundary);
  Request request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", written.content_type);
  request.body = written.head + written.tail;
  return request;
}

Request multipart_request(const std::string& url, const Form& form, const http::FilePart& file,
                          const std::string& bytes) {
  const auto written = http::write_form(form, file, boundary);
  Request request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", written.content_type);
  request.body = written.head + bytes + written.tail;
  return request;
}

Response post(Context& c, const std::string& url, const Form& form) {
  return c.send(form_request(url, form));
}

std::vector<std::string> texts_about(const Response& response, std::string_view field) {
  std::vector<std::string> texts;
  const auto document = json_of(response);
  const auto found = document.is_object() ? document.find(std::string{field}) : document.end();
  if (found == document.end()) return texts;
  if (found->is_string()) texts.push_back(found->get<std::string>());
  if (!found->is_array()) return texts;
  for (const auto& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

std::string detail_of(const Response& response) {
  return text_at(json_of(response), "/detail").value_or("");
}

std::string tell_problem(const Response& response) {
  const auto document = json_of(response);
  if (is_2xx(response)) return code(response) + " " + members_of(document);
  if (document.is_object()) return code(response) + " " + document.dump().substr(0, 200);
  return code(response) + ", " + tell(response, "Content-Type");
}

bool refuses(const Response& response, std::string_view field, std::string_view part) {
  const auto texts = texts_about(response, field);
  return response.status == 400 && std::ranges::any_of(texts, [&](const std::string& text) {
           return text.find(part) != std::string::npos;
         });
}

// ---- uploads -----------------------------------------------------------------------------------

std::optional<Direct> read_direct(Context& c, const Response& response) {
  const auto document = json_of(response);
  const auto id = id_in(response);
  const auto url = text_at(document, "/url");
  if (!id || !url || !transport::parse_url(*url)) return std::nullopt;
  remember(c, target(c).member, *id);
  return Direct{*id, *url, lifetime_of(response, *url)};
}

Direct begin(Context& c) { return begin(c, direct_fields(c)); }

Direct begin(Context& c, const Form& fields) {
  const auto response = post(c, target(c).direct_url, fields);
  const auto begun = read_direct(c, response);
  if (!begun) {
    stop_blocked("direct/ gives an id and a URL: 201 {id, url}", tell_problem(response));
  }
  return *begun;
}

Form query_of(const std::string& url) {
  const auto mark = url.find('?');
  if (mark == std::string::npos) return {};
  return http::parse_form(std::string_view{url}.substr(mark + 1)).value_or(Form{});
}

std::optional<std::int64_t> number(std::optional<std::string_view> text) {
  if (!text || !is_integer(*text) || text->size() > 15) return std::nullopt;
  return std::stoll(std::string{*text});
}

/// A signature of version 2 tells when the URL ends, one of version 4 for how long it is good.
std::optional<seconds> lifetime_of(const Response& response, const std::string& url) {
  const auto query = query_of(url);
  if (const auto end = number(http::find(query, "Expires"))) {
    const auto date = http::parse_imf_fixdate(value_of(response, "Date"));
    const auto now = date.value_or(std::chrono::system_clock::now());
    return seconds{*end} - std::chrono::floor<seconds>(now).time_since_epoch();
  }
  const auto time = number(http::find(query, "X-Amz-Expires"));
  return time ? std::optional{seconds{*time}} : std::nullopt;
}

void outlive(Context& c, const Direct& file) {
  if (!file.lifetime) throw Stop{not_offered("the URL does not tell until when it is good")};
  suites::outlive(c, *file.lifetime, "a URL");
}

Response put(Context& c, const std::string& url, const std::string& bytes, const Fields& headers) {
  Request request;
  request.method = "PUT";
  request.url = url;
  request.headers = headers;
  request.body = bytes;
  auto seen = c.exchange_anonymously(std::move(request));
  if (!seen.response) stop_unanswered("PUT of a file", seen);
  return std::move(*seen.response);
}

void store(Context& c, const Direct& file, const std::string& bytes) {
  taken(put(c, file.url, bytes), "the bytes of a file");
}

Response complete(Context& c, std::uint64_t id) { return complete(c, id, target(c).member); }

Response complete(Context& c, std::uint64_t id, const std::string& member) {
  return post(c, target(c).complete_url,
              {{"project_member_id", member}, {"file_id", std::to_string(id)}});
}

std::optional<std::uint64_t> size_in(const Response& response) {
  const auto document = json_of(response);
  if (response.status != 200 || text_at(document, "/status") != "ok") return std::nullopt;
  return number_at(document, "/size");
}

std::string tell_completion(const Response& response) {
  const auto size = size_in(response);
  return size ? fmt::format("200, size {}", *size) : tell_problem(response);
}

Response upload(Context& c, const Form& fields, const http::FilePart& file,
                const std::string& bytes) {
  auto response = c.send(multipart_request(target(c).upload_url, fields, file, bytes));
  if (const auto id = id_in(response)) remember(c, member_in(c, fields), *id);
  return response;
}

std::optional<std::uint64_t> id_in(const Response& response) {
  if (response.status != 201) return std::nullopt;
  return number_at(json_of(response), "/id");
}

std::uint64_t upload(Context& c, const std::string& name, const std::string& bytes) {
  return upload_for(c, target(c).member, name, bytes);
}

std::uint64_t upload_for(Context& c, const std::string& member, const std::string& name,
                         const std::string& bytes) {
  const auto fields = with(file_fields(c), "project_member_id", member);
  const auto response = upload(c, fields, file_part(name), bytes);
  const auto id = id_in(response);
  if (!id) stop_blocked("upload/ stores a file: 201 {id}", tell_problem(response));
  return *id;
}

http::FilePart file_part(std::string name) { return {"data_file", std::move(name), "text/plain"}; }

std::string md5_of(std::string_view bytes) {
  Digest digest{DigestAlgorithm::md5};
  digest.update(bytes);
  return to_hex(digest.finish());
}

// ---- what is stored ----------------------------------------------------------------------------

std::vector<Json> listed(Context& c) { return listed(c, target(c).member); }

std::vector<Json> listed(Context& c, const std::string& member) {
  std::vector<Json> files;
  std::string url =
      target(c).exchange_member_url + "?" + http::format_form({{"project_member_id", member}});
  for (int page = 0; page < most_pages; ++page) {
    const auto response = c.get(url);
    const auto document = json_of(response);
    const auto* const data = value_at(document, "/data");
    if (response.status != 200 || !data || !data->is_array()) {
      stop_blocked("exchange-member/ lists the files of a member: 200 {data}",
                   tell_problem(response));
    }
    files.insert(files.end(), data->begin(), data->end());
    const auto next = text_at(document, "/next");
    if (!next) return files;
    url = *next;
  }
  stop_blocked("exchange-member/ comes to an end",
               fmt::format("{} pages, and still another", most_pages));
}

Json file_in(const std::vector<Json>& files, std::uint64_t id) {
  const auto found =
      std::ranges::find_if(files, [id](const Json& file) { return number_at(file, "/id") == id; });
  return found == files.end() ? Json(nullptr) : *found;
}

bool is_listed(Context& c, std::uint64_t id) { return !file_in(listed(c), id).is_null(); }

Response download(Context& c, std::uint64_t id, std::size_t size) {
  const auto url = text_at(file_in(listed(c), id), "/download_url");
  if (!url) stop_blocked("the file is listed with its download_url", "it is not");
  Request request;
  request.method = "GET";
  request.url = *url;
  // No more than is needed to see that there is more than was sent.
  request.body_limit = Bytes{size + (64U << 10U)};
  auto seen = c.exchange_anonymously(std::move(request));
  if (!seen.response) stop_unanswered("GET of a file", seen);
  return std::move(*seen.response);
}

Response erase(Context& c, const Form& selector) { return erase(c, selector, target(c).member); }

Response erase(Context& c, const Form& selector, const std::string& member) {
  Form form{{"project_member_id", member}};
  form.insert(form.end(), selector.begin(), selector.end());
  return post(c, target(c).delete_url, form);
}

std::optional<std::vector<std::uint64_t>> ids_in(const Response& response) {
  const auto document = json_of(response);
  const auto* const list = value_at(document, "/ids");
  if (response.status != 200 || !list || !list->is_array()) return std::nullopt;
  std::vector<std::uint64_t> ids;
  for (const auto& id : *list) {
    if (!id.is_number_unsigned()) return std::nullopt;
    ids.push_back(id.get<std::uint64_t>());
  }
  std::ranges::sort(ids);
  return ids;
}

// ---- raw bytes ---------------------------------------------------------------------------------

std::string put_head(Context& c, const std::string& url, std::size_t length, const Fields& more) {
  Fields fields{{"Content-Length", std::to_string(length)}};
  for (const auto& field : more) fields.add(field.name, field.value);
  return bare_head(c, "PUT", url, fields);
}

}  // namespace conformance::suites::oh
