#include "objects/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/base64.hpp"
#include "protocol/s3/aws_chunked.hpp"

namespace mock {
namespace {

struct Checksum {
  std::string_view field;
  std::string_view name;
  DigestAlgorithm algorithm;
  std::size_t size;
};
constexpr std::array<Checksum, 5> checksums{
    {{"x-amz-checksum-crc32", "CRC32", DigestAlgorithm::crc32, 4},
     {"x-amz-checksum-crc32c", "CRC32C", DigestAlgorithm::crc32c, 4},
     {"x-amz-checksum-crc64nvme", "CRC64NVME", DigestAlgorithm::crc64nvme, 8},
     {"x-amz-checksum-sha1", "SHA1", DigestAlgorithm::sha1, 20},
     {"x-amz-checksum-sha256", "SHA256", DigestAlgorithm::sha256, 32}}};
constexpr std::string_view checksum_prefix = "x-amz-checksum-";
// These fields say how a checksum is made, and hold none.
constexpr std::array<std::string_view, 3> about_checksums{
    "x-amz-checksum-type", "x-amz-checksum-algorithm", "x-amz-checksum-mode"};
constexpr std::string_view trailer_field = "x-amz-trailer";
constexpr std::string_view algorithm_field = "x-amz-sdk-checksum-algorithm";
constexpr std::string_view chunked_coding = "aws-chunked";

const Checksum* checksum_called(std::string_view field) {
  const auto* const found = std::ranges::find_if(
      checksums, [&](const Checksum& one) { return ::http::same_name(one.field, field); });
  return found == checksums.end() ? nullptr : found;
}

/// The fields that hold a checksum, by their names in lower case.
std::vector<std::string> checksum_fields(const ::http::Fields& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) {
    auto name = ::http::lower_case(field.name);
    if (name.starts_with(checksum_prefix) && std::ranges::count(about_checksums, name) == 0)
      names.push_back(std::move(name));
  }
  return names;
}

tl::unexpected<s3::Refusal> invalid(std::string message) {
  return s3::refuse(s3::Code::invalid_request, std::move(message));
}

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

/// Of a field that comes twice, what a signature of version 2 covers: the first value, or all
/// values of metadata.
std::string value_of(const ::http::Fields& fields, std::string_view name) {
  if (!is_metadata(name)) return std::string(*fields.find(name));
  return fmt::format("{}", fmt::join(fields.all(name), ","));
}

std::optional<std::string> digest_of(std::string_view text, std::size_t size) {
  auto bytes = base64::decode(text);
  return bytes && bytes->size() == size ? std::move(bytes) : std::nullopt;
}

}  // namespace

bool is_chunked(const s3::Payload& payload) {
  return payload.kind == s3::PayloadKind::chunked_signed ||
         payload.kind == s3::PayloadKind::chunked_unsigned;
}

s3::Expected<s3::Payload> payload_of(const ::http::Fields& fields,
                                     const std::optional<s3::Signature>& signature) {
  const std::string text(fields.find("x-amz-content-sha256").value_or(s3::unsigned_payload));
  const auto* const v4 = signature ? std::get_if<s3::SignatureV4>(&*signature) : nullptr;
  if (!signature || (v4 != nullptr && v4->place == s3::Place::header)) return s3::payload_of(text);
  if (text == s3::unsigned_payload) return s3::Payload{};
  return s3::Payload{s3::PayloadKind::signed_plain, text};
}

PayloadCheck::PayloadCheck(const s3::Payload& payload) : chunked_(is_chunked(payload)) {
  if (payload.kind != s3::PayloadKind::signed_plain) return;
  payload_.emplace(DigestAlgorithm::sha256);
  payload_sha256_ = payload.sha256;
}

s3::Expected<PayloadCheck> PayloadCheck::announced(const ::http::Fields& fields,
                                                   const s3::Payload& payload) {
  auto check = of_document(fields, payload);
  if (!check) return check;
  if (auto read = check->announce_checksum(fields); !read) return tl::unexpected(read.error());
  return check;
}

s3::Expected<PayloadCheck> PayloadCheck::of_document(const ::http::Fields& fields,
                                                     const s3::Payload& payload) {
  PayloadCheck check(payload);
  if (auto read = check.announce_md5(fields); !read) return tl::unexpected(read.error());
  return check;
}

s3::Expected<void> PayloadCheck::announce_md5(const ::http::Fields& fields) {
  const auto text = fields.find("Content-MD5");
  if (!text) return {};
  md5_ = digest_of(*text, 16);
  if (md5_) return {};
  return s3::refuse(s3::Code::invalid_digest, "The Content-MD5 you specified was invalid.",
                    {{"Content-MD5", std::string(*text)}});
}

/// What is wrong is told in the order in which S3 was seen to tell it (openstack/swift 504bcf4,
/// test/s3api/test_input_errors.py).
s3::Expected<void> PayloadCheck::announce_checksum(const ::http::Fields& fields) {
  const auto names = checksum_fields(fields);
  const auto joined = fields.joined(trailer_field).value_or("");
  const auto trailers = ::http::split_list(joined);
  const auto in_trailer = std::ranges::count_if(trailers, [](std::string_view name) {
    return ::http::lower_case(name).starts_with(checksum_prefix);
  });
  if (names.size() > 1 || in_trailer > 1) {
    return invalid(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  if (trailers.size() > 1 || (trailers.size() == 1 && checksum_called(trailers[0]) == nullptr)) {
    return invalid("The value specified in the x-amz-trailer header is not supported");
  }
  if (!names.empty() && !trailers.empty())
    return invalid("Expecting a single x-amz-checksum- header");
  const auto algorithm = fields.find(algorithm_field);
  if (names.empty() && trailers.empty()) {
    if (!algorithm) return {};
    return invalid(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
        "x-amz-trailer headers were found.");
  }
  const auto* const chosen = checksum_called(names.empty() ? trailers[0] : names[0]);
  if (chosen == nullptr) {
    return invalid("The algorithm type you specified in x-amz-checksum- header is invalid.");
  }
  if (algorithm && !::http::same_name(*algorithm, chosen->name)) {
    return invalid("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  }
  if (names.empty()) {
    if (!chunked_) return tl::unexpected(s3::malformed_trailer());
    trailer_ = chosen->field;
  } else {
    auto expected = digest_of(*fields.find(chosen->field), chosen->size);
    if (!expected) return invalid(fmt::format("Value for {} header is invalid.", chosen->field));
    expected_ = *std::move(expected);
  }
  name_ = chosen->name;
  size_ = chosen->size;
  checksum_.emplace(chosen->algorithm);
  return {};
}

void PayloadCheck::update(std::span<const std::byte> bytes) {
  if (checksum_) checksum_->update(bytes);
  if (payload_) payload_->update(bytes);
}

s3::Expected<void> PayloadCheck::take_trailer(const ::http::Fields& trailer) {
  for (const auto& field : trailer) {
    if (field.name != trailer_ && field.name != "x-amz-trailer-signature") {
      return tl::unexpected(s3::malformed_trailer());
    }
  }
  if (trailer_.empty()) return {};
  const auto text = trailer.find(trailer_);
  if (!text) return tl::unexpected(s3::malformed_trailer());
  auto expected = digest_of(*text, size_);
  if (!expected) return invalid(fmt::format("Value for {} trailing header is invalid.", trailer_));
  expected_ = *std::move(expected);
  return {};
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

/// In the order in which S3 was seen to tell it.
s3::Expected<void> PayloadCheck::verify_all(const std::string& md5) {
  if (payload_) {
    const auto computed = to_hex(payload_->finish());
    if (computed != ::http::lower_case(payload_sha256_)) {
      return s3::refuse(
          s3::Code::content_sha256_mismatch,
          "The provided 'x-amz-content-sha256' header does not match what was computed.",
          {{"ClientComputedContentSHA256", payload_sha256_},
           {"S3ComputedContentSHA256", computed}});
    }
  }
  if (md5_ && md5 != *md5_) {
    // One in hexadecimal and the other in Base64: so S3 does.
    return s3::refuse(
        s3::Code::bad_digest, "The Content-MD5 you specified did not match what we received.",
        {{"ExpectedDigest", to_hex(*md5_)}, {"CalculatedDigest", base64::encode(md5)}});
  }
  if (checksum_ && checksum_->finish() != expected_) {
    return s3::refuse(
        s3::Code::bad_digest,
        fmt::format("The {} you specified did not match the calculated checksum.", name_));
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

void drop_chunking(::http::Fields& fields) {
  constexpr auto name = "Content-Encoding";
  const auto sent = fields.joined(name);
  if (!sent) return;
  std::string rest;
  for (const auto coding : ::http::split_list(*sent)) {
    if (::http::same_name(coding, chunked_coding)) continue;
    if (!rest.empty()) rest += ", ";
    rest += coding;
  }
  if (rest.empty())
    fields.remove(name);
  else
    fields.set(name, rest);
}

}  // namespace mock
