#include "objects/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/base64.hpp"

namespace mock {
namespace {

struct Checksum {
  std::string_view field;
  std::string_view name;
  DigestAlgorithm algorithm;
  std::size_t size;
};
constexpr std::array<Checksum, 4> checksums{
    {{"x-amz-checksum-crc32", "CRC32", DigestAlgorithm::crc32, 4},
     {"x-amz-checksum-crc32c", "CRC32C", DigestAlgorithm::crc32c, 4},
     {"x-amz-checksum-sha1", "SHA1", DigestAlgorithm::sha1, 20},
     {"x-amz-checksum-sha256", "SHA256", DigestAlgorithm::sha256, 32}}};

constexpr std::array<std::string_view, 7> kept{
    "Content-Type",     "Cache-Control", "Content-Disposition",         "Content-Encoding",
    "Content-Language", "Expires",       "x-amz-server-side-encryption"};

constexpr std::array<std::string_view, 9> storage_classes{
    "STANDARD",     "REDUCED_REDUNDANCY", "STANDARD_IA",         "ONEZONE_IA",     "GLACIER",
    "DEEP_ARCHIVE", "GLACIER_IR",         "INTELLIGENT_TIERING", "EXPRESS_ONEZONE"};

bool is_metadata(std::string_view name) {
  return ::http::lower_case(name).starts_with("x-amz-meta-");
}

bool is_kept(std::string_view name) {
  return std::ranges::any_of(kept, [&](auto one) { return ::http::same_name(name, one); }) ||
         is_metadata(name);
}

/// Of a name that comes twice what a signature of version 2 covers: the first value, and all of
/// metadata.
std::string value_of(const ::http::Fields& fields, std::string_view name) {
  if (!is_metadata(name)) return std::string(*fields.find(name));
  return fmt::format("{}", fmt::join(fields.all(name), ","));
}

std::optional<std::string> digest_of(std::string_view text, std::size_t size) {
  auto bytes = base64::decode(text);
  return bytes && bytes->size() == size ? std::move(bytes) : std::nullopt;
}

}  // namespace

s3::Expected<PayloadCheck> PayloadCheck::announced(const ::http::Fields& fields,
                                                   const std::optional<s3::Signature>& signature) {
  PayloadCheck check;
  if (const auto text = fields.find("Content-MD5")) {
    check.md5_ = digest_of(*text, 16);
    if (!check.md5_) {
      return s3::refuse(s3::Code::invalid_digest, "The Content-MD5 you specified was invalid.",
                        {{"Content-MD5", std::string(*text)}});
    }
  }
  for (const auto& [field, name, algorithm, size] : checksums) {
    const auto text = fields.find(field);
    if (!text) continue;
    auto expected = digest_of(*text, size);
    if (!expected) {
      return s3::refuse(s3::Code::invalid_request,
                        fmt::format("Value for {} header is invalid.", field));
    }
    check.checksums_.push_back({name, Digest(algorithm), *std::move(expected)});
  }
  const auto* const v4 = signature ? std::get_if<s3::SignatureV4>(&*signature) : nullptr;
  if (v4 == nullptr) return check;
  const auto payload = s3::payload_of(v4->payload);
  if (!payload) return tl::unexpected(payload.error());
  if (payload->kind == s3::PayloadKind::signed_plain) {
    check.payload_.emplace(DigestAlgorithm::sha256);
    check.payload_sha256_ = payload->sha256;
  } else if (payload->kind != s3::PayloadKind::unsigned_plain) {
    return tl::unexpected(s3::chunked_refusal(v4->payload));
  }
  return check;
}

void PayloadCheck::update(std::span<const std::byte> bytes) {
  for (auto& checksum : checksums_) checksum.digest.update(bytes);
  if (payload_) payload_->update(bytes);
}

s3::Expected<void> PayloadCheck::verify(ObjectWriter& writer) {
  return verify_all(md5_ ? writer.md5() : std::string());
}

s3::Expected<void> PayloadCheck::verify(std::string_view body) {
  update(std::as_bytes(std::span(body)));
  Digest md5(DigestAlgorithm::md5);
  md5.update(body);
  return verify_all(md5.finish());
}

s3::Expected<void> PayloadCheck::verify_all(const std::string& md5) {
  if (md5_ && md5 != *md5_) {
    return s3::refuse(
        s3::Code::bad_digest, "The Content-MD5 you specified did not match what we received.",
        {{"ExpectedDigest", base64::encode(*md5_)}, {"CalculatedDigest", base64::encode(md5)}});
  }
  if (payload_) {
    const auto computed = to_hex(payload_->finish());
    if (computed != payload_sha256_) {
      return s3::refuse(
          s3::Code::content_sha256_mismatch,
          "The provided 'x-amz-content-sha256' header does not match what was computed.",
          {{"ClientComputedContentSHA256", payload_sha256_},
           {"S3ComputedContentSHA256", computed}});
    }
  }
  for (auto& checksum : checksums_) {
    if (checksum.digest.finish() != checksum.expected) {
      return s3::refuse(s3::Code::bad_digest,
                        fmt::format("The {} you specified did not match the calculated checksum.",
                                    checksum.name));
    }
  }
  return {};
}

s3::Expected<::http::Fields> kept_fields(const ::http::Fields& fields) {
  if (const auto chosen = fields.find("x-amz-storage-class");
      chosen && std::ranges::count(storage_classes, *chosen) == 0) {
    return s3::refuse(s3::Code::invalid_storage_class,
                      "The storage class you specified is not valid",
                      {{"StorageClassRequested", std::string(*chosen)}});
  }
  ::http::Fields all;
  for (const auto& field : fields) {
    const auto& name = field.name;
    if (!is_kept(name) || all.has(name)) continue;
    const auto value = value_of(fields, name);
    if (!::http::is_token(name) || !::http::is_field_value(value)) {
      return s3::refuse(s3::Code::invalid_argument, "The value cannot be told as a header field.",
                        {{"ArgumentName", name}, {"ArgumentValue", value}});
    }
    all.add(name, value);
  }
  if (all.find("Content-Type").value_or("").empty()) all.set("Content-Type", "binary/octet-stream");
  return all;
}

}  // namespace mock
