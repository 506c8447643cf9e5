#include "net/certificates.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>
#include <system_error>

namespace mock {

namespace {

namespace fs = std::filesystem;

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

}  // namespace

Identity load_identity(const fs::path& certificate, const fs::path& key) {
  Identity found;
  if (const BioPtr bio{BIO_new_file(certificate.c_str(), "r")}) {
    found.certificate.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  }
  if (const BioPtr bio{BIO_new_file(key.c_str(), "r")}) {
    found.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  }
  ERR_clear_error();
  std::time_t tomorrow = std::time(nullptr) + seconds_of_day;
  if (!found || X509_check_private_key(found.certificate.get(), found.key.get()) != 1 ||
      X509_cmp_time(X509_get0_notAfter(found.certificate.get()), &tomorrow) < 0 ||
      X509_cmp_current_time(X509_get0_notBefore(found.certificate.get())) > 0) {
    ERR_clear_error();
    return {};
  }
  return found;
}

X509Ptr make_certificate(const CertificateSpec& spec, EVP_PKEY* key, const Identity* issuer) {
  X509Ptr made(X509_new());
  if (!made) return nullptr;
  auto* const certificate = made.get();
  X509* const signer = issuer != nullptr ? issuer->certificate.get() : certificate;

  unsigned char random[16];
  if (RAND_bytes(random, sizeof random) != 1) return nullptr;
  random[0] &= 0x7fU;  // RFC 5280 section 4.1.2.2: positive
  const std::unique_ptr<BIGNUM, FreeWith<BN_free>> serial(
      BN_bin2bn(random, sizeof random, nullptr));
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));

  X509_set_version(certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate), spec.from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), spec.until);
  X509_set_pubkey(certificate, key);
  auto* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("dex-mock-server"), -1, -1, 0);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(spec.name), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));

  const auto add = [&](int nid, const char* value) {
    return add_extension(certificate, signer, nid, value);
  };
  bool ok = add(NID_subject_key_identifier, "hash");
  if (issuer != nullptr) ok = ok && add(NID_authority_key_identifier, "keyid:always");
  if (spec.alternatives.empty()) {
    // One authority may be below the root: that of BadCertificate::missing_intermediate.
    ok = ok &&
         add(NID_basic_constraints,
             issuer == nullptr ? "critical,CA:TRUE,pathlen:1" : "critical,CA:TRUE,pathlen:0") &&
         add(NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    ok = ok && add(NID_basic_constraints, "critical,CA:FALSE") &&
         add(NID_key_usage, "critical,digitalSignature") && add(NID_ext_key_usage, "serverAuth") &&
         add(NID_subject_alt_name, spec.alternatives.c_str());
  }
  if (spec.must_staple) ok = ok && add(NID_tlsfeature, "status_request");
  EVP_PKEY* const signing_key = issuer != nullptr ? issuer->key.get() : key;
  if (!ok || X509_sign(certificate, signing_key, EVP_sha256()) == 0) return nullptr;
  return made;
}

Identity make_identity(const CertificateSpec& spec, const Identity* issuer) {
  Identity made{nullptr, KeyPtr(EVP_EC_gen("P-256"))};
  if (made.key) made.certificate = make_certificate(spec, made.key.get(), issuer);
  return made;
}

Result<void> write_file(const fs::path& path, mode_t mode, const std::function<bool(BIO*)>& fill) {
  const fs::path temporary = path.string() + "." + std::to_string(::getpid()) + ".tmp";
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (descriptor < 0) {
    return failure(temporary.string(), std::string("cannot be written: ") + std::strerror(errno));
  }
  BioPtr bio(BIO_new_fd(descriptor, BIO_CLOSE));
  const bool ok = bio && fill(bio.get());
  bio.reset();
  std::error_code ec;
  if (ok) fs::rename(temporary, path, ec);
  if (!ok || ec) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    return failure(path.string(), "cannot be written" + (ec ? ": " + ec.message() : ""));
  }
  return {};
}

Result<void> write_key(const fs::path& path, EVP_PKEY* key) {
  return write_file(path, 0600, [key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  });
}

Result<void> write_chain(const fs::path& path, const std::vector<X509*>& chain) {
  return write_file(path, 0644, [&](BIO* bio) {
    return std::ranges::all_of(
        chain, [bio](X509* certificate) { return PEM_write_bio_X509(bio, certificate) == 1; });
  });
}

}  // namespace mock
