#include "auth/signing_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <stdexcept>

#include "protocol/base64.hpp"
#include "protocol/digest.hpp"

namespace mock {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContextPointer = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using ContextPointer = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using BioPointer = std::unique_ptr<BIO, Free<BIO_free>>;

constexpr int key_bits = 2048;  // RFC 7518 section 3.3: at least 2048

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason ? reason : "unknown OpenSSL error";
}

}  // namespace

struct SigningKey::Key {
  KeyPointer pkey;
};

SigningKey::SigningKey(std::unique_ptr<Key> key) : key_(std::move(key)) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_->pkey.get(), &der);
  if (size > 0) {
    id_ = sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)})
              .substr(0, 16);
  }
  OPENSSL_free(der);
}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::generate() {
  // With three primes (RFC 8017 section 3.1), which OpenSSL 3.0 finds in a fifth of the time that
  // two take: every start without a key of its own waits for this. Whoever verifies sees no
  // difference.
  const KeyContextPointer context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  const bool ok = context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                  EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), key_bits) == 1 &&
                  EVP_PKEY_CTX_set_rsa_keygen_primes(context.get(), 3) == 1 &&
                  EVP_PKEY_generate(context.get(), &made) == 1;
  KeyPointer pkey(made);
  if (!ok) return failure("signing key", "cannot be made: " + openssl_error());
  return SigningKey(std::make_unique<Key>(Key{std::move(pkey)}));
}

Result<std::vector<SigningKey>> SigningKey::parse_pem(const std::string& pem,
                                                      const std::string& where) {
  const std::string hint = "remove it to get a new key; tokens signed so far become invalid";
  constexpr std::string_view begin = "-----BEGIN ";
  std::vector<SigningKey> keys;
  std::size_t from = 0;
  do {
    // One block at a time: OpenSSL 3 does not tell the end of the text from a damaged block.
    const std::size_t next = std::min(pem.find(begin, from + 1), pem.size());
    const BioPointer bio(BIO_new_mem_buf(pem.data() + from, static_cast<int>(next - from)));
    // An empty passphrase instead of OpenSSL's default, which asks at the terminal.
    std::string passphrase;
    KeyPointer pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, passphrase.data()));
    if (!pkey) return failure(where, "is not a PEM private key: " + openssl_error(), hint);
    if (EVP_PKEY_is_a(pkey.get(), "RSA") != 1 || EVP_PKEY_get_bits(pkey.get()) < key_bits) {
      return failure(where, "is not an RSA key of at least 2048 bits", hint);
    }
    keys.push_back(SigningKey(std::make_unique<Key>(Key{std::move(pkey)})));
    from = next;
  } while (from < pem.size());
  return keys;
}

Result<std::string> SigningKey::pem() const {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key_->pkey.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return failure("signing key", "cannot be written: " + openssl_error());
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string SigningKey::number(const char* name) const {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key_->pkey.get(), name, &value) != 1) {
    throw std::runtime_error("an RSA key without " + std::string(name) + ": " + openssl_error());
  }
  const std::unique_ptr<BIGNUM, Free<BN_free>> owner(value);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
  return base64::encode_url(bytes);
}
std::string SigningKey::modulus() const { return number(OSSL_PKEY_PARAM_RSA_N); }
std::string SigningKey::exponent() const { return number(OSSL_PKEY_PARAM_RSA_E); }

Result<std::string> SigningKey::sign(std::string_view text) const {
  const ContextPointer context(EVP_MD_CTX_new());
  std::size_t size = 0;
  EVP_PKEY* pkey = key_->pkey.get();
  std::string signature;
  const bool signed_ok =
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pkey) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1 &&
      (signature.resize(size),
       EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                      bytes_of(text), text.size()) == 1);
  if (!signed_ok) return failure("signing key", "cannot sign: " + openssl_error());
  signature.resize(size);
  return signature;
}

bool SigningKey::verify(std::string_view text, std::string_view signature) const {
  const ContextPointer context(EVP_MD_CTX_new());
  const bool same =
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->pkey.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                       text.size()) == 1;
  ERR_clear_error();
  return same;
}

}  // namespace mock
