// upload/: a file and its metadata in one form (area openhumans-upload).
#include "openhumans/suites/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "openhumans/vocabulary.hpp"
#include "protocol/openhumans/form.hpp"

namespace conformance::suites {
namespace {

/// Whether what is stored is `bytes`; the words of a report.
std::string tell_stored(const Response& got, const std::string& bytes) {
  if (got.status != 200) return code(got) + " by its download_url";
  if (got.body == bytes) return "the bytes that were sent";
  return fmt::format("{} bytes, not the {} that were sent",
                     got.body_size == Bytes{bytes.size()} ? "other" : "more or fewer",
                     bytes.size());
}

Outcome upload_gives_201_and_id(Context& c) {
  const auto response =
      oh::upload(c, oh::file_fields(c), oh::file_part(oh::new_name(c)), "test file data\n");
  return oh::id_in(response)
             ? holds("201 {id}")
             : broken("upload/ stores a file: 201 {\"id\": N}", oh::tell_problem(response));
}

Outcome upload_is_there_at_once(Context& c) {
  const std::string bytes = "test file data\n";
  const auto name = oh::new_name(c);
  const auto id = oh::upload(c, name, bytes);
  Findings findings{"a file of upload/ is listed at once, under its name, with its bytes"};
  const auto file = oh::file_in(oh::listed(c), id);
  if (file.is_null()) return broken("a file of upload/ is listed at once", "it is not listed");
  findings.check(text_at(file, "/basename") == name,
                 text_at(file, "/basename") == name ? "listed" : "listed under another basename");
  const auto got = oh::download(c, id, bytes.size());
  findings.check(got.status == 200 && got.body == bytes, tell_stored(got, bytes));
  return findings.outcome();
}

/// Has to be refused because of the file alone: 400 with this text about data_file.
Outcome refused_file(const Response& response, std::string_view text) {
  const bool ok = response.status == 400 &&
                  oh::texts_about(response, "data_file") == std::vector{std::string{text}};
  return ok ? holds(oh::tell_problem(response))
            : broken(fmt::format("400 {{\"data_file\": [\"{}\"]}}", text),
                     oh::tell_problem(response));
}

Outcome upload_without_file_is_400(Context& c) {
  static_cast<void>(oh::upload(c, oh::new_name(c), "x"));
  return refused_file(c.send(oh::multipart_request(oh::target(c).upload_url, oh::file_fields(c))),
                      openhumans::field_required);
}

Outcome empty_upload_file_is_400(Context& c) {
  const auto name = oh::new_name(c);
  static_cast<void>(oh::upload(c, name, "x"));
  return refused_file(oh::upload(c, oh::file_fields(c), oh::file_part(name), ""),
                      openhumans::file_is_empty);
}

/// A form by hand: its parts, each with its head.
struct Part {
  std::string disposition;  ///< what follows "form-data; "
  std::string content;
};
Request hand_made(const Context& c, const std::string& boundary, const std::vector<Part>& parts) {
  Request request;
  request.method = "POST";
  request.url = oh::target(c).upload_url;
  request.headers.add("Content-Type", "multipart/form-data; boundary=" + boundary);
  std::string body;
  for (const auto& part : parts) {
    body += fmt::format("--{}\r\nContent-Disposition: form-data; {}\r\n\r\n{}\r\n", boundary,
                        part.disposition, part.content);
  }
  request.body = body + "--" + boundary + "--\r\n";
  return request;
}

Response send_hand_made(Context& c, Request request) {
  auto response = c.send(std::move(request));
  if (const auto id = oh::id_in(response)) {
    c.created(oh::target(c).remembered(oh::target(c).member, *id));
  }
  return response;
}

std::string file_disposition(const std::string& name) {
  return "name=\"data_file\"; filename=\"" + name + "\"";
}

Outcome file_before_other_fields(Context& c) {
  const auto request = hand_made(c, "dexboundary",
                                 {{file_disposition(oh::new_name(c)), "bytes"},
                                  {"name=\"metadata\"", oh::good_metadata()},
                                  {"name=\"project_member_id\"", oh::target(c).member}});
  const auto response = send_hand_made(c, request);
  return oh::id_in(response)
             ? holds("201 {id}")
             : broken("data_file before the other fields: 201", oh::tell_problem(response));
}

Outcome two_files_of_one_name(Context& c) {
  const auto name = oh::new_name(c);
  const auto first = oh::upload(c, name, "one");
  const auto second = oh::upload(c, name, "two");
  Findings findings{"two files of one name are two: two ids, both listed"};
  findings.check(first != second, first != second ? "two ids" : "one id");
  const auto files = oh::listed(c);
  for (const auto& [label, id] : {std::pair{"the first", first}, {"the second", second}}) {
    const bool there = !oh::file_in(files, id).is_null();
    findings.check(there, std::string{label} + (there ? " is listed" : " is not listed"));
  }
  return findings.outcome();
}

Outcome upload_bytes_are_kept_exactly(Context& c) {
  const std::string boundary = "dexboundary";
  std::string all;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  Findings findings{"the bytes of a file are kept, whatever they are"};
  for (const auto& [label, bytes] :
       {std::pair{"all 256 values", all},
        {"CR LF at the end", std::string{"text\r\n"}},
        {"CR at the end", std::string{"text\r"}},
        {"the boundary without its dashes", fmt::format("text\r\n-{0}\r\n{0}", boundary)}}) {
    const auto response =
        send_hand_made(c, hand_made(c, boundary,
                                    {{"name=\"project_member_id\"", oh::target(c).member},
                                     {"name=\"metadata\"", oh::good_metadata()},
                                     {file_disposition(oh::new_name(c)), bytes}}));
    const auto id = oh::id_in(response);
    if (!id) {
      findings.check(false, std::string{label} + ": " + oh::tell_problem(response));
      continue;
    }
    const auto got = oh::download(c, *id, bytes.size());
    findings.check(got.status == 200 && got.body == bytes,
                   std::string{label} + ": " + tell_stored(got, bytes));
  }
  return findings.outcome();
}

/// A basename that leads nowhere.
bool harmless(const std::string& basename) {
  return !basename.empty() && basename != "." && basename != ".." &&
         basename.find_first_of(std::string_view{"/\\\0", 3}) == std::string::npos;
}

Outcome file_name_never_leads_out(Context& c) {
  static_cast<void>(oh::upload(c, oh::new_name(c), "x"));
  Findings findings{"no name of a file leads anywhere: 201 or 4xx, and a basename without folders"};
  for (const auto& [label, name] : {std::pair{"../../x", std::string{"../../x"}},
                                    {"/etc/x", std::string{"/etc/x"}},
                                    {"..\\..\\x", std::string{"..\\..\\x"}},
                                    {"..", std::string{".."}},
                                    {"a NUL", std::string{"a\0b", 3}},
                                    {"4,000 characters", letters(4'000)}}) {
    const auto simple = oh::upload(c, oh::file_fields(c), oh::file_part(name), "bytes");
    findings.check(simple.status == 201 || is_4xx(simple),
                   std::string{"upload/ of "} + label + ": " + code(simple));
    const auto direct =
        oh::post(c, oh::target(c).direct_url, oh::with(oh::direct_fields(c), "filename", name));
    static_cast<void>(oh::read_direct(c, direct));
    findings.check(direct.status == 201 || is_4xx(direct),
                   std::string{"direct/ of "} + label + ": " + code(direct));
    if (const auto id = oh::id_in(simple)) {
      const auto listed = text_at(oh::file_in(oh::listed(c), *id), "/basename");
      findings.check(listed && harmless(*listed),
                     std::string{"the basename of "} + label +
                         (listed && harmless(*listed) ? " is one" : " is none"));
    }
  }
  return findings.outcome();
}

Outcome broken_upload_leaves_no_file(Context& c) {
  const auto name = oh::new_name(c);
  const auto request = oh::multipart_request(oh::target(c).upload_url, oh::file_fields(c),
                                             oh::file_part(name), letters(100'000));
  auto fields = c.raw_headers();
  fields.add("Content-Type", std::string{*request.headers.find("Content-Type")});
  fields.add("Content-Length", std::to_string(request.body->size()));
  const auto head = transport::request_head("POST", Context::target_of(request.url), fields);
  {
    auto connection = c.raw();
    const auto half = std::string_view{*request.body}.substr(0, 50'000);
    const bool sent =
        connection.send(head, answer_timeout) && connection.send(half, answer_timeout);
    c.record_raw("an upload that breaks off", head, {});
    if (!sent) stop_blocked("the server reads the body of an upload", "it closes the connection");
    break_off(connection);
  }
  // Once a whole upload of that name is listed, anything left of the broken one is listed too.
  const auto id = oh::upload(c, name, "bytes");
  const auto files = oh::listed(c);
  const auto of_the_name = std::ranges::count_if(
      files, [&](const Json& file) { return text_at(file, "/basename") == name; });
  const bool there = of_the_name > 1;
  Findings findings{"an upload that breaks off leaves no file, and the next one is taken"};
  findings.check(!there, there ? "it is listed" : "it is not listed");
  const bool next = !oh::file_in(files, id).is_null();
  findings.check(next, next ? "the next one is listed" : "the next one is not listed");
  return findings.outcome();
}

}  // namespace

std::vector<Check> openhumans_upload() {
  std::vector<Check> checks{
      {"OH-UP-001", upload_gives_201_and_id},       {"OH-UP-002", upload_is_there_at_once},
      {"OH-UP-003", upload_without_file_is_400},    {"OH-UP-004", empty_upload_file_is_400},
      {"OH-UP-005", file_before_other_fields},      {"OH-UP-006", two_files_of_one_name},
      {"OH-UP-007", upload_bytes_are_kept_exactly}, {"OH-UP-008", file_name_never_leads_out},
      {"OH-UP-009", broken_upload_leaves_no_file},
  };
  const auto direct = openhumans_direct();
  checks.insert(checks.end(), direct.begin(), direct.end());
  return checks;
}

}  // namespace conformance::suites
