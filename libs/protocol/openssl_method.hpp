// What OpenSSL calls an algorithm. Private to digest.cpp and hmac.cpp.
#pragma once

#include <openssl/evp.h>

#include <stdexcept>
#include <string>

#include "protocol/digest.hpp"

/// Fetched once and kept: EVP_md5() and its like are looked up behind a lock at every use
/// (crypto(7), "ALGORITHM FETCHING"). Throws std::runtime_error where the machine's policy forbids
/// the algorithm.
[[nodiscard]] inline const EVP_MD* fetched_method(const char* name) {
  const EVP_MD* const method = EVP_MD_fetch(nullptr, name, nullptr);
  if (method == nullptr) {
    throw std::runtime_error(std::string("OpenSSL has no ") + name + " on this machine");
  }
  return method;
}

/// Throws std::logic_error for a checksum, which OpenSSL does not have: the caller's mistake.
[[nodiscard]] inline const EVP_MD* openssl_method(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::md5: {
      static const EVP_MD* const method = fetched_method("MD5");
      return method;
    }
    case DigestAlgorithm::sha1: {
      static const EVP_MD* const method = fetched_method("SHA1");
      return method;
    }
    case DigestAlgorithm::sha256: {
      static const EVP_MD* const method = fetched_method("SHA256");
      return method;
    }
    case DigestAlgorithm::crc32:
    case DigestAlgorithm::crc32c:
    case DigestAlgorithm::crc64nvme:
    case DigestAlgorithm::xxh128:
      break;
  }
  throw std::logic_error("a checksum is no digest of OpenSSL");
}
