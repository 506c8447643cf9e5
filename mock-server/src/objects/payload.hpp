// What a request says about the bytes that it brings, and whether that is true.
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

/// How a request brings its body, by its x-amz-content-sha256. Without a signature, or with one of
/// version 4 in the header, the body may be aws-chunked; for all others that field is the digest of
/// the body (openstack/swift 504bcf4, test/s3api/test_input_errors.py).
[[nodiscard]] s3::Expected<s3::Payload> payload_of(const ::http::Fields& fields,
                                                   const std::optional<s3::Signature>& signature);
[[nodiscard]] bool is_chunked(const s3::Payload& payload);

/// Digests that were announced: Content-MD5, one of x-amz-checksum-crc32, -crc32c, -crc64nvme,
/// -sha1 and -sha256, in a field or in the trailer of an aws-chunked body, and the SHA-256 of the
/// payload. Move-only.
class PayloadCheck {
 public:
  /// InvalidDigest for a malformed Content-MD5; InvalidRequest for a checksum that is malformed or
  /// unknown, or for several; MalformedTrailerError for a trailer that cannot come.
  [[nodiscard]] static s3::Expected<PayloadCheck> announced(const ::http::Fields& fields,
                                                            const s3::Payload& payload = {});
  /// For a body that is a document: a checksum beside it is that of an object, not of the body.
  [[nodiscard]] static s3::Expected<PayloadCheck> of_document(const ::http::Fields& fields,
                                                              const s3::Payload& payload);

  /// ObjectWriter has to compute the MD5.
  [[nodiscard]] bool needs_md5() const { return md5_.has_value(); }
  void update(std::span<const std::byte> bytes);
  /// The trailer of an aws-chunked body. MalformedTrailerError: it is not what was announced;
  /// InvalidRequest: its value is no such digest. Before `verify`.
  [[nodiscard]] s3::Expected<void> take_trailer(const ::http::Fields& trailer);
  /// BadDigest or XAmzContentSHA256Mismatch. `writer` has all bytes. Once.
  [[nodiscard]] s3::Expected<void> verify(ObjectWriter& writer);
  /// The same for a body that is all here, and was not given to `update`.
  [[nodiscard]] s3::Expected<void> verify(std::string_view body);

 private:
  explicit PayloadCheck(const s3::Payload& payload);
  s3::Expected<void> announce_md5(const ::http::Fields& fields);
  s3::Expected<void> announce_checksum(const ::http::Fields& fields);
  [[nodiscard]] s3::Expected<void> verify_all(const std::string& md5);

  std::optional<std::string> md5_;  ///< raw
  bool chunked_ = false;
  std::string trailer_;    ///< the field that is to come there: "x-amz-checksum-crc32", or none
  std::string_view name_;  ///< of the checksum: "CRC32"
  std::size_t size_ = 0;   ///< of the checksum
  std::string expected_;   ///< the checksum, raw
  std::optional<Digest> checksum_;
  std::string payload_sha256_;  ///< hexadecimal, as sent
  std::optional<Digest> payload_;
};

/// The fields that are kept with an object, of a request or a form; Content-Type always.
/// InvalidStorageClass, and InvalidArgument for a value that no reply could carry.
[[nodiscard]] s3::Expected<::http::Fields> kept_fields(const ::http::Fields& fields);
/// Takes aws-chunked out of Content-Encoding: what is stored has no such coding.
void drop_chunking(::http::Fields& fields);

}  // namespace mock
