#include "testkit/self_signed.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace testkit {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};

void need(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL cannot make a certificate");
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

void extend(X509* cert, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  need(extension && X509_add_ext(cert, extension.get(), -1) == 1);
}

}  // namespace

Certificate self_signed(bool expired, const std::string& name) {
  const std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Deleter<X509_free>> cert(X509_new());
  need(key && cert);
  constexpr long day = 24L * 3600L;
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -2 * day);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), expired ? -day : day);
  X509_set_pubkey(cert.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(cert.get(), subject);
  extend(cert.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(cert.get(), NID_subject_alt_name, "DNS:localhost,DNS:dex.example.test,IP:127.0.0.1");
  need(X509_sign(cert.get(), key.get(), EVP_sha256()) > 0);

  const std::unique_ptr<BIO, Deleter<BIO_free_all>> cert_bio(BIO_new(BIO_s_mem()));
  const std::unique_ptr<BIO, Deleter<BIO_free_all>> key_bio(BIO_new(BIO_s_mem()));
  need(PEM_write_bio_X509(cert_bio.get(), cert.get()) == 1);
  need(PEM_write_bio_PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
       1);
  return {text_of(cert_bio.get()), text_of(key_bio.get())};
}

}  // namespace testkit
