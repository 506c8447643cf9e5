// Who may do what: the signature of a request, but of forms, which carry theirs in the body. Into a
// public bucket anyone may bring an object, by a form or a PUT, and do nothing else.
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

/// NotImplemented for what is about something of an object or bucket that this store does not have:
/// ?acl, ?tagging. It would be taken for a request for the object itself. `known` are the
/// subresources that the endpoint has.
[[nodiscard]] s3::Expected<void> check_subresources(
    const Request& request, std::initializer_list<std::string_view> known = {});

/// NotImplemented for a PUT whose bytes are to come from another object.
[[nodiscard]] s3::Expected<void> check_no_copy(const Request& request);

/// AccessDenied for a key that the options do not await.
[[nodiscard]] s3::Expected<void> check_awaited(const ObjectsOptions& options,
                                               std::string_view bucket, std::string_view key);

/// The signature that a request was let in by. AccessDenied for an anonymous one, in the words of
/// `denial`; InvalidArgument for an x-amz-content-sha256 that is none. That it is the body's is for
/// who reads one: behind a GET there is none, and S3 was seen to take any digest (openstack/swift
/// 504bcf4, test/s3api/test_input_errors.py).
[[nodiscard]] s3::Expected<s3::Signature> check_access(const Request& request,
                                                       const ObjectsOptions& options, TimePoint now,
                                                       std::string_view denial = "Access Denied");
/// The same of a PUT of an object; nullopt of an anonymous one, into a public bucket.
[[nodiscard]] s3::Expected<std::optional<s3::Signature>> check_put_access(
    const Request& request, std::string_view bucket, const ObjectsOptions& options, TimePoint now);

}  // namespace mock
