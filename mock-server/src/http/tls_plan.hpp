// What goes wrong with TLS on one connection, in words: the net room carries it out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/socket_end.hpp"

namespace mock {

/// Shown in place of the good certificate. Each is sound but for what its name says.
enum class BadCertificate : std::uint8_t {
  expired,
  not_yet_valid,
  other_host,
  self_signed,
  unknown_authority,
  missing_intermediate,
  revoked,          ///< the list of revoked certificates (CRL) has it
  revoked_stapled,  ///< must be stapled (RFC 7633); the stapled OCSP answer says it is revoked
  staple_missing,   ///< must be stapled, and no OCSP answer is stapled
  staple_expired,   ///< must be stapled; the stapled OCSP answer is out of date
};
/// In the order of the enum: what rules, files and hosts call them.
inline constexpr std::array<std::string_view, 10> bad_certificate_names{
    "expired",           "not-yet-valid",        "other-host", "self-signed",
    "unknown-authority", "missing-intermediate", "revoked",    "revoked-stapled",
    "staple-missing",    "staple-expired"};

/// The only version that the server speaks.
enum class TlsVersion : std::uint8_t { tls_1_0, tls_1_1 };

/// Messages of a handshake, in their order; the last three are the server's.
enum class HandshakeStep : std::uint8_t { client_hello, server_hello, certificate, finished };

struct HandshakeStop {
  HandshakeStep after = HandshakeStep::client_hello;
  bool alert = false;  ///< a fatal one, handshake_failure (RFC 8446 section 6.2), then FIN
  SocketEnd end = SocketEnd::fin;  ///< without an alert; fin, rst or stall
};

struct TlsPlan {
  std::optional<BadCertificate> certificate = std::nullopt;
  std::optional<TlsVersion> version = std::nullopt;
  std::optional<HandshakeStop> stop = std::nullopt;

  [[nodiscard]] bool any() const { return certificate || version || stop; }
  /// Takes from `other` what this one does not set.
  void fill(const TlsPlan& other);
};

/// What a server name (SNI), in lower case, asks for by itself: "expired.localhost" for that
/// certificate, "tls-1-1.localhost", "stall-after-server-hello.localhost", and so on. Every other
/// name asks for nothing.
[[nodiscard]] TlsPlan plan_of_name(std::string_view server_name);

}  // namespace mock
