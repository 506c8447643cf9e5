// Requests that are to change an object only while it is what their client knows, or want it only
// if it is not (AWS, "Add preconditions to S3 operations with conditional requests").
#pragma once

#include <optional>
#include <string>

#include "objects/access.hpp"
#include "objects/objects.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/s3/refusal.hpp"
#include "store/store.hpp"

namespace mock {

/// What must be so of an object for another to take its place.
struct WriteCondition {
  std::optional<std::string> etag;  ///< it has this, without quotes; nullopt: there is none
};

/// Of If-None-Match and If-Match; nullopt: of neither. NotImplemented for what S3 does not take:
/// both, an ETag that must not be, and "*" that must.
[[nodiscard]] s3::Expected<std::optional<WriteCondition>> write_condition_of(
    const ::http::Fields& fields);

/// Whether it is so now: PreconditionFailed, or NoSuchKey where an object should be.
[[nodiscard]] s3::Expected<void> check(const WriteCondition& condition, const Addressee& addressee,
                                       Objects& objects, Store& store);
/// The same at the end of a multipart upload, when it began with the object `former` (an id; empty:
/// with none). ConditionalRequestConflict when it was removed or replaced since.
[[nodiscard]] s3::Expected<void> check(const WriteCondition& condition, const Addressee& addressee,
                                       const std::string& former, Objects& objects, Store& store);

/// PreconditionFailed for a DELETE of what is not, or is no more, what If-Match says.
[[nodiscard]] s3::Expected<void> check_removal(const ::http::Fields& fields,
                                               const Addressee& addressee, Objects& objects,
                                               Store& store);

/// Whether a GET or HEAD is to be given `object`; false: its client has it (304).
/// PreconditionFailed when it is not, or is no more, what If-Match or If-Unmodified-Since says.
/// What counts of several AWS (GetObject) and RFC 9110 section 13.2.2 say alike.
[[nodiscard]] s3::Expected<bool> is_wanted(const ::http::Fields& fields, const Object& object);

}  // namespace mock
