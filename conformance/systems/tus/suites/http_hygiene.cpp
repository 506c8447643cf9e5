// What any HTTP server owes (RFC 9110, RFC 9112) and what keeps stored files safe.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "tus/suites/habits.hpp"
#include "tus/suites/whole_uploads.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
  return text;
}

Outcome unsupported_method_is_405_with_allow(Context& c) {
  Findings findings{"a method that is not supported gives 405 with Allow (RFC 9110 15.5.6)"};
  const auto look = [&](const char* label, const Response& response) {
    const bool refused = response.status == 405 && response.headers.has("Allow");
    findings.check(refused || is_2xx(response),
                   std::string{label} + ": " + code(response) + ", " + tell(response, "Allow"));
  };
  look("PUT of an upload", send_tus(c, "PUT", create(c), {}, letters(4)));
  look("GET of the creation URL", c.get(c.target().url));
  return findings.outcome();
}

Outcome empty_reason_and_lower_case_names(Context& c) {
  // Our two readers of HTTP must understand the same, however the server spells it.
  const auto upload = create(c);
  const auto read = talk(c, "HEAD", raw_head(c, "HEAD", upload), {}, /*head_request=*/true);
  const std::string rule =
      "status line and fields parse, whatever the reason phrase and the case"
      " of the names";
  if (!read.response) return broken(rule, to_string(read.seen));
  const auto library = head_of(c, upload);
  const auto& raw = *read.response;
  const bool agree =
      raw.status == library.status &&
      raw.headers.find(hdr::upload_offset) == library.headers.find(hdr::upload_offset) &&
      raw.headers.find(hdr::upload_length) == library.headers.find(hdr::upload_length);
  const auto seen = "HEAD " + code(raw) + (raw.reason.empty() ? " without a reason" : "") + ", " +
                    tell(raw, hdr::upload_offset);
  return agree ? holds(seen) : broken(rule, seen + "; through the library " + describe(library));
}

Outcome unauthorized_401_has_a_challenge(Context& c) {
  if (!c.target().needs_authorization) {
    return not_offered("the target does not ask for credentials");
  }
  Request request;
  request.method = "POST";
  request.url = c.target().url;
  request.headers = {{std::string{hdr::tus_resumable}, std::string{tus::version}}};
  const auto exchange = c.exchange_anonymously(std::move(request));
  if (!exchange.response) stop_unanswered("POST without credentials", exchange);
  if (exchange.response->status != 401) {
    return not_offered("a request without credentials is refused with " + code(exchange));
  }
  return expect(exchange.response->headers.has("WWW-Authenticate"),
                "401 comes with WWW-Authenticate (RFC 9110 15.5.2)", *exchange.response);
}

Outcome path_tricks_reach_no_file(Context& c) {
  Findings findings{"a path does not reach other files"};
  const auto upload = Context::target_of(create_complete(c, letters(10)));
  const auto base = upload.substr(0, upload.rfind('/'));
  for (const auto& path :
       {base + "/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        base + "/../../../../../../etc/passwd", base + "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        base + "/..%5c..%5c..%5cetc%5cpasswd", base + "/%00", upload + ".info",
        upload + "%2einfo"}) {
    for (const std::string method : {"GET", "HEAD"}) {
      // By hand: a client library tidies paths up.
      const auto head = transport::request_head(method, path, raw_fields(c));
      const auto read = talk(c, "a path trick", head, {}, method == "HEAD");
      // A path whose dots lead out of the folder may name another page of the server: there the
      // content decides. A server may also close the connection on what it takes for an attack.
      const bool leaves = path.find("/..%2f") == std::string::npos &&
                          path.find("%5c") == std::string::npos &&
                          path.find("etc/passwd") != std::string::npos;
      const bool found = read.response && is_2xx(*read.response);
      const bool reached =
          found && (!leaves || read.response->body.find("root:") != std::string::npos);
      const auto shown =
          path.rfind(upload, 0) == 0 ? "{upload}" + path.substr(upload.size()) : path;
      findings.check(!reached,
                     fmt::format("{} {}: {}", method, shown,
                                 read.response ? code(*read.response) : to_string(read.seen)));
    }
  }
  return findings.outcome();
}

Outcome garbage_requests_are_survived(Context& c) {
  Findings findings{"unknown methods and garbage are refused or closed; the server goes on"};
  // The answer to OPTIONS before, whatever it is, must be the same afterwards.
  const auto usual = attempt(c, "OPTIONS", c.target().url);
  if (!usual.response) stop_unanswered("OPTIONS", usual);
  const auto target = Context::target_of(c.target().url);
  const std::vector<std::pair<const char*, std::string>> odd{
      {"TRACE", transport::request_head("TRACE", target, raw_fields(c))},
      {"FOO", transport::request_head("FOO", target, raw_fields(c))},
      {"a header of 100 kB",
       transport::request_head("OPTIONS", target, raw_fields(c, {{"X-Long", letters(100'000)}}))},
      {"a request line of noise", "\x01\x02 garbage \xff\r\n\r\n"},
      {"no HTTP version", "GET " + target + "\r\n\r\n"},
  };
  for (const auto& [label, bytes] : odd) {
    auto connection = c.raw();
    static_cast<void>(connection.send(bytes, answer_timeout));
    connection.shutdown_send();
    const auto read = connection.read_response(c.patience());
    c.record_raw(label, bytes.substr(0, 200), read);
    const auto came = read.response ? code(*read.response) : to_string(read.seen);
    findings.check(read.seen != RawConnection::Seen::timeout, std::string{label} + ": " + came);
    const auto next = attempt(c, "OPTIONS", c.target().url);
    findings.check(next.response && next.response->status == usual.response->status,
                   std::string{"the next request: "} + code(next));
  }
  return findings.outcome();
}

Outcome no_active_content_is_served(Context& c) {
  if (!tus_target(c).downloads) return not_offered("GET of an upload is not offered");
  tus::Metadata metadata;
  metadata.set("filename", "page.html");
  metadata.set("filetype", "text/html");
  const auto upload = create_complete(c, "<script>alert(1)</script>", {.metadata = metadata});
  const auto got = c.get(upload);
  if (!is_2xx(got)) stop_blocked("GET of a finished upload succeeds", describe(got));
  const auto type = lower(value_of(got, "Content-Type"));
  const bool attachment = lower(value_of(got, "Content-Disposition")).rfind("attachment", 0) == 0;
  const bool harmless =
      (type.rfind("application/octet-stream", 0) == 0 || type.rfind("text/plain", 0) == 0) &&
      got.headers.has_token("X-Content-Type-Options", "nosniff");
  Findings findings{"a stored page is served as an attachment, or as a type that cannot act"};
  findings.check(attachment || harmless, tell(got, "Content-Type") + ", " +
                                             tell(got, "Content-Disposition") + ", " +
                                             tell(got, "X-Content-Type-Options"));
  return findings.outcome();
}

Outcome get_gives_the_bytes_sent(Context& c) {
  const auto bytes = c.random_bytes(within_limit(c, 1000));
  const auto got = c.get(create_complete(c, bytes));
  if (!is_2xx(got)) return not_offered("GET of an upload is not offered");
  const bool as_long = got.body_size == Bytes{bytes.size()};
  const auto seen = fmt::format("{} with {} bytes of {}{}", code(got), got.body_size.value,
                                bytes.size(), as_long && got.body != bytes ? ", others" : "");
  const std::string demand = "GET of a finished upload, where it succeeds, gives the bytes sent";
  if (got.body == bytes) return holds(seen);
  // A page about an upload may be an answer to GET; other bytes in place of it are not.
  return as_long || tus_target(c).downloads ? broken_must(demand, seen) : broken(demand, seen);
}

Outcome content_length_beside_chunked(Context& c) {
  return observed(chunked_beside_length(c).seen);
}

/// A request by hand in HTTP/1.0, on a connection of its own.
RawConnection::Read in_http10(Context& c, std::string_view method, const std::string& upload,
                              const Fields& more, std::string_view body = {}) {
  const auto head =
      transport::request_head(method, Context::target_of(upload), raw_fields(c, more), "HTTP/1.0");
  return talk(c, fmt::format("{} in HTTP/1.0", method), head, body, method == "HEAD");
}

Outcome old_client_without_transfer_encoding(Context& c) {
  const auto bytes = c.random_bytes(1003);
  const auto upload = create(c, {.length = Bytes{bytes.size()}});
  auto fields = patch_fields("0");
  fields.add("Content-Length", std::to_string(bytes.size()));
  Kept kept{c, "a client of HTTP/1.0 is served, or refused; and without Transfer-Encoding"};
  const auto look = [&](const char* label, const RawConnection::Read& read) -> bool {
    kept.check(read.response.has_value(), fmt::format("{}: {}", label, to_string(read.seen)));
    if (!read.response) return false;
    const auto& got = *read.response;
    kept.check(!got.headers.has("Transfer-Encoding"),
               fmt::format("{}: {}, {}", label, code(got), tell(got, "Transfer-Encoding")));
    if (is_2xx(got)) return true;
    kept.check(is_4xx(got) || got.status == 505, fmt::format("{}: {}", label, describe(got)));
    kept.note(fmt::format("{}: {}", label, code(got)));
    return false;
  };
  if (!look("PATCH", in_http10(c, "PATCH", upload, fields, bytes))) return kept.outcome();
  const auto head = in_http10(c, "HEAD", upload, {});
  if (!look("HEAD", head)) return kept.outcome();
  kept.check(number_in(*head.response, hdr::upload_offset) == Bytes{bytes.size()},
             "HEAD in HTTP/1.0 after 1003 bytes: " + describe(*head.response));
  if (tus_target(c).downloads) {
    const auto got = in_http10(c, "GET", upload, {});
    if (look("GET", got)) {
      kept.check(
          got.response->body == bytes,
          fmt::format("GET in HTTP/1.0: {} bytes of {}{}", got.response->body.size(), bytes.size(),
                      got.response->body.size() == bytes.size() ? ", others" : ""));
    }
  }
  return kept.look("the upload", upload, bytes).outcome();
}

Outcome odd_chunks_are_read(Context& c) {
  const auto bytes = c.random_bytes(400);
  const auto upload = create(c, {.length = Bytes{bytes.size()}});
  auto fields = patch_fields("0");
  fields.add("Transfer-Encoding", "chunked");
  // Extensions, which a server ignores (RFC 9112 section 7.1.1), and sizes as they may be written.
  constexpr std::array<std::string_view, 5> after_size{"", ";a", ";a=b", ";a=\"b c\"", ";a;b=c"};
  std::string body;
  std::size_t count = 0;
  for (std::size_t at = 0; at < bytes.size(); ++count) {
    const auto piece = std::string_view{bytes}.substr(at, count == 100 ? 30 : 1 + count % 3);
    body += fmt::format(
        "{}{}{}\r\n{}\r\n", count % 4 == 1 ? "000" : "",
        count % 2 == 0 ? fmt::format("{:x}", piece.size()) : fmt::format("{:X}", piece.size()),
        after_size[count % after_size.size()], piece);
    at += piece.size();
  }
  body += "0;last\r\nX-Trailer: ignored\r\n\r\n";
  auto connection = c.raw();
  const auto read = talk(c, connection, fmt::format("a PATCH of {} chunks with extensions", count),
                         raw_head(c, "PATCH", upload, fields), body);
  const auto label = fmt::format("{} chunks of 400 bytes with extensions and a trailer", count);
  Kept kept{c, "chunks of any size and with extensions are read as RFC 9112 section 7.1 says"};
  if (!read.response || !is_2xx(*read.response)) {
    return kept
        .check(false,
               label + ": " + (read.response ? describe(*read.response) : to_string(read.seen)))
        .outcome();
  }
  const auto next =
      talk(c, connection, "HEAD on the same connection", raw_head(c, "HEAD", upload), {}, true);
  const bool closed =
      next.seen == RawConnection::Seen::closed || next.seen == RawConnection::Seen::reset;
  kept.check(closed || (next.response && is_2xx(*next.response)),
             label + ": " + code(*read.response) + ", then on the same connection " +
                 (next.response ? describe(*next.response) : to_string(next.seen)));
  return kept.look(label, upload, bytes).outcome();
}

Outcome single_fields_stand_once(Context& c) {
  // Fields whose value is no list: a second line is a fault even where it says the same (RFC 9110
  // section 5.3). One reader takes the first line, another the last, and a browser neither.
  constexpr std::array<std::string_view, 12> single{
      "Tus-Resumable",       "Upload-Offset",  "Upload-Length",
      "Upload-Defer-Length", "Upload-Expires", "Location",
      "Content-Type",        "Content-Length", "Access-Control-Allow-Origin",
      "Tus-Max-Size",        "Date",           "Access-Control-Allow-Credentials"};
  Findings findings{"a field that is no list stands in an answer once"};
  std::size_t looked_at = 0;
  const auto look = [&](const char* label, const Response& response) {
    ++looked_at;
    for (const auto name : single) {
      const auto lines = response.headers.all(name).size();
      if (lines > 1) {
        findings.check(
            false, fmt::format("{}: {} with {} lines of {}", label, code(response), lines, name));
      }
    }
  };
  const Fields of_page{{"Origin", "https://partner.example"}};
  const auto options = send_tus(c, "OPTIONS", c.target().url, of_page);
  look("OPTIONS", options);
  look("a preflight", send_tus(c, "OPTIONS", c.target().url,
                               {{"Origin", "https://partner.example"},
                                {"Access-Control-Request-Method", "PATCH"}}));
  const auto created = post(c, {.headers = of_page});
  look("a creation", created);
  const auto upload = url_of(c, created);
  look("HEAD", send_tus(c, "HEAD", upload, of_page));
  look("PATCH", patch(c, upload, Bytes{0}, letters(4), of_page));
  look("a PATCH at a wrong offset", patch(c, upload, Bytes{0}, letters(4), of_page));
  look("the last PATCH", patch(c, upload, Bytes{4}, letters(6), of_page));
  look("HEAD of a finished upload", send_tus(c, "HEAD", upload, of_page));
  if (tus_target(c).downloads) look("GET", send_tus(c, "GET", upload, of_page));
  look("HEAD of an unknown upload", send_tus(c, "HEAD", unknown_upload(c), of_page));
  if (tus_target(c).discovery.offers(ext::creation_defer_length)) {
    const auto deferred = post(c, {.length = std::nullopt, .defer_length = true});
    look("HEAD of deferred length", head_of(c, url_of(c, deferred)));
  }
  if (tus_target(c).discovery.offers(ext::termination)) look("DELETE", remove(c, upload));
  return findings.note(fmt::format("{} answers", looked_at)).outcome();
}

Outcome pipelined_requests_answered_in_order(Context& c) {
  std::vector<std::string> uploads;
  std::string requests;
  for (const std::uint64_t length : {11U, 22U, 33U}) {
    uploads.push_back(create(c, {.length = Bytes{length}}));
    requests += raw_head(c, "HEAD", uploads.back());
  }
  auto connection = c.raw();
  static_cast<void>(connection.send(requests, answer_timeout));
  Findings findings{"requests that are sent without waiting are answered in their order"};
  std::size_t answered = 0;
  for (const std::uint64_t length : {11U, 22U, 33U}) {
    const auto read = connection.read_response(answer_timeout, /*head_request=*/true);
    c.record_raw("one of three answers", answered == 0 ? requests : "", read);
    // A server may close instead of answering the rest; clients then send that again.
    if (answered > 0 &&
        (read.seen == RawConnection::Seen::closed || read.seen == RawConnection::Seen::reset)) {
      break;
    }
    ++answered;
    const bool right = read.response && is_2xx(*read.response) &&
                       number_in(*read.response, hdr::upload_length) == Bytes{length};
    findings.check(right,
                   fmt::format("answer {} is to be of an upload of {} bytes: {}", answered, length,
                               read.response ? code(*read.response) + ", " +
                                                   tell(*read.response, hdr::upload_length)
                                             : to_string(read.seen)));
    if (!right) break;
  }
  return findings.note(fmt::format("{} of 3 answered in order", answered)).outcome();
}

Outcome expect_continue_is_answered_first(Context& c) {
  const auto upload = create(c);
  auto fields = raw_fields(c, patch_fields("0"));
  fields.add("Content-Length", "4");
  fields.add("Expect", "100-continue");
  const auto head = transport::request_head("PATCH", Context::target_of(upload), fields);
  auto connection = c.raw();
  static_cast<void>(connection.send(head, answer_timeout));
  // The body is never sent, so a server that waits for it would wait for ever.
  const auto read = await_continue(connection, Milliseconds{3'000});
  c.record_raw("a PATCH that expects 100-continue, and no body yet", head, read);
  const bool continued =
      std::ranges::any_of(read.interims, [](const auto& interim) { return interim.status == 100; });
  const auto seen = continued       ? std::string{"100"}
                    : read.response ? code(*read.response)
                                    : "nothing within 3 s";
  return continued || read.response
             ? holds(seen)
             : broken("a request that expects 100-continue gets 100 or its answer at once", seen);
}

}  // namespace

std::vector<Check> http_hygiene() {
  return {
      {"HTTP-001", unsupported_method_is_405_with_allow, ext::creation},
      {"HTTP-002", empty_reason_and_lower_case_names, ext::creation},
      {"HTTP-003", unauthorized_401_has_a_challenge},
      {"HTTP-004", path_tricks_reach_no_file, ext::creation},
      {"HTTP-005", garbage_requests_are_survived},
      {"HTTP-006", no_active_content_is_served, ext::creation},
      {"HTTP-007", content_length_beside_chunked, ext::creation},
      {"HTTP-008", get_gives_the_bytes_sent, ext::creation},
      {"HTTP-009", old_client_without_transfer_encoding, ext::creation},
      {"HTTP-010", odd_chunks_are_read, ext::creation},
      {"HTTP-011", single_fields_stand_once, ext::creation},
      {"HTTP-012", pipelined_requests_answered_in_order, ext::creation},
      {"HTTP-013", expect_continue_is_answered_first, ext::creation},
  };
}

}  // namespace conformance::suites
