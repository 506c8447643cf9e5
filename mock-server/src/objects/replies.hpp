// How an object store answers: in XML, with its two ids on every reply (AWS, "Error responses",
// "Common response headers").
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "objects/objects.hpp"
#include "protocol/s3/refusal.hpp"

namespace mock {

/// Fields x-amz-request-id and x-amz-id-2.
[[nodiscard]] Reply object_reply(int status);
/// The same with a document.
[[nodiscard]] Reply xml_reply(int status, std::string document);
/// Without a body when it answers HEAD.
[[nodiscard]] Reply refusal_reply(const Request& request, const s3::Refusal& refusal,
                                  UnreadBody unread_body);
/// What a failure of the store is to a client: InternalError, SlowDown when it is full, NoSuchKey.
[[nodiscard]] s3::Refusal refusal_of(const StoreError& error);

/// "\"9b2cf535...\"": an ETag field.
[[nodiscard]] std::string quoted_etag(const Object& object);
/// x-amz-server-side-encryption, when the object came with it.
void add_encryption(const Object& object, Reply& reply);
/// Where this server has `bucket`, as the client named it: "http://127.0.0.1:8080/examplebucket".
[[nodiscard]] std::string bucket_url(const Request& request, std::string_view bucket);

}  // namespace mock
