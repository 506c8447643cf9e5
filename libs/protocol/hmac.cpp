#include "protocol/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "protocol/openssl_method.hpp"

namespace {

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL could not compute the keyed digest");
}

/// A context with its digest set, but no key yet.
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

/// Begins a text. Looking up an HMAC and its digest takes longer than signing one string, and so
/// does setting a key. So each thread looks up once for each algorithm, and sets a key only when it
/// is not that of the last text.
EVP_MAC_CTX* begin(DigestAlgorithm algorithm, std::string_view key) {
  struct Keyed {
    Context context;
    std::optional<std::string> key;
  };
  thread_local std::map<DigestAlgorithm, Keyed> all;
  auto& [context, last] = all[algorithm];
  if (!context) context = context_of(algorithm);
  if (last == key) {
    require(EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1);
    return context.get();
  }
  last.reset();
  const auto* const start = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
  require(EVP_MAC_init(context.get(), start, key.size(), nullptr) == 1);
  last = key;
  return context.get();
}

}  // namespace

std::string hmac(DigestAlgorithm algorithm, std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> buffer{};
  std::size_t size = 0;
  EVP_MAC_CTX* const context = begin(algorithm, key);
  require(EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(bytes.data()),
                         bytes.size()) == 1);
  require(EVP_MAC_final(context, buffer.data(), &size, buffer.size()) == 1);
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}
