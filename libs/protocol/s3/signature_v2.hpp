// Signature version 2 of S3 (AWS, "Signing and authenticating REST requests"): HMAC-SHA1 in Base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/date.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/s3/refusal.hpp"
#include "protocol/s3/request.hpp"

namespace s3 {

struct Credentials {
  std::string access_key;
  std::string secret;
};

/// Where a request carries its signature.
enum class Place { header, query };

/// What a request says of its own signature. Unproven.
struct SignatureV2 {
  Place place = Place::header;
  std::string access_key;
  std::string signature;  ///< Base64, as sent
  std::string expires;    ///< Place::query only: seconds since 1970, as sent
  bool operator==(const SignatureV2&) const = default;
};

/// "AWS access-key:signature".
[[nodiscard]] Expected<SignatureV2> parse_v2_authorization(std::string_view value);
/// nullopt when no parameter of version 2 is there; a refusal when only some are.
[[nodiscard]] Expected<std::optional<SignatureV2>> find_v2_query(const Parameters& parameters);

/// What is signed: the path is the one that was sent, escapes and all.
[[nodiscard]] std::string string_to_sign(const SignatureV2& signature, const Request& request);
/// Proves a signature: the time first, then the signature itself (what S3 does when both are wrong
/// is not recorded).
[[nodiscard]] Expected<void> check(const SignatureV2& signature, const Request& request,
                                   std::string_view secret, http::TimePoint now);

/// Base64 of HMAC-SHA1: of a string to sign, or of the text of a POST policy.
[[nodiscard]] std::string sign_v2(std::string_view text, std::string_view secret);
/// The fields that `request` lacks: Date, unless it or x-amz-date is there, and Authorization.
[[nodiscard]] http::Fields authorize_v2(const Request& request, const Credentials& credentials,
                                        http::TimePoint now);
/// The target of `request` with Signature, Expires and AWSAccessKeyId, in the order of boto 2.
[[nodiscard]] std::string presign_v2(const Request& request, const Credentials& credentials,
                                     http::TimePoint expires);

}  // namespace s3
