#include "net/tls.hpp"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "net/openssl_ptr.hpp"
#include "net/transport.hpp"

namespace mock {

namespace {

/// The last thing OpenSSL complained about, for people.
std::string openssl_says() {
  const auto code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown reason";
}

/// Readable now, so that later complaints are about the contents.
Result<void> check_readable(const std::string& path, const char* what) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return failure(path, std::string("the ") + what + " cannot be read: " + std::strerror(errno));
  }
  const int first = std::fgetc(file);
  std::fclose(file);
  if (first == EOF) return failure(path, std::string("the ") + what + " is empty");
  return {};
}

/// OpenSSL must never ask at the terminal for a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return 0; }

std::string date_of(const ASN1_TIME* time) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  char text[64] = {};
  BIO_read(bio.get(), text, sizeof text - 1);
  return text;
}

}  // namespace

Result<SslContext> tls_context(const TlsFiles& files) {
  ERR_clear_error();
  if (auto ok = check_readable(files.certificate, "certificate"); !ok) {
    return tl::unexpected<Error>(ok.error());
  }
  if (auto ok = check_readable(files.key, "private key"); !ok) {
    return tl::unexpected<Error>(ok.error());
  }
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return failure("TLS", "OpenSSL gives no context: " + openssl_says());
  auto* const ssl = context.get();
  SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A slow upload keeps no record buffers, and a queued reply may move between two writes of it.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
  let_handshakes_be_planned(ssl);

  if (SSL_CTX_use_certificate_chain_file(ssl, files.certificate.c_str()) != 1) {
    return failure(files.certificate, "not a PEM certificate chain: " + openssl_says());
  }
  const X509* const certificate = SSL_CTX_get0_certificate(ssl);
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
    return failure(files.certificate,
                   "the certificate expired on " + date_of(X509_get0_notAfter(certificate)),
                   "renew it, or use --tls-self-signed DIR");
  }
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    return failure(files.certificate, "the certificate is not valid before " +
                                          date_of(X509_get0_notBefore(certificate)));
  }
  const BioPtr key_file(BIO_new_file(files.key.c_str(), "r"));
  const KeyPtr key(key_file
                       ? PEM_read_bio_PrivateKey(key_file.get(), nullptr, no_passphrase, nullptr)
                       : nullptr);
  if (!key) {
    return failure(files.key, "not a PEM private key without a passphrase: " + openssl_says());
  }
  if (X509_check_private_key(certificate, key.get()) != 1 ||
      SSL_CTX_use_PrivateKey(ssl, key.get()) != 1) {
    ERR_clear_error();
    return failure(files.key,
                   "the private key does not belong to the certificate " + files.certificate);
  }
  return context;
}

}  // namespace mock
