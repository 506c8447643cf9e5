// One socket and the conversation on it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/conversation.hpp"
#include "net/server.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"

namespace mock {

using SteadyTime = std::chrono::steady_clock::time_point;

class Connection;

/// What the connections of one listener share; the listener may be gone before the last of them.
struct Home {
  Home(Loop& loop, Application& application, Interceptor* interceptor, Observer* observer,
       const ListenOptions& listen_options)
      : options(listen_options), seams{loop,     application,    interceptor,
                                       observer, options.limits, options.http} {}
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  const ListenOptions options;
  SslContext tls;  ///< null: plain
  const ConversationSeams seams;
};

/// What all connections of a server share; outlives them.
struct ConnectionSeams {
  std::span<std::byte> buffer;          ///< where every read of every connection lands
  std::function<void()> on_turn_ended;  ///< a connection is no longer busy
  /// Called once for each connection, which is still in the middle of something. Does not throw.
  std::function<void(Connection&)> on_closed;
};

/// Loop thread only. Lives as long as its socket is open; the operations under way keep it alive.
class Connection final : public Wire,
                         private HandshakePlanner,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<const Home> home, Peer peer,
             const ConnectionSeams& shared);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // None of these throws: an exception inside ends this connection.
  /// `ordinal` counts the connections to its lane.
  void start(const ConnectionPlan& plan, std::uint64_t ordinal);
  /// Acts on whatever is due at `now`; called every few milliseconds for all connections, which is
  /// cheaper than a timer for each.
  void check(SteadyTime now);
  void shut_down();
  /// Cuts off what is under way. Not from within a handler.
  void abort();
  /// The same, and the peer sees ECONNRESET.
  void reset();

  [[nodiscard]] bool busy() const { return conversation_.busy(); }
  [[nodiscard]] bool closed() const { return mode_ == Mode::closed; }
  [[nodiscard]] const Home& home() const { return *home_; }

  std::size_t slot = 0;  ///< where the server keeps it; the server's own

 private:
  enum class Mode {
    delayed,  // nothing yet
    handshake,
    talk,
    linger,  // read and drop, for a moment
    sink,    // read and drop, until the peer leaves
    stall,
    closed
  };

  // Wire
  bool send(std::string bytes) override;
  void end(Ending how) override;
  void patience(std::optional<Milliseconds> limit) override;
  void wake() override;

  // HandshakePlanner
  TlsPlan on_hello(std::optional<std::string_view> server_name) override;

  template <class Call>
  void safely(const Call& call);
  template <class Call>
  auto mine(Call call);
  void open(const ConnectionPlan& plan);
  void begin(SocketEnd planned);
  void shake_hands();
  void wait_to_read();
  void wait_to_write();
  void on_readable();
  void on_writable();
  bool flush();
  void await_room();
  [[nodiscard]] int untaken();
  void fail_later();
  void after_event();
  void go_on();
  void look(SteadyTime now);
  [[nodiscard]] std::size_t wants() const;
  void swallow_arrived();
  void close();

  void reset_on_close();

  std::shared_ptr<const Home> home_;
  boost::asio::ip::tcp::socket socket_;
  const Limits& limits_;
  const ConnectionSeams& shared_;
  TlsPlan tls_;
  std::uint64_t ordinal_ = 0;
  std::unique_ptr<Transport> transport_;
  Mode mode_;
  bool reading_ = false;        // a wait for readability is under way
  bool writing_ = false;        // ... for writability
  bool read_on_write_ = false;  // TLS wants to write before it can read
  bool failed_ = false;
  bool woken_ = false;   // the conversation is to proceed
  bool resets_ = false;  // when it closes
  bool was_busy_ = false;
  std::string out_;
  std::size_t out_at_ = 0;
  Bytes lingered_;
  std::unique_ptr<Timer> delay_;
  std::optional<SteadyTime> deadline_;
  std::optional<SteadyTime> write_deadline_;
  int untaken_ = 0;  // what untaken() was when write_deadline_ was set
  Conversation conversation_;
};

}  // namespace mock
