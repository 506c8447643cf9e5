// Whole exchanges over libcurl's easy interface.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "protocol/error.hpp"
#include "protocol/units.hpp"
#include "transport/exchange.hpp"
#include "transport/origins.hpp"

namespace transport {

struct TlsOptions {
  std::string ca_file;      ///< PEM; empty: the system's
  std::string client_cert;  ///< PEM with key; empty: none
};

/// What a client speaks where it has the choice.
enum class HttpVersion { http1, http2 };

struct ClientOptions {
  std::string user_agent;
  TlsOptions tls;
  std::string proxy;           ///< URL, or from_environment (proxy.hpp); empty: none
  http::Fields extra_headers;  ///< added to every request that does not carry them
  /// Where extra_headers may go, as any of them may be a key; nullopt: everywhere.
  std::optional<Origins> extra_headers_to;
  /// http2: over TLS HTTP/2 is offered beside HTTP/1.1 (ALPN, RFC 9113 section 3.2), and the server
  /// chooses; Response::version says what.
  HttpVersion http = HttpVersion::http1;
  /// With http2, for origins without TLS: to these HTTP/2 is spoken from the first byte on (RFC
  /// 9113 section 3.3), with a connection for each request; to others HTTP/1.1.
  Origins prior_knowledge;
  Milliseconds connect_timeout{std::chrono::seconds{10}};
  /// The limit of a response body. A longer one is read and kept up to it, and the exchange fails
  /// as Failure::Kind::protocol.
  Bytes body_limit{1UL << 20U};
};

/// Whether they are PEM files that can be read. libcurl notices a bad one only when it connects by
/// TLS, and then reports an unreachable target. An Error names the option.
[[nodiscard]] Result<void> validate(const TlsOptions& options);
/// Checks files and URLs of the options; an Error names the option.
[[nodiscard]] Result<void> validate(const ClientOptions& options);

/// Owns one connection pool, of at most 4. Never follows redirects, never retries: what happened is
/// what is reported. Reads no more of an answer than limits.hpp and `body_limit` say, and no longer
/// than Request::timeout. Not thread-safe; one per thread.
class Client {
 public:
  explicit Client(ClientOptions options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  [[nodiscard]] Exchange send(const Request& request);
  /// Why the request cannot go out in HTTP/2, such as "HTTP/2 has no Transfer-Encoding (RFC 9113
  /// section 8.2.2)"; `send` fails with this text. nullopt: it can, or goes out in HTTP/1.1. A
  /// `chunked` body can: it goes without Content-Length.
  [[nodiscard]] std::optional<std::string> cannot_send(const Request& request) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace transport
