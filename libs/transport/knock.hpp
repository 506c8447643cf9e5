// What stands between here and a server - name, address, proxy, TLS - found without asking the
// server itself anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/units.hpp"
#include "transport/client.hpp"
#include "transport/tls_fault.hpp"

namespace transport {

struct Knock {
  std::optional<Failure> failure;
  bool connected = false;  ///< by TCP, to the proxy where there is one
  std::string address;     ///< of the peer, if connected: "192.0.2.7"
  std::uint16_t port = 0;
  int proxy_status = 0;  ///< a proxy's answer to CONNECT; 0: it was not asked, or gave none
  TlsFault tls = TlsFault::none;
  std::optional<CertificateSeen> certificate;  ///< also of one that was refused
};

/// Connects as Client does, TLS included, sends no request and closes. `url` is http or https.
[[nodiscard]] Knock knock(const std::string& url, const ClientOptions& options,
                          Milliseconds timeout);

}  // namespace transport
