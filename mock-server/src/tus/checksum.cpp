#include "tus/checksum.hpp"

#include <vector>

#include "protocol/tus/headers.hpp"
#include "tus/discovery.hpp"
#include "tus/operation.hpp"
#include "tus/refusals.hpp"

namespace mock {

namespace {

OrReply<tus::Checksum> parse(std::string_view value, const TusOptions& options) {
  auto checksum = tus::parse_checksum(::http::trim_ows(value));
  if (!checksum)
    return tl::unexpected(refusal(options, refused::checksum, checksum.error().line()));
  if (!tus::digest_algorithm(checksum->algorithm)) {
    return tl::unexpected(refusal(options, refused::checksum_algorithm));
  }
  return std::move(*checksum);
}

}  // namespace

OrReply<std::optional<ChecksumCheck>> announced_checksum(const Request& request,
                                                         const TusOptions& options) {
  if (!offers(options, tus::extension::checksum)) return std::nullopt;
  auto value = single(request, tus::header::upload_checksum, options);
  if (!value) return tl::unexpected(std::move(value.error()));
  if (*value) {
    auto expected = parse(**value, options);
    if (!expected) return tl::unexpected(std::move(expected.error()));
    return ChecksumCheck(std::move(*expected));
  }
  if (request.chunked && offers(options, tus::extension::checksum_trailer) &&
      request.fields.has_token("Trailer", tus::header::upload_checksum)) {
    return ChecksumCheck();
  }
  return std::nullopt;
}

OrReply<std::optional<tus::Checksum>> trailing_checksum(const Request& request,
                                                        const TusOptions& options) {
  if (request.trailers.empty() || !offers(options, tus::extension::checksum_trailer))
    return std::nullopt;
  const auto value = request.trailers.find(tus::header::upload_checksum);
  if (!value) return std::nullopt;
  return parse(*value, options).map([](tus::Checksum&& sum) {
    return std::optional(std::move(sum));
  });
}

ChecksumCheck::ChecksumCheck(tus::Checksum expected) : expected_(std::move(expected)) {
  const auto& name = expected_->algorithm;
  digests_.emplace_back(name, Digest(*tus::digest_algorithm(name)));
}

ChecksumCheck::ChecksumCheck() {
  std::string_view rest = checksum_algorithms;
  while (!rest.empty()) {
    const auto name = rest.substr(0, rest.find(','));
    digests_.emplace_back(name, Digest(*tus::digest_algorithm(name)));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
}

void ChecksumCheck::update(std::span<const std::byte> bytes) {
  for (auto& [name, digest] : digests_) digest.update(bytes);
}

OrReply<void> ChecksumCheck::verify(const Request& request, const TusOptions& options) {
  if (!expected_) {
    auto trailing = trailing_checksum(request, options);
    if (!trailing) return tl::unexpected(std::move(trailing.error()));
    if (!*trailing) {
      return tl::unexpected(refusal(options, refused::checksum_trailer));
    }
    expected_ = std::move(**trailing);
  }
  for (auto& [name, digest] : digests_) {
    if (name == expected_->algorithm && digest.finish() == expected_->digest) return {};
  }
  return tl::unexpected(refusal(options, refused::checksum_mismatch));
}

StoreResult<bool> matches(Reader& reader, Bytes from, const tus::Checksum& expected) {
  constexpr std::size_t slice = 256U << 10U;
  Digest digest(*tus::digest_algorithm(expected.algorithm));
  std::vector<std::byte> buffer(slice);
  while (true) {
    auto n = reader.read(from, buffer);
    if (!n) return tl::unexpected(n.error());
    digest.update(std::span(buffer).first(*n));
    if (*n < slice) return digest.finish() == expected.digest;
    from += Bytes{*n};
  }
}

}  // namespace mock
