#include "tus/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/delivered.hpp"
#include "client/endpoints.hpp"
#include "protocol/tus/numbers.hpp"

namespace conformance::suites {
namespace {

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

Fields replaced(Fields fields, const Fields& by) {
  for (const auto& field : by) fields.set(field.name, field.value);
  return fields;
}

/// Each field of `extra` replaces those of the same name; one with an empty value removes them.
void replace(http::Fields& fields, const http::Fields& extra) {
  for (const auto& field : extra) fields.remove(field.name);
  for (const auto& field : extra) {
    if (!field.value.empty()) fields.add(field.name, field.value);
  }
}

}  // namespace

const TusTarget& tus_target(const Context& c) { return dynamic_cast<const TusTarget&>(c.target()); }

// ---- correct requests --------------------------------------------------------------------------

Response send_tus(Context& c, std::string_view method, const std::string& url,
                  const Fields& headers, std::optional<std::string> body) {
  Request request;
  request.method = method;
  request.url = url;
  request.headers.add(std::string(hdr::tus_resumable), std::string(tus::version));
  replace(request.headers, headers);
  request.body = std::move(body);
  return c.send(std::move(request));
}

Response ask_options(Context& c) { return send_tus(c, "OPTIONS", c.target().url); }

Response post(Context& c, const Creation& creation) {
  Fields headers;
  if (creation.length) {
    headers.add(std::string(hdr::upload_length), std::to_string(creation.length->value));
  }
  if (creation.defer_length) headers.add(std::string(hdr::upload_defer_length), "1");
  const std::string metadata =
      creation.raw_metadata ? *creation.raw_metadata : metadata_header(c, creation.metadata);
  if (!metadata.empty()) headers.add(std::string(hdr::upload_metadata), metadata);
  if (!creation.concat.empty()) {
    headers.add(std::string(hdr::upload_concat), creation.concat);
  }
  if (creation.body) headers.add("Content-Type", std::string(tus::offset_media_type));
  replace(headers, creation.headers);
  // A field that `replace` removed must not come back in send_tus(): its empty value tells that.
  for (const auto& field : creation.headers) {
    if (field.value.empty()) headers.add(field.name, "");
  }
  Response response = send_tus(c, "POST", c.target().url, headers, creation.body);
  if (response.status == 201) {
    if (const auto location = location_of(c, response)) c.created(*location);
  }
  return response;
}

Response head_of(Context& c, const std::string& upload) { return send_tus(c, "HEAD", upload); }

Response patch(Context& c, const std::string& upload, Bytes offset, std::string body,
               const Fields& extra) {
  Fields headers{
      {std::string(hdr::upload_offset), std::to_string(offset.value)},
      {"Content-Type", std::string(tus::offset_media_type)},
  };
  replace(headers, extra);
  for (const auto& field : extra) {
    if (field.value.empty()) headers.add(field.name, "");
  }
  return send_tus(c, "PATCH", upload, headers, std::move(body));
}

Response remove(Context& c, const std::string& upload) { return send_tus(c, "DELETE", upload); }

namespace {

/// Instead of a creation, where uploads come from another API (--upload-url).
std::string given_in_place_of(Context& c, const Creation& creation) {
  const bool plain = creation.length && !creation.defer_length && creation.metadata.empty() &&
                     !creation.raw_metadata && creation.concat.empty() && !creation.body &&
                     creation.headers.empty();
  if (!plain) throw Stop{not_offered("needs an upload of its own making (--upload-url)")};
  auto upload = tus_target(c).given_upload(*creation.length);
  if (!upload) {
    throw Stop{not_offered(fmt::format("no upload of {} bytes is left among those of --upload-url",
                                       creation.length->value))};
  }
  return std::move(*upload);
}

}  // namespace

std::string create(Context& c, const Creation& creation) {
  if (tus_target(c).takes_given()) return given_in_place_of(c, creation);
  const Response response = post(c, creation);
  const auto location = location_of(c, response);
  if (response.status != 201 || !location) {
    stop_blocked("POST creates an upload: 201 with a Location", describe(response));
  }
  return *location;
}

std::string create_complete(Context& c, const std::string& bytes, Creation creation) {
  creation.length = Bytes{bytes.size()};
  std::string upload = create(c, creation);
  if (bytes.empty()) return upload;
  const Response response = patch(c, upload, Bytes{0}, bytes);
  const auto offset = response.headers.find(hdr::upload_offset);
  if (!is_2xx(response) || offset != std::to_string(bytes.size())) {
    stop_blocked(fmt::format("PATCH stores all {} bytes: 204 with Upload-Offset: {}", bytes.size(),
                             bytes.size()),
                 describe(response));
  }
  return upload;
}

Bytes offset_of(Context& c, const std::string& upload) {
  const Response response = head_of(c, upload);
  const auto offset = response.headers.find(hdr::upload_offset);
  const auto value = offset ? tus::parse_length(*offset) : tl::unexpected(Error{});
  if (!is_2xx(response) || !value) {
    stop_blocked("HEAD tells the offset: 200 with Upload-Offset", describe(response));
  }
  return *value;
}

std::optional<std::string> location_of(const Context& c, const Response& response) {
  const auto location = response.headers.find("Location");
  if (!location || location->empty()) return std::nullopt;
  auto url = client::locate(c.target().url, *location);
  if (!url) return std::nullopt;
  return std::move(*url);
}

std::string id_of(const std::string& upload) { return client::last_segment(upload); }

std::string metadata_header(const Context& c, const tus::Metadata& extra) {
  tus::Metadata metadata = tus_target(c).metadata;
  for (const auto& pair : extra.pairs()) metadata.set(pair.key, pair.value);
  return metadata.empty() ? std::string() : tus::format_metadata(metadata);
}

namespace {

/// How `got` differs from what was sent; empty when it does not.
std::string difference(const std::string& got, const std::string& sent) {
  if (got == sent) return {};
  const auto shorter = std::min(got.size(), sent.size());
  std::size_t first = 0;
  while (first < shorter && got[first] == sent[first]) ++first;
  if (got.size() != sent.size()) {
    return fmt::format(
        "{} {} bytes that were sent, {}",
        got.size() < sent.size() ? std::to_string(got.size()) + " of the" : "more than the",
        sent.size(),
        first == shorter ? "the same so far" : "others from byte " + std::to_string(first) + " on");
  }
  auto last = sent.size() - 1;
  while (last > first && got[last] == sent[last]) --last;
  return first == last ? fmt::format("byte {} of {} is another", first, sent.size())
                       : fmt::format("bytes {} to {} of {} are others", first, last, sent.size());
}

std::optional<bool> delivered_as_any_of(Context& c, const std::string& upload,
                                        const std::vector<std::string>& all) {
  const std::string& folder = tus_target(c).delivered_dir;
  if (folder.empty()) return std::nullopt;
  const std::string id = id_of(upload);
  std::optional<bool> equal;
  c.eventually(c.patience(), [&] {
    const auto compare = [&](const std::filesystem::path& file) {
      std::ifstream in(file, std::ios::binary);
      const std::string content((std::istreambuf_iterator<char>(in)), {});
      equal = std::ranges::count(all, content) > 0;
      return !*equal;  // it may still be being written, or belong to another attempt
    };
    static_cast<void>(client::each_delivered(folder, id, compare));
    return equal == true;
  });
  return equal;
}

}  // namespace

std::optional<std::string> damage_of(Context& c, const std::string& upload,
                                     const std::string& bytes) {
  if (!tus_target(c).downloads) {
    const auto equal = delivered_equals(c, upload, bytes);
    if (!equal) return std::nullopt;
    return *equal ? "" : fmt::format("of {} bytes the delivered copy has others", bytes.size());
  }
  Request request;
  request.method = "GET";
  request.url = upload;
  request.timeout = std::min(request.timeout, c.time_left() / 2);
  request.body_limit = Bytes{bytes.size() + (64U << 10U)};
  const Exchange seen = c.exchange(std::move(request));
  if (!seen.response) stop_unanswered("GET " + Context::target_of(upload), seen);
  if (!is_2xx(*seen.response)) return "GET: " + describe(*seen.response);
  const std::string& got = seen.response->body;
  if (seen.failure && seen.failure->kind == transport::Failure::Kind::timeout &&
      bytes.compare(0, got.size(), got) == 0) {
    return std::nullopt;  // a slow line: the bytes that came are right
  }
  return difference(got, bytes);
}

std::optional<bool> delivered_equals(Context& c, const std::string& upload,
                                     const std::string& bytes) {
  return delivered_as_any_of(c, upload, {bytes});
}

std::optional<bool> stored_equals(Context& c, const std::string& upload, const std::string& bytes) {
  return stored_as_any_of(c, upload, {bytes});
}

std::optional<bool> stored_as_any_of(Context& c, const std::string& upload,
                                     const std::vector<std::string>& all) {
  if (tus_target(c).downloads) {
    std::size_t longest = 0;
    for (const auto& bytes : all) longest = std::max(longest, bytes.size());
    Request request;
    request.method = "GET";
    request.url = upload;
    // No more than is needed to see that there is more than was sent.
    request.body_limit = Bytes{longest + (64U << 10U)};
    const Exchange seen = c.exchange(std::move(request));
    const bool too_long =
        seen.response && is_2xx(*seen.response) && seen.response->body_size > Bytes{longest};
    if (too_long) return false;
    if (seen.failure || !seen.response) stop_unanswered("GET " + Context::target_of(upload), seen);
    if (is_2xx(*seen.response)) return std::ranges::count(all, seen.response->body) > 0;
  }
  return delivered_as_any_of(c, upload, all);
}

// ---- requests that a check bends ---------------------------------------------------------------

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
  return send_tus(c, "PATCH", upload, replaced(patch_fields("0"), headers), std::move(body));
}

Exchange patch_chunked(Context& c, const std::string& upload, Bytes offset, std::string body,
                       const Fields& more) {
  Request request;
  request.method = "PATCH";
  request.url = upload;
  request.headers = patch_fields(std::to_string(offset.value));
  request.headers.set(hdr::tus_resumable, std::string{tus::version});
  for (const auto& field : more) request.headers.add(field.name, field.value);
  request.body = std::move(body);
  request.chunked = true;
  request.timeout = answer_timeout;
  return c.exchange(std::move(request));
}

Response post_with(Context& c, const Fields& headers, std::optional<std::string> body) {
  Fields fields;
  if (const auto manifest = metadata_header(c); !manifest.empty()) {
    fields.add(std::string{hdr::upload_metadata}, manifest);
  }
  auto response =
      send_tus(c, "POST", c.target().url, replaced(std::move(fields), headers), std::move(body));
  if (is_2xx(response)) {
    if (const auto upload = location_of(c, response)) c.created(*upload);
  }
  return response;
}

std::string metadata_with(Context& c, const std::string& pairs) {
  const auto manifest = metadata_header(c);
  return manifest.empty() ? pairs : manifest + "," + pairs;
}

Response post_metadata(Context& c, const std::string& pairs) {
  Creation creation;
  creation.raw_metadata = metadata_with(c, pairs);
  return post(c, creation);
}

std::string url_of(Context& c, const Response& creation) {
  const auto upload = location_of(c, creation);
  if (creation.status != 201 || !upload) {
    stop_blocked("201 Created with Location, so that the upload can be looked at",
                 describe(creation));
  }
  return *upload;
}

std::string unknown_upload(Context& c) {
  auto url = create(c);
  std::uniform_int_distribution<std::size_t> digit(0, 15);
  const auto id = url.size() - id_of(url).size();
  for (auto at = id; at < url.size(); ++at) {
    if (is_alphanumeric(url[at])) url[at] = "0123456789abcdef"[digit(c.random())];
  }
  return url;
}

std::size_t within_limit(const Context& c, std::size_t wanted) {
  const auto limit = tus_target(c).discovery.max_size;
  return limit ? static_cast<std::size_t>(std::min<std::uint64_t>(wanted, limit->value)) : wanted;
}

// ---- what HEAD tells ---------------------------------------------------------------------------

std::optional<Bytes> number_in(const Response& response, std::string_view name) {
  const auto value = response.headers.find(name);
  if (!value || !is_integer(*value)) return std::nullopt;
  const auto number = tus::parse_length_lenient(*value);
  if (!number) return std::nullopt;
  return *number;
}

std::string to_string(const UploadState& state) {
  std::string text = "offset " + std::to_string(state.offset.value);
  if (state.length) text += " of " + std::to_string(state.length->value);
  if (state.deferred) text += ", length deferred";
  return text;
}

UploadState state_of(Context& c, const std::string& upload) {
  const auto head = head_of(c, upload);
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
  fields.add(std::string{hdr::tus_resumable}, std::string{tus::version});
  for (const auto& field : more) fields.add(field.name, field.value);
  return fields;
}

std::string head_by_hand(Context& c, std::string_view method, const std::string& url,
                         const Fields& all, std::string_view version) {
  Request request;
  request.method = method;
  request.url = url;
  if (auto why = c.target().withheld(request); !why.empty()) {
    throw Stop{not_offered(std::move(why))};
  }
  return transport::request_head(method, Context::target_of(url), all, version);
}

std::string raw_head(Context& c, std::string_view method, const std::string& url,
                     const Fields& more) {
  return head_by_hand(c, method, url, raw_fields(c, more));
}

RawConnection half_sent_patch(Context& c, const std::string& upload, Bytes offset,
                              std::size_t declared, std::string_view part) {
  auto connection = c.raw();
  auto fields = raw_fields(c, patch_fields(std::to_string(offset.value)));
  fields.add("Content-Length", std::to_string(declared));
  // The 100 shows that the server has begun to read; a pause instead might be too short.
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
