// direct/, PUT to the storage, and complete/ (area openhumans-upload).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "openhumans/suites/upload.hpp"
#include "openhumans/vocabulary.hpp"
#include "protocol/http/date.hpp"
#include "protocol/openhumans/answers.hpp"

namespace conformance::suites {
namespace {

using oh::Direct;

constexpr std::chrono::hours lifetime{6};
constexpr std::chrono::minutes give_or_take{1};

/// Path of a URL, without its query.
std::string path_of(const std::string& url) {
  const auto target = Context::target_of(url);
  return target.substr(0, target.find('?'));
}

std::string error_code(const Response& response) {
  const auto begin = response.body.find("<Code>");
  const auto end = response.body.find("</Code>");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return "no Code";
  return response.body.substr(begin + 6, std::min<std::size_t>(end - begin - 6, 60));
}

Outcome direct_gives_id_and_url(Context& c) {
  const auto response = oh::post(c, oh::target(c).direct_url, oh::direct_fields(c));
  return oh::read_direct(c, response)
             ? holds("201 {id, url}")
             : broken("direct/ gives an id and a URL: 201 {\"id\": N, \"url\": U}",
                      oh::tell_problem(response));
}

Outcome direct_url_lasts_six_hours(Context& c) {
  const auto response = oh::post(c, oh::target(c).direct_url, oh::direct_fields(c));
  const auto file = oh::read_direct(c, response);
  if (!file) stop_blocked("direct/ gives an id and a URL: 201", oh::tell_problem(response));
  const auto query = oh::query_of(file->url);
  const auto has = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::all_of(names,
                               [&](auto name) { return http::find(query, name).has_value(); });
  };
  const bool is_v2 = has({"Signature", "Expires", "AWSAccessKeyId"});
  const bool is_v4 = has({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
                          "X-Amz-SignedHeaders", "X-Amz-Signature"});
  Findings findings{"the URL is signed, and good for six hours"};
  findings.check(is_v2 || is_v4, is_v2   ? "signed by version 2"
                                 : is_v4 ? "signed by version 4"
                                         : "not signed as S3 has it");
  if (!http::parse_imf_fixdate(value_of(response, "Date"))) {
    return findings.check(false, "no Date to reckon from").outcome();
  }
  const auto left = oh::lifetime_of(response, file->url);
  const bool right = left && *left >= lifetime - give_or_take && *left <= lifetime + give_or_take;
  findings.check(right, right ? "6 h" : left ? "not 6 h" : "no time is told");
  return findings.outcome();
}

Outcome direct_url_ends_in_file_name(Context& c) {
  const auto fields = oh::direct_fields(c);
  const auto name = std::string{http::find(fields, "filename").value_or("")};
  const auto first = path_of(oh::begin(c, fields).url);
  const auto second = path_of(oh::begin(c, fields).url);
  Findings findings{"the path ends in the file's name, below a folder of this upload's own"};
  for (const auto& path : {first, second}) {
    const bool ends = path.ends_with("/" + name);
    findings.check(ends, ends ? "it ends in the name" : "it does not end in the name");
  }
  findings.check(first != second, first != second ? "two paths" : "one path for two uploads");
  return findings.outcome();
}

// ---- PUT ---------------------------------------------------------------------------------------

Outcome put_without_type_is_200(Context& c) {
  const auto file = oh::begin(c);
  const auto response = oh::put(c, file.url, "bytes");
  return expect(response.status == 200, "PUT without a Content-Type: 200", response);
}

Outcome put_with_type_is_403(Context& c) {
  const auto file = oh::begin(c);
  Findings findings{"PUT with a Content-Type: 403 SignatureDoesNotMatch, and nothing is stored"};
  for (const char* type : {"text/plain", "application/json"}) {
    const auto response = oh::put(c, file.url, "bytes", {{"Content-Type", type}});
    findings.check(response.status == 403 && error_code(response) == "SignatureDoesNotMatch",
                   std::string{type} + ": " + code(response) + ", " + error_code(response));
  }
  const auto completed = oh::complete(c, file.id);
  findings.check(!oh::size_in(completed), "complete/: " + oh::tell_completion(completed));
  const auto right = oh::put(c, file.url, "bytes");
  if (!is_2xx(right)) stop_blocked("PUT without a Content-Type is taken", describe(right));
  return findings.outcome();
}

Outcome put_answer_is_empty_with_etag(Context& c) {
  const std::string bytes = "test file data\n";
  const auto file = oh::begin(c);
  const auto response = oh::put(c, file.url, bytes);
  taken(response, "the bytes of a file");
  const auto etag = value_of(response, "ETag");
  const bool quoted = etag.size() > 2 && etag.starts_with('"') && etag.ends_with('"');
  Findings findings{"an empty body, and an ETag in quotes"};
  findings.check(response.body_size == Bytes{0},
                 response.body_size == Bytes{0} ? "no body" : "a body");
  findings.check(quoted, quoted ? "an ETag in quotes" : tell(response, "ETag"));
  // The ETag of an encrypted or joined object is not its MD5.
  if (quoted) {
    findings.note(etag == "\"" + oh::md5_of(bytes) + "\"" ? "it is the MD5" : "it is not the MD5");
  }
  return findings.outcome();
}

/// `url` with the value of a parameter of its query changed by `change`.
template <class Change>
std::string with_parameter(const std::string& url, std::string_view name, Change change) {
  auto form = oh::query_of(url);
  for (auto& [key, value] : form) {
    if (key == name) value = change(value);
  }
  return url.substr(0, url.find('?')) + "?" + http::format_form(form);
}

/// Another letter in the file's name.
std::string with_other_path(const std::string& url) {
  auto other = url;
  auto& letter = other[other.find('?') - 1];
  letter = letter == 'x' ? 'y' : 'x';
  return other;
}

Outcome changed_direct_url_is_403(Context& c) {
  const auto file = oh::begin(c);
  const auto query = oh::query_of(file.url);
  if (query.empty()) return broken("the URL is signed", "it has no query");
  const bool v2 = http::find(query, "Signature").has_value();
  const std::string signature = v2 ? "Signature" : "X-Amz-Signature";
  const std::string expires = v2 ? "Expires" : "X-Amz-Expires";
  const auto longer = [](const std::string& value) { return value + "A"; };
  const auto later = [](const std::string& value) {
    return std::to_string(oh::number(value).value_or(0) + 60);
  };
  const auto none = [](const std::string&) { return std::string{}; };
  Findings findings{"a URL that was changed: 403, and nothing is stored"};
  for (const auto& [label, url] :
       {std::pair{"another path", with_other_path(file.url)},
        {"another time", with_parameter(file.url, expires, later)},
        {"a longer signature", with_parameter(file.url, signature, longer)},
        {"an empty signature", with_parameter(file.url, signature, none)},
        {"no query", file.url.substr(0, file.url.find('?'))}}) {
    const auto response = oh::put(c, url, "others");
    findings.check(response.status == 403, std::string{label} + ": " + code(response));
  }
  oh::store(c, file, "bytes");
  const auto completed = oh::complete(c, file.id);
  findings.check(oh::size_in(completed) == 5, "complete/: " + oh::tell_completion(completed));
  return findings.outcome();
}

Outcome second_put_counts_before_complete(Context& c) {
  const auto file = oh::begin(c);
  oh::store(c, file, letters(10));
  oh::store(c, file, letters(7, 'b'));
  const auto completed = oh::complete(c, file.id);
  Findings findings{"the second PUT replaces the first: complete/ says 7"};
  findings.check(oh::size_in(completed) == 7,
                 "10 bytes, then 7: " + oh::tell_completion(completed));
  if (oh::size_in(completed)) {
    const bool same = oh::download(c, file.id, 7).body == letters(7, 'b');
    findings.check(same, same ? "its bytes" : "other bytes");
  }
  return findings.outcome();
}

// ---- complete/ ---------------------------------------------------------------------------------

Outcome complete_after_put_is_200(Context& c) {
  const auto file = oh::begin(c);
  oh::store(c, file, letters(1'000));
  const auto completed = oh::complete(c, file.id);
  return oh::size_in(completed) == 1'000
             ? holds(oh::tell_completion(completed))
             : broken("complete/: 200 {\"status\": \"ok\", \"size\": 1000}",
                      oh::tell_completion(completed));
}

Outcome complete_before_put_is_400(Context& c) {
  const auto file = oh::begin(c);
  Findings findings{"complete/ before PUT: 400 '" + std::string{openhumans::file_not_present} +
                    "', and after PUT: 200"};
  const auto early = oh::complete(c, file.id);
  findings.check(early.status == 400 && oh::detail_of(early) == openhumans::file_not_present,
                 "before: " + oh::tell_completion(early));
  oh::store(c, file, letters(7));
  const auto late = oh::complete(c, file.id);
  findings.check(oh::size_in(late) == 7, "after: " + oh::tell_completion(late));
  return findings.outcome();
}

/// direct/, PUT and complete/; unless all are taken the check ends as blocked.
Direct make_complete(Context& c, const std::string& bytes) {
  auto file = oh::begin(c);
  oh::store(c, file, bytes);
  const auto completed = oh::complete(c, file.id);
  if (!oh::size_in(completed)) {
    stop_blocked("complete/ after PUT: 200", oh::tell_completion(completed));
  }
  return file;
}

Outcome complete_may_be_repeated(Context& c) {
  const auto file = make_complete(c, letters(7));
  const auto again = oh::complete(c, file.id);
  return oh::size_in(again) == 7
             ? holds(oh::tell_completion(again))
             : broken("complete/ twice: 200 with the same size", oh::tell_completion(again));
}

Outcome complete_without_id_is_400(Context& c) {
  static_cast<void>(make_complete(c, "x"));
  Findings findings{"without file_id, and with 0: 400 '" +
                    std::string{openhumans::file_does_not_exist} + "'"};
  const http::Form member{{"project_member_id", oh::target(c).member}};
  for (const auto& [label, response] :
       {std::pair{"without", oh::post(c, oh::target(c).complete_url, member)},
        {"0", oh::complete(c, 0)}}) {
    findings.check(
        response.status == 400 && oh::detail_of(response) == openhumans::file_does_not_exist,
        std::string{label} + ": " + oh::tell_completion(response));
  }
  return findings.outcome();
}

Outcome complete_of_no_number_is_400(Context& c) {
  static_cast<void>(make_complete(c, "x"));
  const auto response =
      oh::post(c, oh::target(c).complete_url,
               {{"project_member_id", oh::target(c).member}, {"file_id", "seven"}});
  return oh::refuses(response, "file_id", "Enter a whole number.")
             ? holds(oh::tell_problem(response))
             : broken("400 {\"file_id\": [\"Enter a whole number.\"]}", oh::tell_problem(response));
}

Outcome complete_of_unknown_id_is_4xx(Context& c) {
  static_cast<void>(make_complete(c, "x"));
  const auto response = oh::complete(c, 999'999'999);
  Findings findings{"an unknown id: 4xx, as JSON"};
  findings.check(is_4xx(response), oh::tell_completion(response));
  findings.check(has_type(response, "application/json"), tell(response, "Content-Type"));
  return findings.outcome();
}

Outcome complete_for_another_member_is_refused(Context& c) {
  const auto& other = oh::other_member(c);
  const auto file = oh::begin(c);
  oh::store(c, file, letters(7));
  const auto response = oh::complete(c, file.id, other);
  const auto seen = "by another member: " + oh::tell_completion(response);
  if (!oh::by_guide(c)) return observed(seen);
  Findings findings{"complete/ of another member's file: 4xx, and it is not complete"};
  findings.check(is_4xx(response), seen);
  const bool there = oh::is_listed(c, file.id);
  findings.check(!there, there ? "it is listed" : "it is not listed");
  return findings.outcome();
}

Outcome incomplete_file_is_not_listed(Context& c) {
  const auto file = oh::begin(c);
  oh::store(c, file, letters(7));
  Findings findings{"a file is listed once it is complete, and not before"};
  const bool before = oh::is_listed(c, file.id);
  findings.check(!before, before ? "listed before complete/" : "not listed before complete/");
  const auto completed = oh::complete(c, file.id);
  if (!oh::size_in(completed)) {
    stop_blocked("complete/ after PUT: 200", oh::tell_completion(completed));
  }
  const bool after = oh::is_listed(c, file.id);
  findings.check(after, after ? "listed after it" : "not listed after it");
  return findings.outcome();
}

// ---- on the wire -------------------------------------------------------------------------------

Outcome parallel_uploads_do_not_mix(Context& c) {
  constexpr std::size_t uploads = 8;
  struct Running {
    Direct file;
    std::string bytes;
    RawConnection connection;
  };
  std::vector<Running> all;
  for (std::size_t i = 0; i < uploads; ++i) {
    const auto file = oh::begin(c);
    auto bytes = c.random_bytes(10'000 + i);
    auto connection = raw_to(c, file.url);
    all.push_back({file, std::move(bytes), std::move(connection)});
  }
  for (auto& one : all) {
    const auto head = oh::put_head(c, one.file.url, one.bytes.size());
    static_cast<void>(one.connection.send(head, answer_timeout));
    static_cast<void>(one.connection.send(one.bytes.substr(0, 5'000), answer_timeout));
    c.record_raw("one of eight uploads at once", head, {});
  }
  for (auto& one : all) {
    static_cast<void>(one.connection.send(one.bytes.substr(5'000), answer_timeout));
  }
  std::map<std::string, int> seen;
  bool right = true;
  for (auto& one : all) {
    const auto stored = answer(one.connection.read_response(answer_timeout));
    const auto completed = oh::complete(c, one.file.id);
    const bool sized = oh::size_in(completed) == one.bytes.size();
    const bool same = sized && oh::download(c, one.file.id, one.bytes.size()).body == one.bytes;
    const auto told = !is_2xx(stored) ? "PUT " + code(stored)
                      : !sized        ? "complete/ " + code(completed) + ", another size or none"
                      : !same         ? std::string{"other bytes"}
                                      : std::string{"its own size and bytes"};
    right = right && same;
    ++seen[told];
  }
  std::string text;
  for (const auto& [told, count] : seen) {
    text += fmt::format("{}{} of {}: {}", text.empty() ? "" : "; ", count, uploads, told);
  }
  return right ? holds(text) : broken("uploads at once do not touch each other", text);
}

Outcome broken_direct_put_leaves_nothing(Context& c) {
  const auto file = oh::begin(c);
  {
    auto connection = raw_to(c, file.url);
    const auto head = oh::put_head(c, file.url, 100'000);
    const bool sent =
        connection.send(head, answer_timeout) && connection.send(letters(50'000), answer_timeout);
    c.record_raw("a PUT that breaks off", head, {});
    if (!sent) stop_blocked("the storage reads the body of a PUT", "it closes the connection");
    break_off(connection);
  }
  Findings findings{"a PUT that breaks off leaves no object, and the next one is taken"};
  const auto early = oh::complete(c, file.id);
  findings.check(early.status == 400, "complete/: " + oh::tell_completion(early));
  const auto again = oh::put(c, file.url, letters(7));
  findings.check(again.status == 200, "the next PUT: " + code(again));
  const auto late = oh::complete(c, file.id);
  findings.check(oh::size_in(late) == 7, "complete/: " + oh::tell_completion(late));
  return findings.outcome();
}

Outcome direct_expect_is_answered_at_once(Context& c) {
  constexpr Milliseconds at_once{1'000};
  const auto file = oh::begin(c);
  auto connection = raw_to(c, file.url);
  const auto head = oh::put_head(c, file.url, 7, {{"Expect", "100-continue"}});
  static_cast<void>(connection.send(head, answer_timeout));
  const auto read = await_continue(connection, at_once);
  c.record_raw("PUT with Expect: 100-continue and no body yet", head, read);
  const std::string rule = "Expect: 100-continue is answered at once, with 100 or a final status";
  if (read.response) return holds(code(*read.response) + " without the body");
  if (read.interims.empty()) return broken(rule, "no answer within a second");
  if (read.interims.front().status != 100) {
    return broken(rule, std::to_string(read.interims.front().status));
  }
  static_cast<void>(connection.send(letters(7), answer_timeout));
  const auto stored = answer(connection.read_response(answer_timeout));
  return expect(stored.status == 200, "100, and 200 once the body is there", stored);
}

Outcome expired_direct_url_is_403(Context& c) {
  const auto file = oh::begin(c);
  oh::outlive(c, file);
  const auto response = oh::put(c, file.url, "bytes");
  Findings findings{"a URL past its time: 403 'Request has expired', and nothing is stored"};
  const bool told = response.body.find("Request has expired") != std::string::npos;
  findings.check(response.status == 403 && told,
                 code(response) + (told ? ", and why" : ", not why"));
  const auto completed = oh::complete(c, file.id);
  findings.check(!oh::size_in(completed), "complete/: " + oh::tell_completion(completed));
  return findings.outcome();
}

}  // namespace

std::vector<Check> openhumans_direct() {
  return {
      {"OH-UP-010", direct_gives_id_and_url},
      {"OH-UP-011", direct_url_lasts_six_hours},
      {"OH-UP-012", direct_url_ends_in_file_name},
      {"OH-UP-013", put_without_type_is_200},
      {"OH-UP-014", put_with_type_is_403},
      {"OH-UP-015", put_answer_is_empty_with_etag},
      {"OH-UP-016", changed_direct_url_is_403},
      {"OH-UP-017", second_put_counts_before_complete},
      {"OH-UP-018", complete_after_put_is_200},
      {"OH-UP-019", complete_before_put_is_400},
      {"OH-UP-020", complete_may_be_repeated},
      {"OH-UP-021", complete_without_id_is_400},
      {"OH-UP-022", complete_of_no_number_is_400},
      {"OH-UP-023", complete_of_unknown_id_is_4xx},
      {"OH-UP-024", complete_for_another_member_is_refused},
      {"OH-UP-025", incomplete_file_is_not_listed},
      {"OH-UP-026", parallel_uploads_do_not_mix},
      {"OH-UP-027", broken_direct_put_leaves_nothing},
      {"OH-UP-028", direct_expect_is_answered_at_once},
      {"OH-UP-029", expired_direct_url_is_403},
  };
}

}  // namespace conformance::suites
