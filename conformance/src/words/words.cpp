#include "words/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "transport/url.hpp"

namespace conformance::suites {
namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += "; ";
    text += part;
  }
  return text;
}

}  // namespace

// ---- judging -----------------------------------------------------------------------------------

Outcome expect(bool ok, std::string rule, const Response& got) {
  return ok ? holds(describe(got)) : broken(std::move(rule), describe(got));
}

void stop_blocked(std::string expected, std::string got) {
  throw Stop{Outcome{Outcome::Kind::blocked, std::move(expected), std::move(got)}};
}

void taken(const Response& response, std::string_view what) {
  if (!is_2xx(response)) stop_blocked(std::string{what} + " are taken", describe(response));
}

void only_in_http1(const Context& c, std::string_view what) {
  if (c.in_http2()) {
    throw Stop{not_offered(fmt::format("not judged with --http 2: HTTP/2 has no {}", what))};
  }
}

Findings& Findings::check(bool ok, std::string seen) {
  if (!ok) broken_.push_back(seen);
  seen_.push_back(std::move(seen));
  return *this;
}

Findings& Findings::check(bool ok, std::string_view label, const Response& got) {
  return check(ok, std::string{label} + ": " + describe(got));
}

Findings& Findings::must(bool ok, std::string rule, std::string seen) {
  if (ok) return note(std::move(seen));
  must_rules_.push_back(std::move(rule));
  must_seen_.push_back(std::move(seen));
  return *this;
}

Findings& Findings::note(std::string seen) {
  seen_.push_back(std::move(seen));
  return *this;
}

std::optional<Outcome> Findings::broken_part() const {
  if (!must_seen_.empty()) return broken_must(join(must_rules_), join(must_seen_));
  if (!broken_.empty()) return broken(rule_, join(broken_));
  return std::nullopt;
}

Outcome Findings::outcome() const { return broken_part().value_or(holds(join(seen_))); }

Outcome Findings::report() const {
  if (!must_seen_.empty()) return broken_must(join(must_rules_), join(must_seen_));
  return observed(join(seen_));
}

// ---- responses ---------------------------------------------------------------------------------

bool status_in(const Response& response, std::initializer_list<int> legal) {
  return std::find(legal.begin(), legal.end(), response.status) != legal.end();
}

bool is_gone(const Response& response) { return status_in(response, {404, 410}); }

std::string value_of(const Response& response, std::string_view name) {
  return std::string{response.headers.find(name).value_or("")};
}

std::string tell(const Response& response, std::string_view name) {
  const auto value = response.headers.joined(name);
  return value ? std::string{name} + ": " + *value : "no " + std::string{name};
}

bool is_integer(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string code(const Response& response) { return std::to_string(response.status); }

std::string code(const Exchange& exchange) {
  if (exchange.response) return code(*exchange.response);
  const auto why = exchange.failure ? exchange.failure->kind : transport::Failure::Kind::other;
  return "no answer (" + std::string{transport::to_string(why)} + ")";
}

std::string describe(const Response& response) {
  std::string out = std::to_string(response.status);
  if (!response.reason.empty()) out += " " + response.reason;
  for (const char* name : {"Upload-Offset", "Upload-Length", "Location", "Content-Type"}) {
    if (const auto value = response.headers.find(name))
      out += fmt::format(", {}: {}", name, *value);
  }
  return out;
}

// ---- bytes -------------------------------------------------------------------------------------

std::string letters(std::size_t count, char letter) { return std::string(count, letter); }

std::string from_offset(const std::string& bytes, Bytes offset) {
  return offset.value < bytes.size() ? bytes.substr(offset.value) : std::string{};
}

// ---- raw bytes ---------------------------------------------------------------------------------

RawConnection::Read talk(Context& c, RawConnection& connection, std::string_view what,
                         const std::string& head, std::string_view body, bool head_request) {
  // A server may refuse early and close: its answer counts, and not that sending failed.
  const auto in_time = [&c] { return std::clamp(c.time_left(), Milliseconds{1}, answer_timeout); };
  if (connection.send(head, in_time()) && !body.empty()) {
    static_cast<void>(connection.send(body, in_time()));
  }
  auto read = connection.read_response(in_time(), head_request);
  c.record_raw(what, head, read);
  return read;
}

RawConnection::Read talk(Context& c, std::string_view what, const std::string& head,
                         std::string_view body, bool head_request) {
  auto connection = c.raw();
  return talk(c, connection, what, head, body, head_request);
}

Response answer(const RawConnection::Read& read) {
  if (!read.response) {
    stop_blocked("a response", "none: " + to_string(read.seen) +
                                   (read.problem.empty() ? "" : ", " + read.problem));
  }
  return *read.response;
}

RawConnection::Read await_continue(RawConnection& connection, Milliseconds deadline) {
  constexpr Milliseconds slice{50};
  auto read = connection.read_response(slice);
  for (auto waited = slice; waited < deadline; waited += slice) {
    if (read.seen != RawConnection::Seen::timeout || !read.interims.empty()) break;
    read = connection.read_response(slice);
  }
  return read;
}

RawConnection raw_to(Context& c, const std::string& url) {
  if (!c.entrusts(url)) {
    stop_blocked("the storage is at the origin that was asked",
                 "another origin (--trust-origin lets it in)");
  }
  auto connection = RawConnection::open(url, c.target().tls, answer_timeout);
  if (!connection) {
    throw Stop{
        Outcome{Outcome::Kind::blocked, "a connection to the storage", connection.error().line()}};
  }
  return std::move(*connection);
}

std::string bare_head(Context& c, std::string_view method, const std::string& url,
                      const Fields& fields) {
  Fields all;
  if (const auto parts = transport::parse_url(url)) all.add("Host", parts->authority);
  const auto own = c.raw_headers();
  if (const auto agent = own.find("User-Agent")) all.add("User-Agent", std::string{*agent});
  for (const auto& [name, value] : fields) all.add(name, value);
  return transport::request_head(method, Context::target_of(url), all);
}

void break_off(RawConnection& connection) {
  connection.shutdown_send();
  static_cast<void>(connection.wait_for_close(Milliseconds{1'000}));
}

}  // namespace conformance::suites
