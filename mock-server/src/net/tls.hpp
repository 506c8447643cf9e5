// The server's side of TLS: certificate and key, checked before the first client meets them.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "net/server.hpp"
#include "protocol/error.hpp"

namespace mock {

struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

/// TLS 1.2 and later. The Error names the file and what is wrong with it: missing, not readable,
/// not PEM, expired, not valid yet, or a key that does not belong to the certificate.
[[nodiscard]] Result<SslContext> tls_context(const TlsFiles& files);

}  // namespace mock
