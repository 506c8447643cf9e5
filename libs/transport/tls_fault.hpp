// Why a handshake failed, and the certificate that the server showed.
#pragma once

#include <string>

namespace transport {

enum class TlsFault {
  none,
  expired,
  not_yet_valid,
  other_host,
  self_signed,
  unknown_authority,
  missing_intermediate,  ///< the certificate came alone, and its signer is unknown
  revoked,
  stapling,     ///< an OCSP answer is demanded, and is missing or no good (RFC 7633)
  old_version,  ///< TLS 1.0 or 1.1 only (RFC 8996)
  no_tls,       ///< something else than TLS is spoken
  refused,      ///< the server sent an alert
  stalled,      ///< nothing more came
  broken_off,   ///< the connection was reset or closed
  other,
};

/// The server's certificate. The texts are the server's own, one line each.
struct CertificateSeen {
  std::string hosts;   ///< it is for: "a.example, b.example and 2 more"
  std::string issuer;  ///< the common name of who signed it, or else its organisation
  std::string from;    ///< "2026-11-28 04:12 UTC"
  std::string until;
};

}  // namespace transport
