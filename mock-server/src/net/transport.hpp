// Bytes in and out of one non-blocking socket, plain or TLS, behind the same four calls.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "http/tls_plan.hpp"

namespace mock {

struct BadCertificates;

struct Io {
  enum class State {
    ok,          ///< something was done, perhaps not all
    wait_read,   ///< nothing (more) can be done until the socket is readable
    wait_write,  ///< ... writable
    eof,         ///< the peer will send no more
    failed,      ///< the connection is of no use any more
    stopped,     ///< of a handshake: it went as far as the plan lets it, HandshakeStop::end follows
  };
  State state = State::ok;
  std::size_t bytes = 0;  ///< read or written, also when the state is not ok
};

/// Does not own the descriptor. Never blocks, never raises SIGPIPE as long as that is ignored.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Io handshake() = 0;
  virtual Io read(std::span<std::byte> into) = 0;
  /// As `read`, for bytes that nobody looks at: what is in `into` afterwards is undefined.
  virtual Io skip(std::span<std::byte> into) { return read(into); }
  virtual Io write(std::span<const std::byte> from) = 0;
  /// Bytes can be read although the socket itself has none.
  [[nodiscard]] virtual bool buffered() const = 0;
  /// The in-order end of what is sent, as far as the transport has one.
  virtual void close_notify() = 0;
};

/// Plans a handshake; outlives the transport.
class HandshakePlanner {
 public:
  virtual ~HandshakePlanner() = default;
  /// Once, when the ClientHello has come: the server that it names (SNI) in lower case; nullopt:
  /// none.
  virtual TlsPlan on_hello(std::optional<std::string_view> server_name) = 0;
};

[[nodiscard]] std::unique_ptr<Transport> plain_transport(int descriptor);
/// `context` comes from tls_context. Plans choose from `bad`; null: they get the good certificate.
/// The handshake is not done yet; nullptr when OpenSSL has no memory for it.
[[nodiscard]] std::unique_ptr<Transport> tls_transport(int descriptor, SSL_CTX* context,
                                                       const BadCertificates* bad,
                                                       HandshakePlanner& planner);
/// Makes the handshakes of `context` ask their planners.
void let_handshakes_be_planned(SSL_CTX* context);

}  // namespace mock
