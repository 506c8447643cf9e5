#include "net/server.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <map>
#include <utility>
#include <vector>

#include "net/asio_loop.hpp"
#include "net/connection.hpp"
#include "net/tls.hpp"

namespace mock {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::size_t buffer_size = 256UL << 10U;
/// After accept failed for want of descriptors or memory: they do not come back at once.
constexpr Milliseconds accept_pause{50};
/// How long the server waits for a connection to itself.
constexpr Milliseconds filler_patience{100};

std::atomic<std::uint64_t> connections_of_process{0};

/// Why accept failed, and what helps.
std::string what_to_do(const ErrorCode& why) {
  if (why == asio::error::no_descriptors) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return "all " + std::to_string(limit.rlim_cur) +
           " file descriptors are in use; raise 'ulimit -n' before the start, or open fewer";
  }
  if (why == boost::system::errc::too_many_files_open_in_system) {
    return "the system has no file descriptor left; raise fs.file-max (sysctl)";
  }
  return "the system has no memory left for sockets (" + why.message() + ")";
}

std::string authority(const Tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const auto port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]" + port : address + port;
}

/// One listening socket. Handlers under way keep it alive.
struct Listener {
  Listener(asio::io_context& context, std::shared_ptr<const Home> home_of_connections)
      : home(std::move(home_of_connections)),
        acceptor(context),
        pause(context),
        outage(context),
        filler(context) {}

  std::shared_ptr<const Home> home;
  std::uint64_t* accepted = nullptr;  ///< connections to its lane
  Tcp::acceptor acceptor;
  Tcp::endpoint endpoint;  ///< with the port that it got
  asio::steady_timer pause;
  asio::steady_timer outage;  ///< its expiry is the end of the outage
  bool accepting = false;     ///< or it is about to
  Tcp::socket filler;         ///< keeps the queue full when nobody is answered
  bool out = false;           ///< in an outage
  bool silent = false;        ///< in one in which nobody is answered
  bool gone = false;          ///< taken away, or the server stops
  bool full = false;          ///< the last connection that came could not be accepted
  std::string url;
};
using ListenerPtr = std::shared_ptr<Listener>;

class AsioServer final : public Server {
 public:
  AsioServer()
      : context_(1),
        work_(asio::make_work_guard(context_)),
        loop_(context_),
        buffer_(buffer_size),
        shared_{buffer_,
                [this] {
                  if (stopping_) ask_soon();
                },
                [this](Connection& connection) {
                  closed_.push_back(&connection);  // has room for all there are
                  ask_soon();
                }},
        tick_(context_),
        grace_(context_),
        signals_(context_) {
    // A write to a closed connection is an error value, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    loop_.on_quiet([this] { ask_soon(); });
  }

  ~AsioServer() override {
    for (const auto& connection : connections_) connection->abort();
    connections_.clear();
  }
  AsioServer(const AsioServer&) = delete;
  AsioServer& operator=(const AsioServer&) = delete;

  Loop& loop() override { return loop_; }
  void on_trouble(Notify notify) override {
    notify_ = std::move(notify);
    loop_.on_trouble([told = notify_](std::string_view line) {
      if (told) told({"internal", {}, {}, std::string(line)});
    });
  }
  Result<std::string> listen(const ListenOptions& options, Application& application,
                             Interceptor* interceptor, Observer* observer) override;
  bool unlisten(const std::string& url, OpenConnections open) override;
  std::size_t outage(const Outage& outage) override;
  void answer_again(const std::string& lane) override;
  [[nodiscard]] std::string url() const override {
    return listeners_.empty() ? std::string() : listeners_.front()->url;
  }
  std::size_t run(bool handle_signals) override;
  void stop() override {
    asio::post(context_, [this] { begin_shutdown(); });
  }

 private:
  static void raise_descriptor_limit();
  void accept(const ListenerPtr& listener);
  void accept_later(const ListenerPtr& listener);
  void admit(const Listener& listener, Tcp::socket socket, const Tcp::endpoint& remote);
  void tell_refused(Listener& listener, const ErrorCode& why);
  static void close(Listener& listener);
  static void refuse(Listener& listener);
  static void fall_silent(Listener& listener);
  void admit_waiting(Listener& listener);
  void end_outage(const ListenerPtr& listener);
  void await_end_of_outage(const ListenerPtr& listener);
  void dispose(OpenConnections open, const std::shared_ptr<const Home>& home);
  void tick();
  void take_up_again();
  void await_signal();
  void begin_shutdown();
  void ask_soon();
  void settle();
  void finish();

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  AsioLoop loop_;
  std::vector<std::byte> buffer_;
  ConnectionSeams shared_;
  std::vector<ListenerPtr> listeners_;
  std::map<std::string, std::uint64_t> accepted_;  // by lane
  Notify notify_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<Connection*> closed_;  // of connections_, to be taken out
  asio::steady_timer tick_;
  asio::steady_timer grace_;
  asio::signal_set signals_;
  Milliseconds tick_every_{250};
  bool ticking_ = false;
  bool asked_ = false;
  bool stopping_ = false;
  std::size_t cut_off_ = 0;
};

void AsioServer::raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Bound, so that the port is ours, but not listening: connections are refused.
ErrorCode bind_to(Tcp::acceptor& acceptor, const Tcp::endpoint& endpoint) {
  ErrorCode ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(Tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  return ec;
}

ErrorCode listen_on(Tcp::acceptor& acceptor) {
  ErrorCode ec;
  acceptor.listen(4096, ec);
  if (!ec) acceptor.non_blocking(true, ec);
  return ec;
}

Result<std::string> AsioServer::listen(const ListenOptions& options, Application& application,
                                       Interceptor* interceptor, Observer* observer) {
  const bool v6 = options.host.find(':') != std::string::npos;
  const auto where =
      (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
  auto home = std::make_shared<Home>(loop_, application, interceptor, observer, options);
  if (options.tls) {
    auto tls = tls_context(*options.tls);
    if (!tls) return tl::unexpected<Error>(tls.error());
    home->tls = std::move(*tls);
  }
  const auto listener = std::make_shared<Listener>(context_, std::move(home));
  listener->accepted = &accepted_[options.lane];
  ErrorCode ec;
  Tcp::resolver resolver(context_);
  // RFC 6761 section 6.3: localhost is the loopback address, whether or not a file says so.
  const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
  const auto found = resolver.resolve(host, std::to_string(options.port),
                                      Tcp::resolver::passive | Tcp::resolver::numeric_service, ec);
  if (ec || found.empty() || options.host.empty()) {
    return failure(where, "no such host: " + options.host,
                   "give an address of this machine, such as 127.0.0.1 or 0.0.0.0");
  }
  auto& acceptor = listener->acceptor;
  ec = bind_to(acceptor, found.begin()->endpoint());
  if (!ec) ec = listen_on(acceptor);
  if (ec == asio::error::address_in_use) {
    return failure(where, "the port is in use by another program",
                   "choose another, or port 0 for any free one");
  }
  if (ec == asio::error::access_denied) {
    return failure(where, "not permitted to listen there",
                   "ports below 1024 need privileges: choose a higher one");
  }
  if (ec == boost::system::errc::address_not_available) {
    return failure(where, "that address is not one of this machine");
  }
  if (ec) return failure(where, "cannot listen: " + ec.message());
  listener->endpoint = acceptor.local_endpoint(ec);
  listener->url = (options.tls ? "https://" : "http://") + authority(listener->endpoint);

  const auto& limits = options.limits;
  const auto shortest = std::min(
      {limits.header_timeout, limits.read_timeout, limits.write_timeout, limits.idle_timeout});
  tick_every_ = std::clamp(shortest / 8, Milliseconds{5}, tick_every_);
  listeners_.push_back(listener);
  accept(listener);
  return listener->url;
}

bool AsioServer::unlisten(const std::string& url, OpenConnections open) {
  const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                  [&](const auto& listener) { return listener->url == url; });
  if (found == listeners_.end()) return false;
  const auto listener = *found;
  listeners_.erase(found);
  close(*listener);
  const auto& lane = listener->home->options.lane;
  const bool last = std::none_of(listeners_.begin(), listeners_.end(), [&](const auto& other) {
    return other->home->options.lane == lane;
  });
  if (last) accepted_.erase(lane);
  dispose(open, listener->home);
  return true;
}

void AsioServer::close(Listener& listener) {
  ErrorCode ignored;
  listener.gone = true;
  listener.acceptor.close(ignored);
  listener.pause.cancel();
  listener.outage.cancel();
  listener.filler.close(ignored);
}

std::size_t AsioServer::outage(const Outage& outage) {
  std::size_t hit = 0;
  const auto end = std::chrono::steady_clock::now() + outage.duration;
  for (const auto& listener : listeners_) {
    if (outage.lane && *outage.lane != listener->home->options.lane) continue;
    ++hit;
    dispose(outage.open, listener->home);
    const bool longer = !listener->out || end > listener->outage.expiry();
    if (!listener->out || listener->silent != outage.unanswered) {
      listener->pause.cancel();
      outage.unanswered ? fall_silent(*listener) : refuse(*listener);
      listener->out = true;
      listener->silent = outage.unanswered;
    }
    if (!longer) continue;
    listener->outage.expires_at(end);
    await_end_of_outage(listener);
  }
  return hit;
}

void AsioServer::answer_again(const std::string& lane) {
  for (const auto& listener : listeners_)
    if (listener->silent && listener->home->options.lane == lane) {
      listener->outage.cancel();
      end_outage(listener);
    }
}

void AsioServer::refuse(Listener& listener) {
  ErrorCode ignored;
  listener.filler.close(ignored);
  listener.acceptor.close(ignored);
  // The port stays ours. Should another program have been faster, `end_outage` waits until it is
  // free again.
  if (bind_to(listener.acceptor, listener.endpoint)) listener.acceptor.close(ignored);
}

/// The kernel drops a SYN when the queue is full, and one connection fills a queue of length 0
/// (Linux, tcp_conn_request; listen(2) may change the length of a queue at any time).
void AsioServer::fall_silent(Listener& listener) {
  auto& acceptor = listener.acceptor;
  ErrorCode ec;
  if (!acceptor.is_open()) ec = bind_to(acceptor, listener.endpoint);
  if (!ec) acceptor.cancel(ec);
  if (!ec) ec = listen_on(acceptor);
  if (!ec) listener.filler.open(listener.endpoint.protocol(), ec);
  if (!ec) listener.filler.non_blocking(true, ec);
  if (ec) return;
  // Not Asio's connect, which waits as long as it takes. The kernel completes it by itself, unless
  // the queue is full already.
  const auto& to = listener.endpoint;
  if (::connect(listener.filler.native_handle(), to.data(), static_cast<socklen_t>(to.size())) !=
      0) {
    pollfd connected{listener.filler.native_handle(), POLLOUT, 0};
    ::poll(&connected, 1, static_cast<int>(filler_patience.count()));
  }
  acceptor.listen(0, ec);
}

/// Admits those who connected before the silence; the filler itself is dropped.
void AsioServer::admit_waiting(Listener& listener) {
  ErrorCode ec;
  const auto filler = listener.filler.local_endpoint(ec);
  while (!ec) {
    Tcp::endpoint remote;
    Tcp::socket socket = listener.acceptor.accept(context_, remote, ec);
    if (ec || remote == filler) break;
    admit(listener, std::move(socket), remote);
  }
  listener.filler.close(ec);
}

void AsioServer::end_outage(const ListenerPtr& listener) {
  auto& acceptor = listener->acceptor;
  ErrorCode ec;
  if (!acceptor.is_open()) ec = bind_to(acceptor, listener->endpoint);
  if (!ec) ec = listen_on(acceptor);
  if (ec) {
    acceptor.close(ec);
    listener->outage.expires_after(accept_pause);
    return await_end_of_outage(listener);
  }
  if (std::exchange(listener->silent, false)) admit_waiting(*listener);
  listener->out = false;
  accept(listener);
}

void AsioServer::await_end_of_outage(const ListenerPtr& listener) {
  listener->outage.async_wait([this, listener](const ErrorCode& cancelled) {
    if (!cancelled && !listener->gone && listener->out) end_outage(listener);
  });
}

/// Soon, from the loop: one of the connections may be the one that asks for it.
void AsioServer::dispose(OpenConnections open, const std::shared_ptr<const Home>& home) {
  if (open == OpenConnections::keep) return;
  asio::post(context_, [this, open, home] {
    const auto connections = connections_;
    for (const auto& connection : connections) {
      if (&connection->home() != home.get()) continue;
      open == OpenConnections::reset ? connection->reset() : connection->shut_down();
    }
  });
}

void AsioServer::accept(const ListenerPtr& listener) {
  auto remote = std::make_shared<Tcp::endpoint>();
  listener->acceptor.async_accept(
      *remote, [this, listener, remote](const ErrorCode& ec, Tcp::socket socket) {
        listener->accepting = false;
        // One that was accepted before an outage began is not served any more.
        if (listener->gone || listener->out || ec == asio::error::operation_aborted) return;
        try {
          if (!ec) {
            listener->full = false;
            admit(*listener, std::move(socket), *remote);
          }
        } catch (...) {
          loop_.trouble("a new connection", std::current_exception());
          return accept_later(listener);
        }
        if (ec == asio::error::no_descriptors || ec == asio::error::no_memory ||
            ec == asio::error::no_buffer_space ||
            ec == boost::system::errc::too_many_files_open_in_system) {
          tell_refused(*listener, ec);
          return accept_later(listener);
        }
        accept(listener);
      });
  listener->accepting = true;
}

void AsioServer::accept_later(const ListenerPtr& listener) {
  listener->pause.expires_after(accept_pause);
  listener->pause.async_wait([this, listener](const ErrorCode& cancelled) {
    listener->accepting = false;
    if (!cancelled && !listener->gone && !listener->out) accept(listener);
  });
  listener->accepting = true;
}

void AsioServer::tell_refused(Listener& listener, const ErrorCode& why) {
  if (std::exchange(listener.full, true) || !notify_) return;
  notify_({"accept", listener.home->options.lane, {}, "connections wait: " + what_to_do(why)});
}

void AsioServer::admit(const Listener& listener, Tcp::socket socket, const Tcp::endpoint& remote) {
  ErrorCode ec;
  const auto local = socket.local_endpoint(ec);
  if (ec) return;  // gone already
  const auto& home = *listener.home;
  Peer peer{home.tls != nullptr, authority(local), authority(remote), ++connections_of_process,
            home.options.lane};
  const auto ordinal = ++*listener.accepted;
  auto* const interceptor = home.seams.interceptor;
  const auto plan = interceptor != nullptr ? interceptor->on_connection(home.options.lane, ordinal)
                                           : ConnectionPlan{};
  auto connection =
      std::make_shared<Connection>(std::move(socket), listener.home, std::move(peer), shared_);
  connection->slot = connections_.size();
  closed_.reserve(connections_.size() + 1);
  connections_.push_back(connection);
  connection->start(plan, ordinal);
  tick();
  if (home.seams.observer != nullptr) home.seams.observer->on_connections(connections_.size());
}

/// Looks at every deadline in turn, as long as there are connections.
void AsioServer::tick() {
  if (ticking_ || connections_.empty()) return;
  tick_.expires_after(tick_every_);
  tick_.async_wait([this](const ErrorCode& ec) {
    ticking_ = false;
    if (ec) return;
    const auto now = std::chrono::steady_clock::now();
    // Closed ones leave the list later (settle), so it stays as it is meanwhile.
    for (const auto& connection : connections_) connection->check(now);
    if (!closed_.empty()) ask_soon();
    tick();
  });
  ticking_ = true;
}

/// Connections say that they closed in the middle of something else, so `settle` runs later.
void AsioServer::ask_soon() {
  if (std::exchange(asked_, true)) return;
  try {
    asio::post(context_, [this] { settle(); });
  } catch (const std::bad_alloc&) {
    asked_ = false;  // the next tick asks again
  }
}

void AsioServer::settle() {
  asked_ = false;
  if (!closed_.empty()) {
    std::vector<Observer*> observers;
    for (const auto* const connection : closed_) {
      auto* const observer = connection->home().seams.observer;
      if (observer != nullptr && std::count(observers.begin(), observers.end(), observer) == 0)
        observers.push_back(observer);
      const auto slot = connection->slot;
      std::swap(connections_[slot], connections_.back());
      connections_[slot]->slot = slot;
      connections_.pop_back();
    }
    closed_.clear();
    for (auto* const observer : observers) observer->on_connections(connections_.size());
  }
  if (!stopping_ || loop_.pending() > 0) return;
  const bool busy = std::any_of(connections_.begin(), connections_.end(),
                                [](const auto& connection) { return connection->busy(); });
  if (!busy) finish();
}

std::size_t AsioServer::run(bool handle_signals) {
  if (handle_signals) {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    await_signal();
  }
  for (bool whole = true;;) {
    try {
      if (!whole) {
        context_.run_one_for(accept_pause);
        take_up_again();
        whole = true;
      }
      context_.run();
      return cut_off_;
    } catch (...) {
      // Only the server's own steps let an exception out: there was no memory for the next one.
      loop_.trouble("the server", std::current_exception());
      whole = false;
    }
  }
}

/// Starts again what otherwise restarts itself: accepting, ticking, settling.
void AsioServer::take_up_again() {
  for (const auto& listener : listeners_) {
    if (!listener->accepting && !listener->gone && !listener->out) accept(listener);
  }
  tick();
  ask_soon();
}

void AsioServer::await_signal() {
  signals_.async_wait([this](const ErrorCode& ec, int /*signal*/) {
    if (ec) return;
    // The second one means: now.
    if (stopping_) return finish();
    begin_shutdown();
    await_signal();
  });
}

void AsioServer::begin_shutdown() {
  if (std::exchange(stopping_, true)) return;
  auto grace = listeners_.empty() ? Limits{}.shutdown_grace : Milliseconds{0};
  for (const auto& listener : listeners_) {
    close(*listener);
    grace = std::max(grace, listener->home->options.limits.shutdown_grace);
  }
  const auto open = connections_;
  for (const auto& connection : open) connection->shut_down();
  grace_.expires_after(grace);
  grace_.async_wait([this](const ErrorCode& ec) {
    if (!ec) finish();
  });
  ask_soon();
}

void AsioServer::finish() {
  if (context_.stopped()) return;
  const auto open = connections_;
  for (const auto& connection : open) {
    if (connection->busy()) ++cut_off_;
    connection->abort();
  }
  context_.stop();
}

}  // namespace

std::unique_ptr<Server> make_server() { return std::make_unique<AsioServer>(); }

}  // namespace mock
