// A throwaway certificate for TLS on loopback.
#pragma once

#include <string>

namespace testkit {

struct Certificate {
  std::string cert_pem;
  std::string key_pem;
};

/// Self-signed for localhost, 127.0.0.1 and the name dex.example.test, which no resolver knows
/// (P-256). `expired`: its validity ended yesterday. `name`: of subject and issuer (CN).
[[nodiscard]] Certificate self_signed(bool expired = false, const std::string& name = "localhost");

}  // namespace testkit
