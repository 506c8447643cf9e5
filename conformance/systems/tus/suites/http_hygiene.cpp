// What any HTTP server owes (RFC 9110, RFC 9112) and what keeps stored files safe.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "tus/suites/habits.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
  return text;
}

Outcome http_001(Context& c) {
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

Outcome http_002(Context& c) {
  // Two readers of our own must understand the same thing, however the server spells it.
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

Outcome http_003(Context& c) {
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

Outcome http_004(Context& c) {
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
      // A path that leaves the folder by its dots may name a page of its own: there the content
      // decides. A server may also close the door on what it takes for an attack.
      const bool leaves = path.find("/..%2f") == std::string::npos &&
                          path.find("%5c") == std::string::npos &&
                          path.find("etc/passwd") != std::string::npos;
      const bool found = read.response && is_2xx(*read.response);
      const bool reached =
          found && (!leaves || read.response->body.find("root:") != std::string::npos);
      const auto shown =
          path.rfind(upload, 0) == 0 ? "{upload}" + path.substr(upload.size()) : path;
      findings.check(!reached, method + " " + shown + ": " +
                                   (read.response ? code(*read.response) : to_string(read.seen)));
    }
  }
  return findings.outcome();
}

Outcome http_005(Context& c) {
  Findings findings{"unknown methods and garbage are refused or closed; the server goes on"};
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
    findings.check(next.response && is_2xx(*next.response),
                   std::string{"the next request: "} + code(next));
  }
  return findings.outcome();
}

Outcome http_006(Context& c) {
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

Outcome http_008(Context& c) {
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

Outcome http_007(Context& c) { return observed(chunked_beside_length(c).seen); }

}  // namespace

std::vector<Check> http_hygiene() {
  return {
      {"HTTP-001", http_001, ext::creation},
      {"HTTP-002", http_002, ext::creation},
      {"HTTP-003", http_003},
      {"HTTP-004", http_004, ext::creation},
      {"HTTP-005", http_005},
      {"HTTP-006", http_006, ext::creation},
      {"HTTP-007", http_007, ext::creation},
      {"HTTP-008", http_008, ext::creation},
  };
}

}  // namespace conformance::suites
