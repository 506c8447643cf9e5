// Conditional requests: they change an object only while it is the one that their client knows, or
// fetch it only if it is not (AWS, "Add preconditions to S3 operations with conditional requests").
#pragma once

#include <optional>
#include <string>

#include "objects/access.hpp"
#include "objects/objects.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/s3/refusal.hpp"
#include "store/store.hpp"

namespace mock {

/// What must hold for the present object before another may take its place.
struct WriteCondition {
  std::optional<std::string> etag;  ///< its ETag, without quotes; nullopt: there is no object
};

/// Of If-None-Match and If-Match; nullopt: there is neither. NotImplemented for what S3 does not
/// take: both of them, an ETag in If-None-Match, "*" in If-Match.
[[nodiscard]] s3::Expected<std::optional<WriteCondition>> write_condition_of(
    const ::http::Fields& fields);

/// Whether `condition` holds now. PreconditionFailed, or NoSuchKey where an object should be.
[[nodiscard]] s3::Expected<void> check(const WriteCondition& condition, const Addressee& addressee,
                                       Objects& objects, Store& store);
/// The same at the end of a multipart upload. When that began, the key had the object `former` (an
/// id; empty: none). ConditionalRequestConflict when `former` was removed or replaced since.
[[nodiscard]] s3::Expected<void> check(const WriteCondition& condition, const Addressee& addressee,
                                       const std::string& former, Objects& objects, Store& store);

/// PreconditionFailed for a DELETE whose If-Match does not name the object that is there now.
[[nodiscard]] s3::Expected<void> check_removal(const ::http::Fields& fields,
                                               const Addressee& addressee, Objects& objects,
                                               Store& store);

/// Whether a GET or HEAD gets `object`; false: its client has it already (304). PreconditionFailed
/// when `object` is not what If-Match or If-Unmodified-Since asks for. AWS (GetObject) and RFC 9110
/// section 13.2.2 agree on which of several fields counts.
[[nodiscard]] s3::Expected<bool> is_wanted(const ::http::Fields& fields, const Object& object);

}  // namespace mock
