// The XML documents of uploads, in both directions. The caller limits the length of what is read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/s3/refusal.hpp"

namespace s3 {

/// The namespace of all documents, except those that are said to have none.
inline constexpr std::string_view s3_namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The body of a refusal, without a namespace, as S3 sends it.
[[nodiscard]] std::string to_xml(const Refusal& refusal, std::string_view request_id,
                                 std::string_view host_id);

/// What a client finds in such a body.
struct ErrorBody {
  std::string code;
  std::string message;
  std::vector<Detail> details;  ///< the rest, RequestId and HostId included
  [[nodiscard]] std::optional<std::string_view> detail(std::string_view name) const;
  bool operator==(const ErrorBody&) const = default;
};
/// Needs Code; elements with children are left out.
[[nodiscard]] Result<ErrorBody> parse_error_body(std::string_view text);

/// Where an object is: the answer to a POST with success_action_status 201 (PostResponse, without a
/// namespace) and to the completion of a multipart upload.
struct StoredObject {
  std::string location;
  std::string bucket;
  std::string key;   ///< as it is, not escaped
  std::string etag;  ///< with its quotes
  bool operator==(const StoredObject&) const = default;
};
[[nodiscard]] std::string post_response(const StoredObject& object);
[[nodiscard]] Result<StoredObject> parse_post_response(std::string_view text);
[[nodiscard]] std::string complete_multipart_upload_result(const StoredObject& object);
[[nodiscard]] Result<StoredObject> parse_complete_multipart_upload_result(std::string_view text);

/// The answer to POST ?uploads.
struct MultipartUpload {
  std::string bucket;
  std::string key;
  std::string upload_id;
  bool operator==(const MultipartUpload&) const = default;
};
[[nodiscard]] std::string initiate_multipart_upload_result(const MultipartUpload& upload);
[[nodiscard]] Result<MultipartUpload> parse_initiate_multipart_upload_result(std::string_view text);

/// One part that the client names when it completes.
inline constexpr unsigned most_parts = 10'000;
struct CompletedPart {
  unsigned number = 1;  ///< 1 to 10,000
  std::string etag;     ///< without quotes, which clients send or leave out
  bool operator==(const CompletedPart&) const = default;
};
[[nodiscard]] std::string complete_multipart_upload(const std::vector<CompletedPart>& parts);
/// MalformedXML, or InvalidPartOrder when the numbers do not rise.
[[nodiscard]] Expected<std::vector<CompletedPart>> parse_complete_multipart_upload(
    std::string_view text);

/// Objects that are to be removed at once (AWS, DeleteObjects).
inline constexpr std::size_t most_removals = 1'000;
struct Removals {
  std::vector<std::string> keys;
  bool quiet = false;  ///< the answer is to tell failures only
  bool operator==(const Removals&) const = default;
};
/// MalformedXML.
[[nodiscard]] Expected<Removals> parse_removals(std::string_view text);
/// One of them that failed.
struct FailedRemoval {
  std::string key;
  Refusal refusal;
};
[[nodiscard]] std::string delete_result(const std::vector<std::string>& removed,
                                        const std::vector<FailedRemoval>& failed);

}  // namespace s3
