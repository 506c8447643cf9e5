// Uploads by form (AWS, "Browser-based uploads using POST"): what a form says besides its file, and
// how it is answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/form.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/refusal.hpp"
#include "protocol/s3/signature_v4.hpp"

namespace s3 {

/// What FormReader needs to know: the file is the part named "file", with at most 20 KiB before it,
/// and what follows it is skipped.
[[nodiscard]] http::FormShape post_shape();

/// PreconditionFailed: the body is no multipart/form-data.
[[nodiscard]] Refusal not_form_data();
/// MalformedPOSTRequest: no boundary, or a body that does not keep to it.
[[nodiscard]] Refusal malformed_post();
/// InvalidArgument: no file.
[[nodiscard]] Refusal not_one_file();
/// The refusal for a failure of FormReader.
[[nodiscard]] Refusal refusal_of(http::FormReader::Failure failure);

/// What a form says of its own signature. Unproven.
struct PostSignature {
  std::string access_key;
  std::string signature;       ///< as sent
  std::optional<Scope> scope;  ///< of version 4; version 2 has none
  bool operator==(const PostSignature&) const = default;
};

struct Post {
  std::string key;                         ///< as sent, with ${filename} in it
  std::string policy;                      ///< as sent; empty when there is none
  std::optional<PostSignature> signature;  ///< none: anonymous
  bool operator==(const Post&) const = default;
};
/// Reads the fields before the file, their names in any letter case. A name may be there only once
/// (what S3 does with two is not recorded). What is missing is named in S3's words.
[[nodiscard]] Expected<Post> read_post(const http::Form& fields);
/// Checks the signature, which covers the text of the policy as it was sent. Whether the policy
/// holds is checked later, so a wrong signature is told before an expired policy.
[[nodiscard]] Expected<void> check(const Post& post, std::string_view secret);

/// The key, with what follows the last '/' or '\' of the file's name in the place of ${filename}; a
/// file without a name leaves it as it is.
[[nodiscard]] std::string key_for(std::string_view key, const std::optional<std::string>& filename);

/// How a stored file is answered.
struct PostSuccess {
  int status = 204;      ///< 200, 201, 204, or 303 to `redirect`
  std::string redirect;  ///< with bucket, key and etag in its query
  bool operator==(const PostSuccess&) const = default;
};
/// A redirect that is no http URL and a status that S3 does not know are as good as absent.
/// `etag` has its quotes.
[[nodiscard]] PostSuccess success_of(const http::Form& fields, std::string_view bucket,
                                     std::string_view key, std::string_view etag);
/// The URL of what was stored, as a Location field tells it: every '/' of the key is escaped.
/// `bucket_url` does not end in '/'.
[[nodiscard]] std::string post_location(std::string_view bucket_url, std::string_view key);

/// The fields that go with `policy`: policy, AWSAccessKeyId, signature.
[[nodiscard]] http::Form sign_post_v2(const Policy& policy, const Credentials& credentials);
/// x-amz-algorithm, x-amz-credential, x-amz-date, policy, x-amz-signature; conditions for the first
/// three are added to `policy`.
[[nodiscard]] http::Form sign_post_v4(Policy policy, const Credentials& credentials,
                                      http::TimePoint now,
                                      std::string_view region = default_region);

}  // namespace s3
