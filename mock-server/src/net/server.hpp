// Listeners, connections, TLS and the event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/handler.hpp"
#include "http/http_options.hpp"
#include "http/intercept.hpp"
#include "http/limits.hpp"
#include "loop/loop.hpp"
#include "notice.hpp"
#include "protocol/error.hpp"

namespace mock {

struct BadCertificates;

struct TlsFiles {
  std::string certificate;  ///< PEM chain
  std::string key;          ///< PEM
  /// What rules and server names may ask for; null: they are shown the good certificate.
  std::shared_ptr<const BadCertificates> bad = nullptr;
};

struct ListenOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free port
  std::optional<TlsFiles> tls;
  std::string lane;  ///< every request to this listener is in it
  Limits limits;
  HttpOptions http;
};

/// What becomes of connections that are open when their listener goes.
enum class OpenConnections {
  keep,    ///< they go on as if nothing had happened
  finish,  ///< idle ones are closed, the others after the exchange that is under way
  reset,   ///< the peer sees ECONNRESET, soon: the exchange that asks for it may be one of them
};

/// A time in which new connections are refused, or not answered.
struct Outage {
  Milliseconds duration{0};
  std::optional<std::string> lane =
      std::nullopt;  ///< only the listeners of that lane; nullopt: all
  OpenConnections open = OpenConnections::keep;
  /// Whoever connects gets no answer, as if a firewall dropped the packets: the queue of
  /// connections that wait to be accepted is full, so that the kernel answers no SYN. A connection
  /// that was made before and not accepted yet waits.
  bool unanswered = false;
};

/// Owns the sockets and the loop. Everything passed by reference outlives it.
/// Once `run` is under way: loop thread only, where nothing else is said.
class Server {
 public:
  virtual ~Server() = default;
  [[nodiscard]] virtual Loop& loop() = 0;
  /// `notify` hears of every failure that no client could be told of (Loop::trouble), on the thread
  /// on which it happened. It also hears when the process or the system has no room for a
  /// connection that came: once, until one is accepted again. Call it before `run`.
  virtual void on_trouble(Notify notify) = 0;
  /// Starts listening, besides what listens already; returns the URL without a path, such as
  /// "http://127.0.0.1:43211", which names this listener from now on. An Error names the address
  /// and the reason (in use, not permitted, ...), or the certificate file and what is wrong with
  /// it. `interceptor` and `observer` may be null.
  virtual Result<std::string> listen(const ListenOptions& options, Application& application,
                                     Interceptor* interceptor, Observer* observer) = 0;
  /// Stops listening there: connections are refused when this returns. False: no such listener.
  virtual bool unlisten(const std::string& url, OpenConnections open) = 0;
  /// When this returns, the listeners refuse connections (ECONNREFUSED) or do not answer them; the
  /// latest outage says which. They listen again on the same port after `duration`, or when a
  /// longer outage that they are already in ends. Returns how many listeners there are in the lane.
  virtual std::size_t outage(const Outage& outage) = 0;
  /// Ends the time in which the listeners of `lane` do not answer.
  virtual void answer_again(const std::string& lane) = 0;
  /// Of the listener that was made first; empty when there is none.
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
