// Who may do what, by the signature of the request; a form carries its own in the body
// (post_handler.cpp). Anyone may bring an object into a public bucket, by a form or a PUT, and do
// nothing else there.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "objects/objects_options.hpp"
#include "protocol/s3/refusal.hpp"
#include "protocol/s3/signature.hpp"

namespace mock {

/// What a request is about.
struct Addressee {
  std::string bucket;
  std::string key;  ///< empty: the bucket itself
};
/// InvalidURI for a key that is not validly encoded; KeyTooLongError above 1,024 bytes.
[[nodiscard]] s3::Expected<Addressee> addressee_of(const Request& request);
/// InvalidArgument for an empty key, KeyTooLongError above 1,024 bytes.
[[nodiscard]] s3::Expected<void> check_key(std::string_view key);

/// NotImplemented for a subresource that this store does not have (?acl, ?tagging): the request
/// would else be taken for one about the object itself. `known` are the subresources that the
/// endpoint has.
[[nodiscard]] s3::Expected<void> check_subresources(
    const Request& request, std::initializer_list<std::string_view> known = {});

/// NotImplemented for a PUT whose bytes are to come from another object.
[[nodiscard]] s3::Expected<void> check_no_copy(const Request& request);

/// AccessDenied for a key that is not awaited (ObjectsOptions::awaits).
[[nodiscard]] s3::Expected<void> check_awaited(const ObjectsOptions& options,
                                               std::string_view bucket, std::string_view key);

/// The signature by which a request was let in. AccessDenied for an anonymous one, in the words of
/// `denial`; InvalidArgument for an x-amz-content-sha256 that is no digest. Whether it is that of
/// the body is for the reader of the body to say: a GET has none, and S3 was seen to take any
/// digest there (openstack/swift 504bcf4, test/s3api/test_input_errors.py).
[[nodiscard]] s3::Expected<s3::Signature> check_access(const Request& request,
                                                       const ObjectsOptions& options, TimePoint now,
                                                       std::string_view denial = "Access Denied");
/// The same for a PUT of an object; nullopt for an anonymous one into a public bucket.
[[nodiscard]] s3::Expected<std::optional<s3::Signature>> check_put_access(
    const Request& request, std::string_view bucket, const ObjectsOptions& options, TimePoint now);

}  // namespace mock
