#include "net/connection.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <new>
#include <utility>

namespace mock {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// Reads of one connection before the others get their turn: 1 MiB with a full buffer.
constexpr int reads_per_turn = 4;
/// How long a closed connection is still read, so that the last reply is not lost to a reset.
constexpr Milliseconds linger_time{2000};

SteadyTime from_now(Milliseconds delay) { return std::chrono::steady_clock::now() + delay; }

}  // namespace

Connection::Connection(Tcp::socket socket, std::shared_ptr<const Home> home, Peer peer,
                       const ConnectionSeams& shared)
    : home_(std::move(home)),
      socket_(std::move(socket)),
      limits_(home_->options.limits),
      shared_(shared),
      transport_(home_->tls ? tls_transport(socket_.native_handle(), home_->tls.get(),
                                            home_->options.tls->bad.get(), *this)
                            : plain_transport(socket_.native_handle())),
      mode_(home_->tls ? Mode::handshake : Mode::talk),
      conversation_(*this, home_->seams, std::move(peer)) {}

Connection::~Connection() = default;

/// An exception in `call` ends this connection, and nothing else.
template <class Call>
void Connection::safely(const Call& call) {
  try {
    call();
  } catch (...) {
    home_->seams.loop.trouble("a connection", std::current_exception());
    if (closed()) return;
    reset_on_close();
    conversation_.lost();
    close();
  }
}

/// A handler of an asynchronous operation: keeps this object, and lets nothing out.
template <class Call>
auto Connection::mine(Call call) {
  return [self = shared_from_this(), call](const ErrorCode& ec = {}) {
    self->safely([&] { call(*self, ec); });
  };
}

void Connection::start(const ConnectionPlan& plan, std::uint64_t ordinal) {
  ordinal_ = ordinal;
  safely([&] { open(plan); });
}

void Connection::open(const ConnectionPlan& plan) {
  ErrorCode ignored;
  socket_.native_non_blocking(true, ignored);
  socket_.set_option(Tcp::no_delay(true), ignored);
  if (!transport_) return close();
  tls_ = plan.tls;
  if (plan.delay <= Milliseconds{0}) return begin(plan.end);
  mode_ = Mode::delayed;
  delay_ = home_->seams.loop.after(plan.delay, [this, planned = plan.end] {
    // Nothing else holds this connection yet, and it may end here.
    const auto self = shared_from_this();
    delay_.reset();
    safely([&] {
      if (!closed()) begin(planned);
    });
  });
}

void Connection::begin(SocketEnd planned) {
  if (planned != SocketEnd::keep) {
    end(ending_of(planned));
    return after_event();
  }
  mode_ = home_->tls ? Mode::handshake : Mode::talk;
  if (mode_ == Mode::handshake) {
    deadline_ = from_now(limits_.header_timeout);
    return shake_hands();
  }
  conversation_.begin();
  wait_to_read();
}

TlsPlan Connection::on_hello(std::optional<std::string_view> server_name) {
  auto* const interceptor = home_->seams.interceptor;
  const auto& options = home_->options;
  if (interceptor != nullptr) tls_.fill(interceptor->on_hello(options.lane, ordinal_, server_name));
  if (options.tls->bad && server_name) tls_.fill(plan_of_name(*server_name));
  return tls_;
}

void Connection::shake_hands() {
  const auto io = transport_->handshake();
  switch (io.state) {
    case Io::State::ok:
      mode_ = Mode::talk;
      deadline_.reset();
      conversation_.begin();
      return after_event();
    case Io::State::wait_read:
      return wait_to_read();
    case Io::State::wait_write:
      return wait_to_write();
    case Io::State::stopped:
      end(ending_of(tls_.stop->end));
      return after_event();
    case Io::State::eof:
    case Io::State::failed:
      break;
  }
  // The peer may be about to read why (an alert, or a plain 400).
  ErrorCode ignored;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  swallow_arrived();
  close();
}

std::size_t Connection::wants() const {
  if (mode_ == Mode::talk) return failed_ ? 0 : conversation_.wants();
  return mode_ == Mode::linger || mode_ == Mode::sink ? shared_.buffer.size() : 0;
}

// ---- reading

void Connection::wait_to_read() {
  if (reading_ || closed()) return;
  reading_ = true;
  socket_.async_wait(Tcp::socket::wait_read, mine([](Connection& self, const ErrorCode& ec) {
                       self.reading_ = false;
                       if (ec || self.closed()) return;
                       if (self.mode_ == Mode::handshake) return self.shake_hands();
                       self.on_readable();
                     }));
}

void Connection::on_readable() {
  for (int turn = 0; turn < reads_per_turn; ++turn) {
    const auto size = std::min(wants(), shared_.buffer.size());
    if (size == 0) break;
    const auto into = shared_.buffer.first(size);
    const bool dropped = mode_ != Mode::talk || conversation_.only_counts();
    const auto io = dropped ? transport_->skip(into) : transport_->read(into);
    if (io.bytes > 0) {
      if (mode_ == Mode::talk) {
        conversation_.feed(shared_.buffer.first(io.bytes));
      } else if (mode_ == Mode::linger) {
        lingered_ += Bytes{io.bytes};
        if (lingered_ > limits_.drain_bytes) return close();
      }
    }
    if (io.state == Io::State::wait_write) {
      read_on_write_ = true;
      wait_to_write();
      break;
    }
    if (io.state == Io::State::eof) {
      if (mode_ != Mode::talk) return close();
      conversation_.end_of_input();
      break;
    }
    if (io.state == Io::State::failed) {
      if (mode_ != Mode::talk) return close();
      conversation_.lost();
      break;
    }
    if (io.state == Io::State::wait_read || io.bytes < size) break;
  }
  after_event();
}

/// After anything that may have changed what the conversation wants.
void Connection::after_event() {
  if (!closed() && wants() > 0 && !reading_ && !read_on_write_) {
    if (transport_->buffered()) {
      reading_ = true;
      asio::post(socket_.get_executor(), mine([](Connection& self, const ErrorCode& /*none*/) {
                   self.reading_ = false;
                   if (!self.closed()) self.on_readable();
                 }));
    } else {
      wait_to_read();
    }
  }
  if (std::exchange(was_busy_, busy()) && !was_busy_) shared_.on_turn_ended();
}

// ---- writing

bool Connection::send(std::string bytes) {
  if (failed_ || mode_ != Mode::talk) return true;
  if (out_.empty()) {
    out_ = std::move(bytes);
    out_at_ = 0;
  } else {
    out_ += bytes;
  }
  if (writing_) return false;
  return flush();
}

/// True when nothing is left to write.
bool Connection::flush() {
  while (out_at_ < out_.size()) {
    const auto rest = std::as_bytes(std::span(out_)).subspan(out_at_);
    const auto io = transport_->write(rest);
    out_at_ += io.bytes;
    if (io.state == Io::State::failed || io.state == Io::State::eof) {
      fail_later();
      return false;
    }
    if (io.state != Io::State::ok) {
      // TLS without renegotiation reads only in the handshake, so this is wait_write.
      await_room();
      wait_to_write();
      return false;
    }
  }
  std::string().swap(out_);
  write_deadline_.reset();
  return true;
}

void Connection::wait_to_write() {
  if (writing_ || closed()) return;
  writing_ = true;
  socket_.async_wait(Tcp::socket::wait_write, mine([](Connection& self, const ErrorCode& ec) {
                       self.writing_ = false;
                       if (ec || self.closed()) return;
                       if (self.mode_ == Mode::handshake) return self.shake_hands();
                       self.on_writable();
                     }));
}

void Connection::on_writable() {
  if (std::exchange(read_on_write_, false)) on_readable();
  if (closed() || out_.empty() || failed_) return;
  if (flush() && mode_ == Mode::talk) conversation_.written();
  after_event();
}

void Connection::await_room() {
  untaken_ = untaken();
  write_deadline_ = from_now(limits_.write_timeout);
}

/// Bytes that the kernel holds because the peer did not acknowledge them (SIOCOUTQ, tcp(7)). The
/// kernel says that there is room again only when a third of what it can hold has gone, which may
/// take a peer that reads slowly longer than any timeout.
int Connection::untaken() {
  int bytes = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

/// The conversation may be in the middle of something: it hears of the failure later.
void Connection::fail_later() {
  if (std::exchange(failed_, true)) return;
  asio::post(socket_.get_executor(), mine([](Connection& self, const ErrorCode& /*none*/) {
               if (self.closed()) return;
               self.conversation_.lost();
               self.after_event();
             }));
}

// ---- time and ends

void Connection::patience(std::optional<Milliseconds> limit) {
  deadline_ = limit ? std::optional(from_now(*limit)) : std::nullopt;
}

void Connection::wake() {
  if (std::exchange(woken_, true)) return;
  try {
    asio::post(socket_.get_executor(),
               mine([](Connection& self, const ErrorCode& /*none*/) { self.go_on(); }));
  } catch (const std::bad_alloc&) {
    // A little later then: `look` sees to it.
  }
}

void Connection::go_on() {
  if (!std::exchange(woken_, false) || mode_ != Mode::talk) return;
  conversation_.proceed();
  after_event();
}

void Connection::check(SteadyTime now) {
  safely([&] { look(now); });
}

void Connection::look(SteadyTime now) {
  go_on();
  if (closed()) return;
  if (mode_ == Mode::talk && write_deadline_ && *write_deadline_ <= now) {
    if (untaken() < untaken_) return await_room();
    // A FIN would wait behind the bytes that the peer does not take.
    reset_on_close();
    conversation_.lost();
    return after_event();
  }
  if (deadline_ && *deadline_ <= now) {
    deadline_.reset();
    if (mode_ != Mode::talk) return close();
    conversation_.deadline_passed();
    return after_event();
  }
  if (reading_ || writing_) return;
  // Nothing is read now, so a peer that is gone has to be looked for: one that reset the connection
  // while a handler thinks, one that left a stalled connection.
  const bool stalled = mode_ == Mode::stall;
  pollfd look{socket_.native_handle(), static_cast<short>(stalled ? POLLRDHUP : 0), 0};
  if (::poll(&look, 1, 0) != 1) return;
  if (stalled) return close();
  conversation_.lost();
  after_event();
}

void Connection::end(Ending how) {
  if (closed()) return;
  ErrorCode ignored;
  deadline_.reset();
  write_deadline_.reset();
  switch (how) {
    case Ending::linger:
      transport_->close_notify();
      socket_.shutdown(Tcp::socket::shutdown_send, ignored);
      mode_ = Mode::linger;
      deadline_ = from_now(linger_time);
      return;
    case Ending::half_close:
      transport_->close_notify();
      socket_.shutdown(Tcp::socket::shutdown_send, ignored);
      mode_ = Mode::sink;
      return;
    case Ending::zombie:
      mode_ = Mode::sink;
      return;
    case Ending::stall:
      mode_ = Mode::stall;
      socket_.cancel(ignored);
      return;
    case Ending::fin:
      transport_->close_notify();
      socket_.shutdown(Tcp::socket::shutdown_send, ignored);
      swallow_arrived();
      break;
    case Ending::rst:
      reset_on_close();
      break;
    case Ending::close:
      if (!resets_) transport_->close_notify();
      break;
  }
  close();
}

/// Unread bytes would turn the FIN of close() into a reset.
void Connection::swallow_arrived() {
  for (int turn = 0; turn < 2 * reads_per_turn; ++turn) {
    if (::recv(socket_.native_handle(), shared_.buffer.data(), shared_.buffer.size(),
               MSG_DONTWAIT | MSG_TRUNC) <= 0) {
      return;
    }
  }
}

void Connection::reset_on_close() {
  resets_ = true;
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

void Connection::close() {
  if (closed()) return;
  mode_ = Mode::closed;
  ErrorCode ignored;
  socket_.close(ignored);
  shared_.on_closed(*this);
}

void Connection::shut_down() {
  safely([&] {
    if (mode_ != Mode::talk) return close();
    conversation_.shut_down();
    after_event();
  });
}

void Connection::abort() {
  if (closed()) return;
  conversation_.lost();
  close();
}

void Connection::reset() {
  if (closed()) return;
  reset_on_close();
  abort();
}

}  // namespace mock
