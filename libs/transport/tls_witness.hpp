// What a TLS handshake went through, so that its failure can be explained: OpenSSL knows which
// certificate it did not like, and libcurl does not pass that on. For sources of this room only.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "transport/exchange.hpp"
#include "transport/tls_fault.hpp"

namespace transport {

/// For one connection. Not thread-safe.
class TlsWitness {
 public:
  TlsWitness();
  ~TlsWitness();
  TlsWitness(const TlsWitness&) = delete;
  TlsWitness& operator=(const TlsWitness&) = delete;

  /// Sees the handshakes of `context` from now on, which keeps `witness` as long as it needs it.
  /// TLS 1.0 and 1.1 are not spoken (RFC 8996). An OCSP answer is asked for (RFC 6066 section 8):
  /// the handshake fails when it says that the certificate was revoked, and when there is none that
  /// is good although the certificate demands it (RFC 7633). Where the trusted file has lists of
  /// revoked certificates, they count; then each authority of a chain needs one.
  static void watch(SSL_CTX* context, const std::shared_ptr<TlsWitness>& witness);

  /// The same failure in words - what is wrong with which certificate, or after which message the
  /// handshake ended - and, after a semicolon, what to do; it is `explained`. `host` is what was
  /// asked for. `failure` itself when no handshake failed, or nothing more is known of it.
  [[nodiscard]] Failure explain(Failure failure, const std::string& host) const;
  /// The same, for programs.
  [[nodiscard]] TlsFault fault(const Failure& failure, const std::string& host) const;
  /// What the server showed; nullopt: it showed none, or resumed an earlier session.
  [[nodiscard]] std::optional<CertificateSeen> certificate() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace transport
