// Certificates for a laptop: a certificate authority of one's own, and a server certificate by it.
#pragma once

#include <string>

#include "net/server.hpp"
#include "protocol/error.hpp"

namespace mock {

/// Makes `folder` when it is missing, and in it ca.pem, ca-key.pem, server.pem (with the chain) and
/// server-key.pem, the keys readable by the owner only. What is there is used again as long as it
/// belongs together and is valid for another day; else only the server's pair is renewed, so that a
/// client that trusts ca.pem keeps working while the authority itself is valid.
/// Valid for localhost, 127.0.0.1, ::1 and names_of_handshakes (tls_names.hpp). Beside them what a
/// client is to refuse: the folder bad (bad_certificates.hpp), and crl.pem.
[[nodiscard]] Result<TlsFiles> self_signed(const std::string& folder);

}  // namespace mock
