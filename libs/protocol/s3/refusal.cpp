#include "protocol/s3/refusal.hpp"

#include <array>
#include <cstddef>

namespace s3 {
namespace {

struct Answer {
  Code code;
  std::string_view name;
  int status;
};

/// In the order of the enum, so that a code is its own index.
constexpr std::array answers{
    Answer{Code::access_denied, "AccessDenied", 403},
    Answer{Code::authorization_header_malformed, "AuthorizationHeaderMalformed", 400},
    Answer{Code::authorization_query_parameters_error, "AuthorizationQueryParametersError", 400},
    Answer{Code::bad_digest, "BadDigest", 400},
    Answer{Code::conditional_request_conflict, "ConditionalRequestConflict", 409},
    Answer{Code::content_sha256_mismatch, "XAmzContentSHA256Mismatch", 400},
    Answer{Code::entity_too_large, "EntityTooLarge", 400},
    Answer{Code::entity_too_small, "EntityTooSmall", 400},
    Answer{Code::expired_token, "ExpiredToken", 400},
    Answer{Code::incomplete_body, "IncompleteBody", 400},
    Answer{Code::internal_error, "InternalError", 500},
    Answer{Code::invalid_access_key_id, "InvalidAccessKeyId", 403},
    Answer{Code::invalid_argument, "InvalidArgument", 400},
    Answer{Code::invalid_chunk_size, "InvalidChunkSizeError", 403},
    Answer{Code::invalid_digest, "InvalidDigest", 400},
    Answer{Code::invalid_part, "InvalidPart", 400},
    Answer{Code::invalid_part_order, "InvalidPartOrder", 400},
    Answer{Code::invalid_policy_document, "InvalidPolicyDocument", 400},
    Answer{Code::invalid_range, "InvalidRange", 416},
    Answer{Code::invalid_request, "InvalidRequest", 400},
    Answer{Code::invalid_storage_class, "InvalidStorageClass", 400},
    Answer{Code::invalid_uri, "InvalidURI", 400},
    Answer{Code::key_too_long, "KeyTooLongError", 400},
    Answer{Code::malformed_post_request, "MalformedPOSTRequest", 400},
    Answer{Code::malformed_trailer, "MalformedTrailerError", 400},
    Answer{Code::malformed_xml, "MalformedXML", 400},
    Answer{Code::max_post_pre_data_length_exceeded, "MaxPostPreDataLengthExceeded", 400},
    Answer{Code::method_not_allowed, "MethodNotAllowed", 405},
    Answer{Code::missing_content_length, "MissingContentLength", 411},
    Answer{Code::no_such_bucket, "NoSuchBucket", 404},
    Answer{Code::no_such_key, "NoSuchKey", 404},
    Answer{Code::no_such_upload, "NoSuchUpload", 404},
    Answer{Code::not_implemented, "NotImplemented", 501},
    Answer{Code::precondition_failed, "PreconditionFailed", 412},
    Answer{Code::request_time_too_skewed, "RequestTimeTooSkewed", 403},
    Answer{Code::request_timeout, "RequestTimeout", 400},
    Answer{Code::service_unavailable, "ServiceUnavailable", 503},
    Answer{Code::signature_does_not_match, "SignatureDoesNotMatch", 403},
    Answer{Code::slow_down, "SlowDown", 503},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (static_cast<std::size_t>(answers[i].code) != i) return false;
  }
  return answers.size() == static_cast<std::size_t>(Code::slow_down) + 1;
}
static_assert(in_order());

}  // namespace

std::string_view name_of(Code code) { return answers.at(static_cast<std::size_t>(code)).name; }

int status_of(Code code) { return answers.at(static_cast<std::size_t>(code)).status; }

}  // namespace s3
