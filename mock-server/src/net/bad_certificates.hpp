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

/// In `folder`, which is made when it is missing, one NAME.pem for each of bad_certificate_names as
/// it is sent, key.pem, and missing-intermediate-ca.pem, with which that one would be whole. What
/// is there is used again as long as all of it still is as bad as it says. `list` is written anew:
/// the list of what `authority` has revoked. Valid for localhost, 127.0.0.1, ::1 and
/// NAME.localhost, but for other-host. An Error names the file.
[[nodiscard]] Result<BadCertificates> bad_certificates(const std::string& folder,
                                                       const std::string& list,
                                                       const Identity& authority);

}  // namespace mock
