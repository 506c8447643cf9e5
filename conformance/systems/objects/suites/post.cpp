// POST: a file in a form (area objects-post).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "objects/vocabulary.hpp"
#include "protocol/s3/post.hpp"

namespace conformance::suites {
namespace {

using obj::PostForm;

constexpr std::string_view status_field = "success_action_status";
const std::string redirect_url = "http://127.0.0.1/done";

std::string folder_of(const std::string& key) { return key.substr(0, key.rfind('/') + 1); }

/// Replaces the first `what`.
std::string replaced(std::string text, std::string_view what, std::string_view with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

/// A field of a form that is written by hand.
std::string part(std::string_view disposition, std::string_view content) {
  return fmt::format("--{}\r\nContent-Disposition: form-data; {}\r\n\r\n{}\r\n",
                     obj::usual_boundary, disposition, content);
}
std::string last_line() { return fmt::format("--{}--\r\n", obj::usual_boundary); }

PostForm with_status(Context& c, const std::string& status) {
  auto draft = obj::draft(c);
  draft.fields.emplace_back(status_field, status);
  obj::add_condition(draft, {"starts-with", "$success_action_status", ""});
  return obj::signed_form(c, std::move(draft));
}

Outcome signed_form_stores_the_file(Context& c) {
  const auto form = obj::good_form(c);
  const auto bytes = obj::some_bytes(form);
  const auto response = obj::post(c, form, bytes);
  const int status = s3::success_of(form.fields, "", "", "").status;
  Findings findings{fmt::format("a signed form: {}, and the object has its bytes", status)};
  findings.check(response.status == status, obj::told(response));
  if (obj::is_stored(response)) obj::expect_bytes(c, findings, obj::get_url(c, form), bytes);
  return findings.outcome();
}

Outcome form_without_content_type_is_204(Context& c) {
  auto draft = obj::draft(c);
  std::erase_if(draft.fields, [](const auto& field) { return field.first == "Content-Type"; });
  obj::drop_conditions(draft, "$Content-Type");
  obj::need_forms(c);
  return obj::form_taken(c, obj::signed_form(c, std::move(draft)));
}

Outcome success_status_201_gives_xml(Context& c) {
  const auto form = with_status(c, "201");
  const auto response = obj::post(c, form);
  if (response.status != 201) return broken("201 and a PostResponse", obj::told(response));
  const auto object = s3::parse_post_response(response.body);
  if (!object) return broken("a PostResponse", "another body");
  Findings findings{"a PostResponse with Location, Bucket, Key and ETag, as in the header"};
  const auto same = [&](std::string_view name, const std::string& is, const std::string& right) {
    findings.check(is == right, fmt::format("{}{}", is == right ? "" : "another ", name));
  };
  same("Bucket", object->bucket, obj::target(c).bucket);
  same("Key", object->key, form.key);
  same("Location", object->location, value_of(response, "Location"));
  same("ETag", object->etag, value_of(response, "ETag"));
  const bool bare = response.body.find("xmlns") == std::string::npos;
  findings.check(bare, bare ? "no namespace" : "a namespace");
  return findings.outcome();
}

Outcome success_status_200_is_empty(Context& c) {
  const auto response = obj::post(c, with_status(c, "200"));
  const bool right = response.status == 200 && response.body.empty();
  return right ? holds("200") : broken("200 and an empty body", obj::told(response));
}

Outcome other_success_status_is_204(Context& c) {
  const auto response = obj::post(c, with_status(c, "404"));
  const bool right = response.status == 204 && response.body.empty();
  return right ? holds("204") : broken("204 and an empty body", obj::told(response));
}

Outcome success_redirect_is_303(Context& c) {
  auto draft = obj::draft(c);
  obj::add_field(draft, "success_action_redirect", redirect_url);
  const auto form = obj::signed_form(c, std::move(draft));
  const auto response = obj::post(c, form);
  const std::string rule = "303 to URL?bucket=B&key=K&etag=E";
  if (response.status != 303) return broken(rule, obj::told(response));
  const auto location = value_of(response, "Location");
  const auto query = s3::parse_query(s3::query_of(location)).value_or(s3::Parameters{});
  std::string names;
  for (const auto& one : query) names += (names.empty() ? "" : ", ") + one.name;
  Findings findings{rule};
  findings.check(location.starts_with(redirect_url + "?"),
                 location.starts_with(redirect_url + "?") ? "303 to it" : "303 to another URL");
  findings.check(names == "bucket, key, etag", "with " + (names.empty() ? "nothing" : names));
  const bool right = obj::parameter(location, "bucket") == obj::target(c).bucket &&
                     obj::parameter(location, "key") == form.key;
  findings.check(right, right ? "bucket and key are right" : "another bucket or key");
  return findings.outcome();
}

Outcome relative_success_redirect_is_ignored(Context& c) {
  auto draft = obj::draft(c);
  draft.fields.emplace_back("success_action_redirect", "/done");
  obj::add_condition(draft, {"starts-with", "$success_action_redirect", ""});
  obj::need_forms(c);
  return obj::form_taken(c, obj::signed_form(c, std::move(draft)));
}

Outcome form_of_several_mebibytes(Context& c) {
  const auto form = obj::signed_form(c, obj::draft(c));
  const auto bytes = c.random_bytes(3 << 20);
  const auto response = obj::post(c, form, bytes);
  Findings findings{"3 MiB: 204, and the object has its bytes"};
  findings.check(response.status == 204, obj::told(response));
  if (obj::is_stored(response)) obj::expect_bytes(c, findings, obj::get_url(c, form), bytes);
  return findings.outcome();
}

/// A form with ${filename} in its key; the object is at `name` in the folder.
Outcome named_after_file(Context& c, const std::string& name, const http::FilePart& file,
                         bool has_name = true) {
  auto draft = obj::draft(c, "${filename}");
  const auto key = folder_of(draft.key) + name;
  const auto form = obj::signed_form(c, std::move(draft));
  c.created(obj::target(c).object_url(key));
  const auto written = http::write_form(form.fields, file, obj::usual_boundary);
  auto request = obj::request_of(form, "bar");
  const auto head =
      has_name ? written.head
               : replaced(written.head, fmt::format("; filename=\"{}\"", file.filename), "");
  request.body = head + "bar" + written.tail;
  const auto response = obj::send(c, std::move(request));
  Findings findings{fmt::format("the object is called {}", name)};
  findings.check(response.status == 204, obj::told(response));
  if (obj::is_stored(response)) {
    obj::expect_bytes(c, findings, obj::presigned(c, key, {.method = "GET"}), "bar");
  }
  return findings.outcome();
}

Outcome filename_variable_in_the_key(Context& c) {
  return named_after_file(c, "foo.txt", obj::file_part("foo.txt"));
}

Outcome filename_loses_its_folders(Context& c) {
  return named_after_file(c, "name.txt", obj::file_part("dir/sub\\name.txt"));
}

Outcome filename_variable_without_a_name(Context& c) {
  return named_after_file(c, "${filename}", obj::file_part(), /*has_name=*/false);
}

Outcome field_names_in_any_case(Context& c) {
  auto draft = obj::draft(c);
  const auto folder = folder_of(draft.key);
  draft.policy["conditions"] = {obj::Json{{"bUcKeT", obj::target(c).bucket}},
                                {"StArTs-WiTh", "$KeY", folder},
                                {"StArTs-WiTh", "$CoNtEnT-tYpE", "text/plain"},
                                {"content-length-range", 0, 1024}};
  auto form = obj::signed_form(c, std::move(draft));
  for (auto& [name, value] : form.fields) {
    if (name == "key") name = "kEy";
    if (name == "Content-Type") name = "cOnTeNt-tYpE";
    if (name == "policy") name = "pOLICy";
  }
  return obj::form_taken(c, form);
}

Outcome backslash_before_dollar_is_kept(Context& c) {
  auto draft = obj::draft(c);
  draft.key = "\\$foo/" + draft.key;
  draft.fields.front().second = draft.key;
  obj::drop_conditions(draft, "$key");
  obj::add_condition(draft, {"starts-with", "$key", "\\$foo/"});
  return obj::form_taken(c, obj::signed_form(c, std::move(draft)));
}

Outcome amz_meta_fields_are_kept(Context& c) {
  auto draft = obj::draft(c);
  draft.fields.emplace_back("x-amz-meta-dex", "barclamp");
  obj::add_condition(draft, {"starts-with", "$x-amz-meta-dex", "bar"});
  const auto form = obj::signed_form(c, std::move(draft));
  const auto response = obj::post(c, form);
  Findings findings{"x-amz-meta-dex: barclamp comes back"};
  findings.check(response.status == 204, obj::told(response));
  const auto object = obj::fetch(c, obj::get_url(c, form));
  findings.check(value_of(object, "x-amz-meta-dex") == "barclamp", tell(object, "x-amz-meta-dex"));
  return findings.outcome();
}

Outcome fields_after_file_are_ignored(Context& c) {
  const auto form = obj::good_form(c);
  auto request = obj::request_of(form, obj::some_bytes(form));
  const auto late = part(R"(name="x-amz-meta-late")", "after the file");
  request.body = replaced(*request.body, last_line(), late + last_line());
  const auto response = obj::send(c, std::move(request));
  return obj::is_stored(response)
             ? holds(obj::told(response))
             : broken("what is behind the file does not count: 2xx", obj::told(response));
}

Outcome every_form_of_boundary_is_found(Context& c) {
  const auto form = obj::good_form(c);
  const auto bytes = obj::some_bytes(form);
  Findings findings{"each boundary is found: 2xx"};
  const auto try_form = [&](std::string_view label, Request request, std::string_view boundary) {
    request.headers.remove("Content-Type");
    request.headers.add("Content-Type", fmt::format("multipart/form-data; boundary={}", boundary));
    const auto response = obj::send(c, std::move(request));
    findings.check(obj::is_stored(response), fmt::format("{}: {}", label, obj::told(response)));
  };
  const std::string spaced = "dex conformance:7MA4YWxkTrZu0gW";
  try_form("quoted", obj::request_of(form, bytes, spaced), '"' + spaced + '"');
  const std::string longest = letters(60) + "7MA4YWxkTr";
  try_form("of 70 characters", obj::request_of(form, bytes, longest), longest);
  const std::string dashed = "----WebKitFormBoundary7MA4YWxk";
  try_form("beginning with --", obj::request_of(form, bytes, dashed), dashed);
  const std::string usual{obj::usual_boundary};
  auto padded = obj::request_of(form, bytes);
  padded.body = replaced(*padded.body, usual + "\r\n", usual + " \t\r\n");
  try_form("with blanks behind it", std::move(padded), usual);
  auto introduced = obj::request_of(form, bytes);
  introduced.body = "This is a form.\r\n" + *introduced.body;
  try_form("with a text before the first", std::move(introduced), usual);
  return findings.outcome();
}

Outcome form_bytes_are_kept_exactly(Context& c) {
  Findings findings{"the object has the bytes of the file"};
  const std::string nearly = fmt::format("\r\n--{}", obj::usual_boundary.substr(0, 30));
  for (const auto& [label, bytes] :
       {std::pair{"CR LF at the end", std::string{"line\r\n"}},
        {"nearly the boundary", fmt::format("x{0}\r\ny{0}--\r\n\n\r", nearly)}}) {
    const auto form = obj::signed_form(c, obj::draft(c));
    const auto response = obj::post(c, form, bytes);
    findings.check(response.status == 204, fmt::format("{}: {}", label, obj::told(response)));
    if (obj::is_stored(response)) obj::expect_bytes(c, findings, obj::get_url(c, form), bytes);
  }
  return findings.outcome();
}

Outcome file_without_bytes_is_stored(Context& c) {
  const auto form = obj::signed_form(c, obj::draft(c));
  const auto response = obj::post(c, form, "");
  Findings findings{"a file without bytes: 204, and the object has none"};
  findings.check(response.status == 204, obj::told(response));
  if (obj::is_stored(response)) obj::expect_bytes(c, findings, obj::get_url(c, form), "");
  return findings.outcome();
}

// ---- what is no form ---------------------------------------------------------------------------

Outcome no_form(Context& c, const std::string& type, int status, std::string_view error) {
  const auto form = obj::good_form(c);
  obj::need_forms(c);
  auto request = obj::request_of(form, obj::some_bytes(form));
  request.headers.remove("Content-Type");
  request.headers.add("Content-Type", type);
  return obj::expect_refusal(obj::send(c, std::move(request)), status, error);
}

Outcome body_no_form_is_412(Context& c) {
  return no_form(c, "application/json", 412, "PreconditionFailed");
}

Outcome form_without_boundary_is_400(Context& c) {
  return no_form(c, "multipart/form-data", 400, "MalformedPOSTRequest");
}

/// 400 InvalidArgument, and the name of what is missing.
void expect_missing(Findings& findings, std::string_view label, const Response& response,
                    std::string_view name) {
  const auto named = obj::detail(response, "ArgumentName");
  findings.check(obj::refuses(response, 400, "InvalidArgument") && http::same_name(named, name),
                 fmt::format("{}: {}, {}", label, obj::told(response),
                             named.empty() ? "no ArgumentName" : named.substr(0, 40)));
}

Outcome form_without_key_is_400(Context& c) {
  obj::need_forms(c);
  auto form = obj::good_form(c);
  const auto key = obj::field(form, "key");
  obj::drop_field(form, "key");
  Findings findings{"400 InvalidArgument, ArgumentName key"};
  expect_missing(findings, "no key", obj::post(c, form), "key");
  auto request = obj::request_of(form, obj::some_bytes(form));
  request.body = replaced(*request.body, last_line(), part(R"(name="key")", key) + last_line());
  expect_missing(findings, "behind the file", obj::send(c, std::move(request)), "key");
  return findings.outcome();
}

Outcome without(Context& c, const std::string& v2, const std::string& v4) {
  obj::need_forms(c);
  auto form = obj::good_form(c);
  const auto& name = obj::version_of(form) == Version::v2 ? v2 : v4;
  obj::drop_field(form, name);
  Findings findings{"400 InvalidArgument, ArgumentName " + name};
  expect_missing(findings, "without it", obj::post(c, form), name);
  return findings.outcome();
}

Outcome policy_without_signature_is_400(Context& c) {
  return without(c, "Signature", "X-Amz-Signature");
}
Outcome form_without_signer_is_400(Context& c) {
  return without(c, "AWSAccessKeyId", "X-Amz-Algorithm");
}

Outcome form_without_file_is_400(Context& c) {
  obj::need_forms(c);
  const auto form = obj::good_form(c);
  const auto written = http::write_form(form.fields, obj::usual_boundary);
  auto request = obj::request_of(form, "");
  request.body = written.head + written.tail;
  Findings findings{"400 InvalidArgument, ArgumentName file"};
  expect_missing(findings, "no file", obj::send(c, std::move(request)), "file");
  return findings.outcome();
}

Outcome form_with_two_files_is_400(Context& c) {
  obj::need_forms(c);
  const auto form = obj::good_form(c);
  auto request = obj::request_of(form, obj::some_bytes(form));
  const auto second = part(R"(name="file"; filename="two.txt")", "two");
  request.body = replaced(*request.body, last_line(), second + last_line());
  return obj::expect_refusal(obj::send(c, std::move(request)), 400, "InvalidArgument");
}

Outcome long_fields_before_file_are_400(Context& c) {
  auto form = obj::good_form(c);
  form.fields.emplace_back("x-ignore-long", letters(20'481));
  return obj::form_refused(c, form, 400, "MaxPostPreDataLengthExceeded");
}

Outcome broken_form_stores_nothing(Context& c) {
  obj::need_forms(c);
  Findings findings{"a form that breaks off stores nothing"};
  const auto open = obj::signed_form(c, obj::draft(c));
  auto request = obj::request_of(open, "bar");
  request.body = replaced(*request.body, "\r\n" + last_line(), "");
  const auto refused = obj::send(c, request);
  findings.check(!obj::is_stored(refused), "without the last boundary: " + obj::told(refused));
  const auto cut = obj::signed_form(c, obj::draft(c));
  const auto whole = obj::request_of(cut, letters(1'000));
  const auto head = obj::head_of(c, whole);
  auto connection = raw_to(c, cut.url);
  static_cast<void>(
      connection.send(head + whole.body->substr(0, whole.body->size() - 200), answer_timeout));
  c.record_raw("a form that is cut off", head, {});
  break_off(connection);
  obj::need_forms(c);
  for (const auto& form : {open, cut}) {
    const auto object = obj::fetch(c, obj::get_url(c, form));
    findings.check(object.status == 404, "GET: " + obj::told(object));
  }
  return findings.outcome();
}

Outcome default_type_is_binary(Context& c) {
  auto draft = obj::draft(c);
  std::erase_if(draft.fields, [](const auto& field) { return field.first == "Content-Type"; });
  obj::drop_conditions(draft, "$Content-Type");
  const auto form = obj::signed_form(c, std::move(draft));
  const auto response = obj::post(c, form, "bar", {"file", "file.txt", ""});
  if (!obj::is_stored(response))
    stop_blocked("a form without Content-Type is taken", obj::told(response));
  const auto object = obj::fetch(c, obj::get_url(c, form));
  const auto type = tell(object, "Content-Type");
  return value_of(object, "Content-Type") == "binary/octet-stream"
             ? holds(type)
             : broken("Content-Type: binary/octet-stream", type);
}

Outcome early_form_refusal_is_readable(Context& c) {
  auto form = obj::good_form(c);
  auto signature = obj::field(form, obj::signature_field(form));
  std::ranges::reverse(signature);
  obj::set_field(form, obj::signature_field(form), signature);
  const auto request = obj::request_of(form, letters(4 << 20));
  const auto head = obj::head_of(c, request);
  auto connection = raw_to(c, form.url);
  const auto read = talk(c, connection, "a wrong signature before 4 MiB", head, *request.body);
  if (!read.response) return broken("the refusal can be read", to_string(read.seen));
  if (!is_4xx(*read.response)) {
    stop_blocked("a wrong signature is refused: 4xx", obj::told(*read.response));
  }
  return holds(obj::told(*read.response));
}

Outcome doubled_form_field(Context& c) {
  auto draft = obj::draft(c);
  obj::add_field(draft, "x-amz-meta-dex", "one");
  auto form = obj::signed_form(c, std::move(draft));
  form.fields.emplace_back("x-amz-meta-dex", "one");
  const auto response = obj::post(c, form);
  return observed("a field that is there twice: " + obj::told(response));
}

/// A form without a policy, for the bucket that anyone may write to.
PostForm public_form(Context& c) {
  const auto& url = obj::target(c).public_url;
  if (url.empty()) throw Stop{not_offered("the run has no public bucket (--public-bucket)")};
  const auto key = obj::new_key(c);
  c.created(url + '/' + s3::encode_path(key));
  return {url, {{"key", key}}, {}};
}

Outcome public_bucket_needs_no_policy(Context& c) { return obj::form_taken(c, public_form(c)); }

Outcome public_bucket_still_checks_signature(Context& c) {
  auto form = public_form(c);
  const auto right = obj::good_form(c);
  for (const auto& [name, value] : right.fields) {
    if (!http::same_name(name, "key")) form.fields.emplace_back(name, value);
  }
  auto signature = obj::field(form, obj::signature_field(form));
  std::ranges::reverse(signature);
  obj::set_field(form, obj::signature_field(form), signature);
  return obj::expect_refusal(obj::post(c, form), 403, "SignatureDoesNotMatch");
}

Outcome location_escapes_the_key(Context& c) {
  const auto form = obj::signed_form(c, obj::draft(c));
  const auto response = obj::post(c, form);
  if (!obj::is_stored(response)) stop_blocked("a form that is right is taken", obj::told(response));
  const bool right = value_of(response, "Location").ends_with('/' + http::percent_encode(form.key));
  return right ? holds("the key with %2F")
               : broken("Location: the bucket's URL and the key, each / as %2F",
                        response.headers.has("Location") ? "another" : "no Location");
}

}  // namespace

std::vector<Check> objects_post() {
  return {
      {"OBJ-POST-001", signed_form_stores_the_file},
      {"OBJ-POST-002", form_without_content_type_is_204},
      {"OBJ-POST-003", success_status_201_gives_xml},
      {"OBJ-POST-004", success_status_200_is_empty},
      {"OBJ-POST-005", other_success_status_is_204},
      {"OBJ-POST-006", success_redirect_is_303},
      {"OBJ-POST-007", relative_success_redirect_is_ignored},
      {"OBJ-POST-008", form_of_several_mebibytes},
      {"OBJ-POST-009", filename_variable_in_the_key},
      {"OBJ-POST-010", filename_loses_its_folders},
      {"OBJ-POST-011", filename_variable_without_a_name},
      {"OBJ-POST-012", field_names_in_any_case},
      {"OBJ-POST-013", backslash_before_dollar_is_kept},
      {"OBJ-POST-014", amz_meta_fields_are_kept},
      {"OBJ-POST-015", fields_after_file_are_ignored},
      {"OBJ-POST-016", every_form_of_boundary_is_found},
      {"OBJ-POST-017", form_bytes_are_kept_exactly},
      {"OBJ-POST-018", file_without_bytes_is_stored},
      {"OBJ-POST-019", body_no_form_is_412},
      {"OBJ-POST-020", form_without_boundary_is_400},
      {"OBJ-POST-021", form_without_key_is_400},
      {"OBJ-POST-022", policy_without_signature_is_400},
      {"OBJ-POST-023", form_without_signer_is_400},
      {"OBJ-POST-024", form_without_file_is_400},
      {"OBJ-POST-025", form_with_two_files_is_400},
      {"OBJ-POST-026", long_fields_before_file_are_400},
      {"OBJ-POST-027", broken_form_stores_nothing},
      {"OBJ-POST-028", default_type_is_binary},
      {"OBJ-POST-029", early_form_refusal_is_readable},
      {"OBJ-POST-030", doubled_form_field},
      {"OBJ-POST-031", public_bucket_needs_no_policy},
      {"OBJ-POST-032", public_bucket_still_checks_signature},
      {"OBJ-POST-033", location_escapes_the_key},
  };
}

}  // namespace conformance::suites
