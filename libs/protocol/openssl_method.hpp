// What OpenSSL calls an algorithm. Private to digest.cpp and hmac.cpp.
#pragma once

#include <openssl/evp.h>

#include <stdexcept>

#include "protocol/digest.hpp"

/// A checksum is none of OpenSSL's: throws std::logic_error, being a slip of the caller.
[[nodiscard]] inline const EVP_MD* openssl_method(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::md5:
      return EVP_md5();
    case DigestAlgorithm::sha1:
      return EVP_sha1();
    case DigestAlgorithm::sha256:
      return EVP_sha256();
    case DigestAlgorithm::crc32:
    case DigestAlgorithm::crc32c:
    case DigestAlgorithm::crc64nvme:
      break;
  }
  throw std::logic_error("a checksum is no digest of OpenSSL");
}
