#include "protocol/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "protocol/openssl_method.hpp"

std::string hmac(DigestAlgorithm algorithm, std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> buffer{};
  unsigned size = 0;
  // OpenSSL takes a null key for "the key of the last call".
  const char* const start = key.empty() ? "" : key.data();
  if (HMAC(openssl_method(algorithm), start, static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), buffer.data(),
           &size) == nullptr) {
    throw std::runtime_error("OpenSSL could not compute the keyed digest");
  }
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}
