// How an S3 store says no: a code, a sentence and what it is about (AWS, "Error responses").
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace s3 {

/// The codes that this library, and a store that uses it, answer with.
enum class Code {
  access_denied,
  authorization_header_malformed,
  authorization_query_parameters_error,
  bad_digest,
  conditional_request_conflict,
  content_sha256_mismatch,
  entity_too_large,
  entity_too_small,
  expired_token,
  incomplete_body,
  internal_error,
  invalid_access_key_id,
  invalid_argument,
  invalid_chunk_size,
  invalid_digest,
  invalid_part,
  invalid_part_order,
  invalid_policy_document,
  invalid_range,
  invalid_request,
  invalid_storage_class,
  invalid_uri,
  key_too_long,
  malformed_post_request,
  malformed_trailer,
  malformed_xml,
  max_post_pre_data_length_exceeded,
  method_not_allowed,
  missing_content_length,
  no_such_bucket,
  no_such_key,
  no_such_upload,
  not_implemented,
  precondition_failed,
  request_time_too_skewed,
  request_timeout,
  service_unavailable,
  signature_does_not_match,
  slow_down,
};
/// "AccessDenied"
[[nodiscard]] std::string_view name_of(Code code);
/// 403
[[nodiscard]] int status_of(Code code);

/// One more element of an error body: {"ArgumentName", "key"}.
struct Detail {
  std::string name;
  std::string value;
  bool operator==(const Detail&) const = default;
};

struct Refusal {
  Code code;
  std::string message;
  std::vector<Detail> details;  ///< in the order of the body
  bool operator==(const Refusal&) const = default;
};

template <class T>
using Expected = tl::expected<T, Refusal>;

/// Shorthand for `return refuse(Code::access_denied, "Access Denied");`.
[[nodiscard]] inline tl::unexpected<Refusal> refuse(Code code, std::string message,
                                                    std::vector<Detail> details = {}) {
  return tl::unexpected<Refusal>(Refusal{code, std::move(message), std::move(details)});
}

/// NotImplemented, as S3 says it of a header; `details` begin with its name.
[[nodiscard]] inline Refusal header_not_implemented(std::vector<Detail> details) {
  return {Code::not_implemented,
          "A header you provided implies functionality that is not implemented",
          std::move(details)};
}

}  // namespace s3
