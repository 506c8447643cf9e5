// A TCP or TLS connection for bytes that no HTTP library would send.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "transport/client.hpp"
#include "transport/exchange.hpp"

namespace transport {

/// Move-only, not thread-safe. Closing is in order (FIN) unless `reset` was called.
class RawConnection {
 public:
  /// Connects to the host and port of `url` (http or https), through the proxy of ProxyOfThread
  /// (proxy.hpp).
  [[nodiscard]] static Result<RawConnection> open(const std::string& url, const TlsOptions& tls,
                                                  Milliseconds timeout);
  RawConnection(RawConnection&&) noexcept;
  RawConnection& operator=(RawConnection&&) noexcept;
  ~RawConnection();

  /// Sends all of it; an Error when the peer has closed or reset, or after `timeout`.
  Result<void> send(std::string_view bytes, Milliseconds timeout);
  /// No more bytes will be sent; reading goes on.
  void shutdown_send();
  /// Closes with RST (SO_LINGER 0; over TLS without close_notify).
  void reset();
  void close();

  /// What the peer did, seen while waiting for a response.
  enum class Seen { response, closed, reset, timeout, malformed };
  struct Read {
    Seen seen = Seen::timeout;
    std::optional<Response> response;  ///< the next final response, when `seen` is response
    std::vector<Interim> interims;     ///< 1xx that came before it
    std::string raw;                   ///< every byte that belongs to it, for evidence
    std::string problem;               ///< why it is malformed; one line
    bool body_after_head = false;      ///< bytes followed a response that may have no body
  };
  /// Reads one response, at most 1 MiB of its body; more, or more than limits.hpp allows of
  /// anything else, is malformed. `head_request`: the response has no body whatever its
  /// Content-Length says. After a timeout the next call begins with what had come of the response.
  [[nodiscard]] Read read_response(Milliseconds timeout, bool head_request = false);
  /// Waits until the peer closes or resets, or `timeout` passed; drops what comes.
  [[nodiscard]] Seen wait_for_close(Milliseconds timeout);

 private:
  struct State;
  explicit RawConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// "PATCH /files/1 HTTP/1.1\r\nName: value\r\n...\r\n" exactly as given: nothing is added.
[[nodiscard]] std::string request_head(std::string_view method, std::string_view target,
                                       const http::Fields& headers,
                                       std::string_view version = "HTTP/1.1");
/// One chunk of a chunked body; an empty one is the last chunk without trailers.
[[nodiscard]] std::string chunk(std::string_view bytes);

}  // namespace transport
