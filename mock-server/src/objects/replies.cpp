#include "objects/replies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "protocol/base64.hpp"
#include "protocol/s3/documents.hpp"
#include "store/uuid.hpp"

namespace mock {
namespace {

struct Ids {
  std::string request;
  std::string host;
};

/// "656C76696E6727732072", and longer in Base64.
Ids make_ids() {
  auto digits = random_hex_id();
  std::ranges::transform(digits, digits.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return {digits.substr(0, 16), base64::encode(digits)};
}

Reply identified(int status, const Ids& ids) {
  Reply reply;
  reply.status = status;
  reply.fields.add("x-amz-request-id", ids.request);
  reply.fields.add("x-amz-id-2", ids.host);
  return reply;
}

}  // namespace

Reply object_reply(int status) { return identified(status, make_ids()); }

Reply xml_reply(int status, std::string document) {
  auto reply = object_reply(status);
  reply.fields.add("Content-Type", "application/xml");
  reply.body = std::move(document);
  return reply;
}

Reply refusal_reply(const Request& request, const s3::Refusal& refusal, UnreadBody unread_body) {
  const auto ids = make_ids();
  auto reply = identified(s3::status_of(refusal.code), ids);
  reply.fields.add("Content-Type", "application/xml");
  if (request.method != "HEAD") reply.body = s3::to_xml(refusal, ids.request, ids.host);
  reply.unread_body = unread_body;
  return reply;
}

s3::Refusal refusal_of(const StoreError& error) {
  switch (error.kind) {
    case StoreError::Kind::not_found:
      return {s3::Code::no_such_key, "The specified key does not exist.", {}};
    case StoreError::Kind::no_space:
      return {s3::Code::slow_down, "Please reduce your request rate.", {}};
    case StoreError::Kind::not_kept:
      return {s3::Code::not_implemented, "This store keeps no bytes.", {}};
    default:
      return {s3::Code::internal_error, "We encountered an internal error. Please try again.", {}};
  }
}

std::string quoted_etag(const Object& object) { return '"' + object.etag + '"'; }

void add_encryption(const Object& object, Reply& reply) {
  constexpr auto name = "x-amz-server-side-encryption";
  if (const auto how = object.fields.find(name)) reply.fields.add(name, std::string(*how));
}

std::string bucket_url(const Request& request, std::string_view bucket) {
  const auto host = request.fields.find("Host");
  const std::string_view authority = host && !host->empty() ? *host : request.local_authority;
  return fmt::format("{}://{}{}/{}", request.tls ? "https" : "http", authority, request.mount,
                     bucket);
}

}  // namespace mock
