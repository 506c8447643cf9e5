// Listeners, connections, TLS and the event loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/handler.hpp"
#include "http/intercept.hpp"
#include "http/limits.hpp"
#include "loop/loop.hpp"
#include "protocol/error.hpp"

namespace mock {

struct TlsFiles {
  std::string certificate;  ///< PEM chain
  std::string key;          ///< PEM
};

struct ListenOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free port
  std::optional<TlsFiles> tls;
  std::string lane;  ///< every request to this listener is in it
  Limits limits;
};

/// Owns the sockets and the loop. Everything passed by reference outlives it.
class Server {
 public:
  virtual ~Server() = default;
  [[nodiscard]] virtual Loop& loop() = 0;
  /// Starts listening; an Error names the address and the reason (in use, not permitted, ...), or
  /// the certificate file and what is wrong with it. `interceptor` and `observer` may be null.
  virtual Result<void> listen(const ListenOptions& options, Application& application,
                              Interceptor* interceptor, Observer* observer) = 0;
  /// "http://127.0.0.1:43211"; valid after listen.
  [[nodiscard]] virtual std::string url() const = 0;
  /// Runs the loop on the calling thread until `stop`, or until SIGINT or SIGTERM when
  /// `handle_signals`: then requests in flight get `shutdown_grace` to end. Returns the number of
  /// exchanges that were cut off.
  virtual std::size_t run(bool handle_signals) = 0;
  /// May be called from any thread.
  virtual void stop() = 0;
};

[[nodiscard]] std::unique_ptr<Server> make_server();

}  // namespace mock
