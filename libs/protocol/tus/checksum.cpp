#include "protocol/tus/checksum.hpp"

#include "protocol/base64.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/tus/headers.hpp"

namespace tus {

Result<Checksum> parse_checksum(std::string_view header) {
  const auto refuse = [](std::string what) {
    return failure(std::string(header::upload_checksum), std::move(what),
                   "write \"algorithm base64\"");
  };
  const std::size_t space = header.find(' ');
  if (space == std::string_view::npos) return refuse("has no digest");
  const std::string_view algorithm = header.substr(0, space);
  if (!http::is_token(algorithm)) return refuse(quote(algorithm) + " is not an algorithm");
  auto digest = base64::decode(header.substr(space + 1));
  if (!digest) return refuse("the digest is not Base64");
  if (digest->empty()) return refuse("the digest is empty");
  return Checksum{std::string(algorithm), std::move(*digest)};
}

std::string format_checksum(const Checksum& checksum) {
  return checksum.algorithm + ' ' + base64::encode(checksum.digest);
}

std::optional<DigestAlgorithm> digest_algorithm(std::string_view tus_name) {
  if (tus_name == "md5") return DigestAlgorithm::md5;
  if (tus_name == "sha1") return DigestAlgorithm::sha1;
  if (tus_name == "sha256") return DigestAlgorithm::sha256;
  if (tus_name == "crc32") return DigestAlgorithm::crc32;
  if (tus_name == "crc32c") return DigestAlgorithm::crc32c;
  return std::nullopt;
}

}  // namespace tus
