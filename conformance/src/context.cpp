#include "context.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

[[noreturn]] void stop_blocked(std::string expected, std::string got) {
  throw Stop{Outcome{Outcome::Kind::blocked, std::move(expected), std::move(got)}};
}

/// Each field of `extra` replaces those of its name; an empty value takes them away.
void replace(http::Fields& fields, const http::Fields& extra) {
  for (const auto& field : extra) fields.remove(field.name);
  for (const auto& field : extra) {
    if (!field.value.empty()) fields.add(field.name, field.value);
  }
}

}  // namespace

std::string Context::random_bytes(std::size_t size) {
  std::string out;
  out.reserve(size);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) word = random()();
    out += static_cast<char>(word & 0xffU);
    word >>= 8U;
  }
  return out;
}

transport::Response Context::send(transport::Request request) {
  const std::string what = fmt::format("{} {}", request.method, target_of(request.url));
  transport::Exchange seen = exchange(std::move(request));
  if (seen.failure || !seen.response) stop_unanswered(what, seen);
  return std::move(*seen.response);
}

transport::Response Context::tus(std::string_view method, const std::string& url,
                                 http::Fields headers, std::optional<std::string> body) {
  transport::Request request;
  request.method = method;
  request.url = url;
  request.headers.add(std::string(tus::header::tus_resumable), std::string(tus::version));
  replace(request.headers, headers);
  request.body = std::move(body);
  return send(std::move(request));
}

transport::Response Context::options() { return tus("OPTIONS", target().creation_url); }

transport::Response Context::post(const Creation& creation) {
  http::Fields headers;
  if (creation.length) {
    headers.add(std::string(tus::header::upload_length), std::to_string(creation.length->value));
  }
  if (creation.defer_length) headers.add(std::string(tus::header::upload_defer_length), "1");
  const std::string metadata =
      creation.raw_metadata ? *creation.raw_metadata : metadata_header(creation.metadata);
  if (!metadata.empty()) headers.add(std::string(tus::header::upload_metadata), metadata);
  if (!creation.concat.empty()) {
    headers.add(std::string(tus::header::upload_concat), creation.concat);
  }
  if (creation.body) headers.add("Content-Type", std::string(tus::offset_media_type));
  replace(headers, creation.headers);
  // Fields that `replace` took away must not come back in tus(), so an empty value goes along.
  for (const auto& field : creation.headers) {
    if (field.value.empty()) headers.add(field.name, "");
  }
  transport::Response response = tus("POST", target().creation_url, headers, creation.body);
  if (response.status == 201) {
    if (const auto location = location_of(response)) created(*location);
  }
  return response;
}

transport::Response Context::head(const std::string& upload) { return tus("HEAD", upload); }

transport::Response Context::patch(const std::string& upload, Bytes offset, std::string body,
                                   http::Fields extra) {
  http::Fields headers{
      {std::string(tus::header::upload_offset), std::to_string(offset.value)},
      {"Content-Type", std::string(tus::offset_media_type)},
  };
  replace(headers, extra);
  for (const auto& field : extra) {
    if (field.value.empty()) headers.add(field.name, "");
  }
  return tus("PATCH", upload, headers, std::move(body));
}

transport::Response Context::remove(const std::string& upload) { return tus("DELETE", upload); }

transport::Response Context::get(const std::string& url) {
  transport::Request request;
  request.method = "GET";
  request.url = url;
  return send(std::move(request));
}

std::string Context::create(const Creation& creation) {
  const transport::Response response = post(creation);
  const auto location = location_of(response);
  if (response.status != 201 || !location) {
    stop_blocked("POST creates an upload: 201 with a Location", describe(response));
  }
  return *location;
}

std::string Context::create_complete(const std::string& bytes, Creation creation) {
  creation.length = Bytes{bytes.size()};
  const std::string upload = create(creation);
  if (bytes.empty()) return upload;
  const transport::Response response = patch(upload, Bytes{0}, bytes);
  const auto offset = response.headers.find(tus::header::upload_offset);
  if (!is_2xx(response) || offset != std::to_string(bytes.size())) {
    stop_blocked(fmt::format("PATCH stores all {} bytes: 204 with Upload-Offset: {}", bytes.size(),
                             bytes.size()),
                 describe(response));
  }
  return upload;
}

Bytes Context::offset_of(const std::string& upload) {
  const transport::Response response = head(upload);
  const auto offset = response.headers.find(tus::header::upload_offset);
  const auto value = offset ? tus::parse_length(*offset) : tl::unexpected(Error{});
  if (!is_2xx(response) || !value) {
    stop_blocked("HEAD tells the offset: 200 with Upload-Offset", describe(response));
  }
  return *value;
}

std::optional<std::string> Context::location_of(const transport::Response& response) const {
  const auto location = response.headers.find("Location");
  if (!location || location->empty()) return std::nullopt;
  auto url = transport::resolve_url(target().creation_url, *location);
  if (!url || !transport::parse_url(*url)) return std::nullopt;
  return std::move(*url);
}

std::string Context::id_of(const std::string& upload) {
  std::string_view path = upload;
  path = path.substr(0, path.find_first_of("?#"));
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string Context::metadata_header(const tus::Metadata& extra) const {
  tus::Metadata metadata = dex::metadata_of(target().manifest);
  for (const auto& pair : extra.pairs()) metadata.set(pair.key, pair.value);
  return metadata.empty() ? std::string() : tus::format_metadata(metadata);
}

std::string Context::target_of(const std::string& url) {
  const auto parts = transport::parse_url(url);
  return parts ? parts->target : "/";
}

std::optional<bool> Context::stored_equals(const std::string& upload, const std::string& bytes) {
  if (target().downloads) {
    transport::Request request;
    request.method = "GET";
    request.url = upload;
    // One byte too many tells as much as all that may follow it.
    request.body_limit = Bytes{bytes.size() + (64U << 10U)};
    const transport::Exchange seen = exchange(std::move(request));
    const bool too_long =
        seen.response && is_2xx(*seen.response) && seen.response->body_size > Bytes{bytes.size()};
    if (too_long) return false;
    if (seen.failure || !seen.response) stop_unanswered("GET " + target_of(upload), seen);
    if (is_2xx(*seen.response)) return seen.response->body == bytes;
  }
  return stored_elsewhere_equals(upload, bytes);
}

void stop_unanswered(const std::string& what, const transport::Exchange& seen) {
  const std::string wanted = what + ": a response";
  if (!seen.failure) stop_blocked(wanted, "none");
  using Kind = transport::Failure::Kind;
  const Kind kind = seen.failure->kind;
  const bool network = kind == Kind::resolve || kind == Kind::connect || kind == Kind::tls ||
                       kind == Kind::proxy || kind == Kind::other;
  throw Stop{Outcome{network ? Outcome::Kind::error : Outcome::Kind::blocked, wanted,
                     fmt::format("{}: {}", transport::to_string(kind), seen.failure->message)}};
}

std::string describe(const transport::Response& response) {
  std::string out = std::to_string(response.status);
  if (!response.reason.empty()) out += " " + response.reason;
  for (const std::string_view name :
       {tus::header::upload_offset, tus::header::upload_length, std::string_view("Location"),
        std::string_view("Content-Type")}) {
    if (const auto value = response.headers.find(name))
      out += fmt::format(", {}: {}", name, *value);
  }
  return out;
}

}  // namespace conformance
