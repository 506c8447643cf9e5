// What a request says of the bytes that it brings, and whether it is true of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "objects/objects.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/s3/refusal.hpp"
#include "protocol/s3/signature.hpp"

namespace mock {

/// Digests that were announced: Content-MD5, x-amz-checksum-crc32, -crc32c, -sha1, -sha256, and the
/// payload of a signature of version 4. Others are taken unchecked. Move-only.
class PayloadCheck {
 public:
  /// InvalidDigest or InvalidRequest for a value that is no such digest; NotImplemented for a body
  /// that comes as aws-chunked.
  [[nodiscard]] static s3::Expected<PayloadCheck> announced(
      const ::http::Fields& fields, const std::optional<s3::Signature>& signature);

  /// ObjectWriter has to compute the MD5.
  [[nodiscard]] bool needs_md5() const { return md5_.has_value(); }
  void update(std::span<const std::byte> bytes);
  /// BadDigest or XAmzContentSHA256Mismatch. `writer` has all bytes. Once.
  [[nodiscard]] s3::Expected<void> verify(ObjectWriter& writer);
  /// The same of a body that is all here, and was not told by `update`.
  [[nodiscard]] s3::Expected<void> verify(std::string_view body);

 private:
  struct Announced {
    std::string_view name;  ///< "SHA256"
    Digest digest;
    std::string expected;  ///< raw
  };
  [[nodiscard]] s3::Expected<void> verify_all(const std::string& md5);

  std::optional<std::string> md5_;  ///< raw
  std::vector<Announced> checksums_;
  std::optional<Digest> payload_;
  std::string payload_sha256_;  ///< hexadecimal
};

/// The fields that are kept with an object, of a request or a form; Content-Type always.
/// InvalidStorageClass, and InvalidArgument for a value that no reply could carry.
[[nodiscard]] s3::Expected<::http::Fields> kept_fields(const ::http::Fields& fields);

}  // namespace mock
