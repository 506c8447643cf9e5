// Certificates that a client is to refuse, made beside the good one.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "http/tls_plan.hpp"
#include "net/certificates.hpp"
#include "net/openssl_ptr.hpp"
#include "protocol/error.hpp"

namespace mock {

/// What is shown for one BadCertificate.
struct BadIdentity {
  X509Ptr certificate;
  ChainPtr above;                     ///< what is sent with it
  std::vector<unsigned char> staple;  ///< an OCSP response (RFC 6960), DER; empty: none
};

/// Loop thread only, once the server runs.
struct BadCertificates {
  KeyPtr key;  ///< of all of them
  std::array<BadIdentity, bad_certificate_names.size()> all;

  [[nodiscard]] const BadIdentity& of(BadCertificate what) const {
    return all[static_cast<std::size_t>(what)];
  }
};

/// Makes `folder` when it is missing, and in it a NAME.pem for each of bad_certificate_names, as
/// the server sends it, key.pem, and missing-intermediate-ca.pem, the certificate that the chain of
/// missing-intermediate lacks. What is there is used again as long as every certificate still has
/// its fault. `list`, which names those that `authority` has revoked (CRL), is written anew each
/// time. All but other-host are valid for localhost, 127.0.0.1, ::1 and NAME.localhost. An Error
/// names the file.
[[nodiscard]] Result<BadCertificates> bad_certificates(const std::string& folder,
                                                       const std::string& list,
                                                       const Identity& authority);

}  // namespace mock
