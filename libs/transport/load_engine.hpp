// Thousands of transfers on one thread: libcurl's multi interface driven by epoll and one timerfd.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"
#include "transport/client.hpp"
#include "transport/exchange.hpp"
#include "transport/load_hosts.hpp"
#include "transport/load_pace.hpp"
#include "transport/load_timers.hpp"

namespace transport {

/// A connection that is lost on purpose.
struct Cut {
  enum class Kind {
    reset,   ///< RST at once (SO_LINGER 0, and over TLS no close_notify)
    silent,  ///< the peer hears nothing more: no byte, no FIN, and nothing of it is read
  };
  Kind kind = Kind::reset;
  Bytes after;  ///< body bytes handed over before it
};
[[nodiscard]] std::string_view to_string(Cut::Kind kind);

struct LoadRequest {
  std::string method;
  std::string url;       ///< absolute, http or https
  http::Fields headers;  ///< added: Host, User-Agent, Content-Length or chunked coding
  std::string body;      ///< a small one, sent as it is; not used when `source` is set

  /// Fills some of `into` with the bytes from body position `at` and returns how many. 0: there are
  /// none any more, and the connection is reset. Called on the loop's thread until `source_size`
  /// bytes are taken, in order, without jumping back: a request with a source is never sent again.
  std::function<std::size_t(Bytes at, std::span<std::byte> into)> source;
  Bytes source_size;
  bool chunked = false;  ///< it goes in HTTP's chunks (RFC 9112 section 7.1): its size is not told
  // Which part of the body is the file that is sent; the engine does not use it.
  Bytes file_at;      ///< where in the file that part begins
  Bytes before_file;  ///< of the body, what precedes it: the head of a form
  Bytes after_file;   ///< ... and what follows
  [[nodiscard]] Bytes file_size() const { return source_size - before_file - after_file; }
  /// Bytes of the file among the first `sent` of the body.
  [[nodiscard]] Bytes of_file(Bytes sent) const {
    return sent > before_file ? std::min(sent - before_file, file_size()) : Bytes{};
  }

  /// Takes the response body piece by piece; false ends the transfer. Without it the first 64 KiB
  /// are kept in LoadResponse::body.
  std::function<bool(std::span<const std::byte>)> sink;
  /// The limit of the response body. What goes on beyond it, or beyond limits.hpp, is given up as
  /// Failure::Kind::protocol; no client of an upload asks for more than this in one answer.
  Bytes answer_limit{16U << 20U};

  std::optional<Cut> cut;  ///< takes a connection of its own; only with `source`
  /// If set and true, the sender is gone, and the connection is reset before its next byte.
  std::shared_ptr<const bool> sender_gone;
  /// The pace of the body that `source` makes; null: unlimited. A silence (Pacer::silence) as long
  /// as `stall_timeout` ends the connection, like a silent cut.
  std::shared_ptr<Pacer> pace;
  /// Without any progress for this long the transfer is given up. Progress is body bytes sent, a
  /// status line, and 64 KiB more for `sink`; any other answer must be whole in this time. After a
  /// silent cut it is how long the client waits before it notices. The wait for a connection is due
  /// to us, and not counted.
  Milliseconds stall_timeout{std::chrono::seconds{30}};
  bool fresh_connection = false;  ///< do not reuse one
};

struct LoadResponse {
  int status = 0;
  http::Fields headers;
  std::string body;
};

struct LoadOutcome {
  std::optional<LoadResponse> response;  ///< a whole one
  std::optional<Failure> failure;        ///< exactly one of the two is set
  Bytes sent;                            ///< body bytes handed to the connection
  bool was_cut = false;                  ///< the failure is LoadRequest::cut
  /// The client's process ended with the connection: of an upload it knows only what it has stored,
  /// its URL. The engine never says so; a simulated network may.
  bool client_ended = false;
  bool reused_connection = false;
  std::chrono::microseconds elapsed{0};
};

/// What a client needs of its event loop. Everything is called and calls back on one thread.
class LoadTransport {
 public:
  virtual ~LoadTransport() = default;
  using Done = std::function<void(LoadOutcome)>;
  /// `done` is called exactly once, never from within `send`.
  virtual void send(LoadRequest request, Done done) = 0;
  virtual TimerId after(Milliseconds delay, std::function<void()> fire) = 0;
  virtual void cancel(TimerId id) = 0;
  [[nodiscard]] virtual LoadTime now() const = 0;
  /// Runs `work` on another thread and then `then` on this one: for digests and file reads, which
  /// would hold up every transfer of the loop.
  virtual void aside(std::function<void()> work, std::function<void()> then) = 0;
};

struct LoadEngineOptions {
  std::string user_agent;
  TlsOptions tls;
  std::size_t max_connections = 64;  ///< kept open for reuse
  /// How many are open at a time, kept ones included, those of silent cuts not; a transfer that
  /// needs one more waits. 0: as many as there are descriptors.
  std::size_t max_sockets = 0;
  BytesPerSecond ceiling{0};  ///< of all bodies together; 0: none
  /// URL; empty: that of the environment (http_proxy, https_proxy, no_proxy); nullopt: none.
  std::optional<std::string> proxy;
  std::string proxy_user;  ///< USER:PASSWORD, each percent-encoded; empty: as the URL says
  /// Hosts, with commas between them, that the environment's proxies are not for; empty: as its
  /// no_proxy says.
  std::string no_proxy;
  Bytes upload_buffer{256U << 10U};  ///< per transfer: 16 KiB for thousands, 256 KiB for throughput
  Milliseconds connect_timeout{std::chrono::seconds{10}};
  /// Sockets of silent cuts that are kept open; beyond, the oldest one is reset.
  std::size_t max_abandoned = 4096;
};

/// Not thread-safe but for `post`. HTTP/1.1 only; follows no redirect, never retries. SIGPIPE must
/// be ignored by the process (OpenSSL writes without MSG_NOSIGNAL).
class LoadEngine final : public LoadTransport {
 public:
  explicit LoadEngine(LoadEngineOptions options);
  /// Drops every transfer, timer and callback without calling it.
  ~LoadEngine() override;
  LoadEngine(const LoadEngine&) = delete;
  LoadEngine& operator=(const LoadEngine&) = delete;

  /// Sends to this host go to its addresses; hosts that were not pinned are looked up by libcurl.
  void pin(const ResolvedHost& host);

  void send(LoadRequest request, Done done) override;
  TimerId after(Milliseconds delay, std::function<void()> fire) override;
  /// Fires at `due`, at most a millisecond later if the loop is free.
  TimerId at(LoadTime due, std::function<void()> fire);
  void cancel(TimerId id) override;
  [[nodiscard]] LoadTime now() const override;
  void aside(std::function<void()> work, std::function<void()> then) override;

  /// From any thread: runs `task` on the loop's.
  void post(std::function<void()> task);
  /// Runs until `stop`, which may be called from a callback (or through `post`).
  void run();
  void stop();
  [[nodiscard]] std::size_t transfers() const;
  /// Bytes of bodies that were handed to connections so far. On the loop's thread.
  [[nodiscard]] Bytes sent() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace transport
