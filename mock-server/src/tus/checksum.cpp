#include "tus/checksum.hpp"

#include <vector>

#include "protocol/tus/headers.hpp"
#include "tus/discovery.hpp"
#include "tus/operation.hpp"

namespace mock {

namespace {

OrReply<std::optional<tus::Checksum>> parse(std::string_view value) {
  auto checksum = tus::parse_checksum(::http::trim_ows(value));
  if (!checksum) return tl::unexpected(refusal(400, checksum.error().line()));
  if (!tus::digest_algorithm(checksum->algorithm)) {
    return tl::unexpected(refusal(400, "Upload-Checksum: the algorithm is not supported"));
  }
  return std::move(*checksum);
}

}  // namespace

OrReply<std::optional<tus::Checksum>> announced_checksum(const Request& request,
                                                         const TusOptions& options) {
  if (!offers(options, tus::extension::checksum)) return std::nullopt;
  auto value = single(request, tus::header::upload_checksum);
  if (!value) return tl::unexpected(std::move(value.error()));
  if (!*value) return std::nullopt;
  return parse(**value);
}

OrReply<std::optional<tus::Checksum>> trailing_checksum(const Request& request,
                                                        const TusOptions& options) {
  if (!offers(options, tus::extension::checksum_trailer)) return std::nullopt;
  const auto value = request.trailers.find(tus::header::upload_checksum);
  if (!value) return std::nullopt;
  return parse(*value);
}

ChecksumCheck::ChecksumCheck(tus::Checksum expected)
    : expected_(std::move(expected)), digest_(*tus::digest_algorithm(expected_.algorithm)) {}

bool ChecksumCheck::matches() { return digest_.finish() == expected_.digest; }

StoreResult<bool> matches(Reader& reader, Bytes from, const tus::Checksum& expected) {
  constexpr std::size_t slice = 256U << 10U;
  ChecksumCheck check(expected);
  std::vector<std::byte> buffer(slice);
  while (true) {
    auto n = reader.read(from, buffer);
    if (!n) return tl::unexpected(n.error());
    check.update(std::span(buffer).first(*n));
    if (*n < slice) return check.matches();
    from += Bytes{*n};
  }
}

Reply checksum_mismatch() {
  return refusal(tus::status_checksum_mismatch, "the bytes do not have the checksum that was sent");
}

}  // namespace mock
