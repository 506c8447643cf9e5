// Signature version 4 for S3 (AWS, "Authenticating requests (AWS Signature Version 4)"):
// HMAC-SHA256 in hexadecimal, over a canonical form of the request.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/date.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/s3/refusal.hpp"
#include "protocol/s3/request.hpp"
#include "protocol/s3/signature_v2.hpp"

namespace s3 {

inline constexpr std::string_view v4_algorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view default_region = "us-east-1";
/// Longest life of a pre-signed URL: a week.
inline constexpr std::chrono::seconds longest_presigned{604'800};

/// What a signing key is good for: "20130524/us-east-1/s3/aws4_request".
struct Scope {
  std::string date;  ///< "20130524"
  std::string region{default_region};
  std::string service{"s3"};
  bool operator==(const Scope&) const = default;
};
[[nodiscard]] std::string to_string(const Scope& scope);

/// "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request". Access keys with '/' are taken.
struct CredentialV4 {
  std::string access_key;
  Scope scope;
  bool operator==(const CredentialV4&) const = default;
};
[[nodiscard]] std::string to_string(const CredentialV4& credential);
/// The error is the end of S3's sentence: "the Credential is mal-formed; expecting ...".
[[nodiscard]] tl::expected<CredentialV4, std::string> parse_credential(std::string_view text);

/// Raw bytes; worth keeping, since it is the same for a whole day.
[[nodiscard]] std::string signing_key(std::string_view secret, const Scope& scope);

/// What a request says of its own signature. Unproven.
struct SignatureV4 {
  Place place = Place::header;
  CredentialV4 credential;
  std::vector<std::string> signed_fields;  ///< lower case, sorted
  std::string signature;                   ///< as sent
  std::string date;                        ///< "20130524T000000Z"
  std::chrono::seconds lifetime{0};        ///< Place::query only
  std::string payload;                     ///< x-amz-content-sha256, or UNSIGNED-PAYLOAD
  bool operator==(const SignatureV4&) const = default;
};

/// `fields` are those of the request, for its date and the digest of its payload.
[[nodiscard]] Expected<SignatureV4> parse_v4_authorization(std::string_view value,
                                                           const http::Fields& fields);
/// nullopt when no parameter of version 4 is there; a refusal when some are missing or wrong.
[[nodiscard]] Expected<std::optional<SignatureV4>> find_v4_query(const Parameters& parameters,
                                                                 const http::Fields& fields);

/// Escapes of the path are rewritten, in upper case and only where needed; "%2F" stays one. The
/// result is the path as it was sent if the client has escaped as AWS demands, and else what AWS
/// makes of it.
[[nodiscard]] std::string canonical_request(const SignatureV4& signature, const Request& request);
[[nodiscard]] std::string string_to_sign(const SignatureV4& signature, const Request& request);
/// Proves a signature: that no x-amz-* field is unsigned, the time, then the signature itself.
/// Whoever reads the payload checks its digest (see payload_of).
[[nodiscard]] Expected<void> check(const SignatureV4& signature, const Request& request,
                                   std::string_view secret, http::TimePoint now);

/// The form in which a body comes, and what of it is signed.
enum class PayloadKind {
  signed_plain,      ///< plain; its SHA-256 is signed
  unsigned_plain,    ///< plain; nothing of it is signed
  chunked_signed,    ///< aws-chunked, each chunk with a signature of its own
  chunked_unsigned,  ///< aws-chunked, with a checksum in the trailer
};
struct Payload {
  PayloadKind kind = PayloadKind::unsigned_plain;
  std::string sha256;    ///< PayloadKind::signed_plain: hexadecimal, as sent
  bool trailer = false;  ///< aws-chunked with trailer fields
  bool operator==(const Payload&) const = default;
};
/// What x-amz-content-sha256 says; InvalidArgument for anything else.
[[nodiscard]] Expected<Payload> payload_of(std::string_view content_sha256);
/// NotImplemented, as of a store that does not take aws-chunked bodies.
[[nodiscard]] Refusal chunked_refusal(std::string_view content_sha256);

/// The fields that `request` lacks: x-amz-date, x-amz-content-sha256 and Authorization. Signs every
/// field of `request`, which must have Host.
[[nodiscard]] http::Fields authorize_v4(const Request& request, const Credentials& credentials,
                                        http::TimePoint now,
                                        std::string_view content_sha256 = unsigned_payload,
                                        std::string_view region = default_region);
/// The target of `request` with the six X-Amz- parameters. Signs every field of `request`, which
/// must have Host; whoever uses the URL must send them alike.
[[nodiscard]] std::string presign_v4(const Request& request, const Credentials& credentials,
                                     http::TimePoint now, std::chrono::seconds lifetime,
                                     std::string_view region = default_region);

/// Hexadecimal HMAC-SHA256: of a string to sign, or of the text of a POST policy.
[[nodiscard]] std::string sign_v4(std::string_view text, std::string_view signing_key);

}  // namespace s3
