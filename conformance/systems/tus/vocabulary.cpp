#include "tus/vocabulary.hpp"

#include <algorithm>
#include <cctype>

#include "protocol/tus/numbers.hpp"

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

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

Fields replaced(Fields fields, const Fields& by) {
  for (const auto& field : by) fields.set(field.name, field.value);
  return fields;
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

std::optional<Bytes> number_in(const Response& response, std::string_view name) {
  const auto value = response.headers.find(name);
  if (!value || !is_integer(*value)) return std::nullopt;
  const auto number = tus::parse_length_lenient(*value);
  if (!number) return std::nullopt;
  return *number;
}

std::string code(const Response& response) { return std::to_string(response.status); }

std::string code(const Exchange& exchange) {
  if (exchange.response) return code(*exchange.response);
  const auto why = exchange.failure ? exchange.failure->kind : transport::Failure::Kind::other;
  return "no answer (" + std::string{transport::to_string(why)} + ")";
}

// ---- requests ----------------------------------------------------------------------------------

Exchange attempt(Context& c, std::string_view method, const std::string& url, const Fields& headers,
                 std::optional<std::string> body, Milliseconds timeout) {
  Request request;
  request.method = method;
  request.url = url;
  request.headers =
      replaced({{std::string{hdr::tus_resumable}, std::string{tus::version}}}, headers);
  request.body = std::move(body);
  request.timeout = timeout;
  return c.exchange(std::move(request));
}

Fields patch_fields(std::string offset) {
  return {{"Content-Type", std::string{tus::offset_media_type}},
          {std::string{hdr::upload_offset}, std::move(offset)}};
}

Response patch_with(Context& c, const std::string& upload, const Fields& headers,
                    std::string body) {
  return c.tus("PATCH", upload, replaced(patch_fields("0"), headers), std::move(body));
}

Exchange patch_chunked(Context& c, const std::string& upload, Bytes offset, std::string body) {
  Request request;
  request.method = "PATCH";
  request.url = upload;
  request.headers = patch_fields(std::to_string(offset.value));
  request.headers.set(hdr::tus_resumable, std::string{tus::version});
  request.body = std::move(body);
  request.chunked = true;
  request.timeout = answer_timeout;
  return c.exchange(std::move(request));
}

Response post_with(Context& c, const Fields& headers, std::optional<std::string> body) {
  Fields fields;
  if (const auto manifest = c.metadata_header(); !manifest.empty()) {
    fields.add(std::string{hdr::upload_metadata}, manifest);
  }
  auto response =
      c.tus("POST", c.target().creation_url, replaced(std::move(fields), headers), std::move(body));
  if (is_2xx(response)) {
    if (const auto upload = c.location_of(response)) c.created(*upload);
  }
  return response;
}

std::string metadata_with(Context& c, const std::string& pairs) {
  const auto manifest = c.metadata_header();
  return manifest.empty() ? pairs : manifest + "," + pairs;
}

Response post_metadata(Context& c, const std::string& pairs) {
  Creation creation;
  creation.raw_metadata = metadata_with(c, pairs);
  return c.post(creation);
}

std::string url_of(Context& c, const Response& creation) {
  const auto upload = c.location_of(creation);
  if (creation.status != 201 || !upload) {
    stop_blocked("201 Created with Location, so that the upload can be looked at",
                 describe(creation));
  }
  return *upload;
}

std::string unknown_upload(Context& c) {
  auto url = c.create();
  std::uniform_int_distribution<std::size_t> digit(0, 15);
  const auto id = url.size() - Context::id_of(url).size();
  for (auto at = id; at < url.size(); ++at) {
    if (is_alphanumeric(url[at])) url[at] = "0123456789abcdef"[digit(c.random())];
  }
  return url;
}

std::size_t within_limit(const Context& c, std::size_t wanted) {
  const auto limit = c.target().discovery.max_size;
  return limit ? static_cast<std::size_t>(std::min<std::uint64_t>(wanted, limit->value)) : wanted;
}

std::string letters(std::size_t count, char letter) { return std::string(count, letter); }

std::string from_offset(const std::string& bytes, Bytes offset) {
  return offset.value < bytes.size() ? bytes.substr(offset.value) : std::string{};
}

// ---- what HEAD tells ---------------------------------------------------------------------------

std::string to_string(const UploadState& state) {
  std::string text = "offset " + std::to_string(state.offset.value);
  if (state.length) text += " of " + std::to_string(state.length->value);
  if (state.deferred) text += ", length deferred";
  return text;
}

UploadState state_of(Context& c, const std::string& upload) {
  const auto head = c.head(upload);
  const auto offset = number_in(head, hdr::upload_offset);
  if (!is_2xx(head) || !offset) {
    stop_blocked("HEAD of the upload succeeds with Upload-Offset", describe(head));
  }
  return {*offset, number_in(head, hdr::upload_length), head.headers.has(hdr::upload_defer_length)};
}

std::optional<Bytes> try_offset(Context& c, const std::string& upload) {
  const auto head = attempt(c, "HEAD", upload);
  if (!head.response || !is_2xx(*head.response)) return std::nullopt;
  return number_in(*head.response, hdr::upload_offset);
}

std::optional<dex::Info> info_of(Context& c, const std::string& upload) {
  auto info = dex::parse_info(c.get(c.target().info_url + "/" + Context::id_of(upload)).body);
  if (!info) return std::nullopt;
  return std::move(*info);
}

std::vector<std::string> pairs_of(const Response& head) {
  std::vector<std::string> pairs;
  const auto value = head.headers.joined(hdr::upload_metadata);
  if (!value) return pairs;
  for (const auto pair : http::split_list(*value)) pairs.emplace_back(pair);
  return pairs;
}

bool lists_key(const Response& head, std::string_view key) {
  const auto pairs = pairs_of(head);
  return std::any_of(pairs.begin(), pairs.end(), [key](const std::string& pair) {
    return std::string_view{pair}.substr(0, pair.find(' ')) == key;
  });
}

// ---- raw bytes ---------------------------------------------------------------------------------

Fields raw_fields(Context& c, const Fields& more) {
  auto fields = c.raw_headers();
  for (const auto& field : more) fields.add(field.name, field.value);
  return fields;
}

std::string raw_head(Context& c, std::string_view method, const std::string& url,
                     const Fields& more) {
  return transport::request_head(method, Context::target_of(url), raw_fields(c, more));
}

RawConnection::Read talk(Context& c, RawConnection& connection, std::string_view what,
                         const std::string& head, std::string_view body, bool head_request) {
  // A server may refuse early and close: what it said counts, not that the rest could not be sent.
  if (connection.send(head, answer_timeout) && !body.empty()) {
    static_cast<void>(connection.send(body, answer_timeout));
  }
  auto read = connection.read_response(answer_timeout, head_request);
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

std::string to_string(RawConnection::Seen seen) {
  switch (seen) {
    case RawConnection::Seen::response:
      return "a response";
    case RawConnection::Seen::closed:
      return "the server closed the connection";
    case RawConnection::Seen::reset:
      return "the server reset the connection";
    case RawConnection::Seen::timeout:
      return "silence, the connection stays open";
    case RawConnection::Seen::malformed:
      return "bytes that are no HTTP response";
  }
  return "nothing";
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

RawConnection half_sent_patch(Context& c, const std::string& upload, Bytes offset,
                              std::size_t declared, std::string_view part) {
  auto connection = c.raw();
  auto fields = raw_fields(c, patch_fields(std::to_string(offset.value)));
  fields.add("Content-Length", std::to_string(declared));
  // The 100 tells that the server has begun to read, without a pause that might be too short.
  fields.add("Expect", "100-continue");
  const auto head = transport::request_head("PATCH", Context::target_of(upload), fields);
  const auto sent = connection.send(head, answer_timeout);
  const auto read = await_continue(connection, Milliseconds{1'000});
  c.record_raw("a PATCH of which only a part is sent", head, read);
  if (!sent || read.seen != RawConnection::Seen::timeout) {
    stop_blocked("the server waits for the body of a correct PATCH",
                 read.response ? describe(*read.response) : to_string(read.seen));
  }
  static_cast<void>(connection.send(part, answer_timeout));
  return connection;
}

}  // namespace conformance::suites
