#include "protocol/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <map>
#include <memory>
#include <stdexcept>

#include "protocol/openssl_method.hpp"

namespace {

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL could not compute the keyed digest");
}

/// One that knows its digest and waits for a key.
Context context_of(DigestAlgorithm algorithm) {
  static EVP_MAC* const method = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  Context context(EVP_MAC_CTX_new(method));
  require(context != nullptr);
  // OpenSSL's parameters are not const; it only reads this one.
  const std::string name = EVP_MD_get0_name(openssl_method(algorithm));
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(name.c_str()), 0),
      OSSL_PARAM_construct_end()};
  require(EVP_MAC_CTX_set_params(context.get(), parameters.data()) == 1);
  return context;
}

/// Looking up an HMAC and its digest takes longer than signing one string: each thread does it once
/// for each algorithm.
EVP_MAC_CTX* context_for(DigestAlgorithm algorithm) {
  thread_local std::map<DigestAlgorithm, Context> contexts;
  auto& context = contexts[algorithm];
  if (!context) context = context_of(algorithm);
  return context.get();
}

}  // namespace

std::string hmac(DigestAlgorithm algorithm, std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> buffer{};
  std::size_t size = 0;
  EVP_MAC_CTX* const context = context_for(algorithm);
  const auto* const start = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
  // A null key would be that of the last call.
  require(EVP_MAC_init(context, start, key.size(), nullptr) == 1);
  require(EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(bytes.data()),
                         bytes.size()) == 1);
  require(EVP_MAC_final(context, buffer.data(), &size, buffer.size()) == 1);
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}
