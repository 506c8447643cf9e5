#include "transport/raw_connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "transport/movement.hpp"
#include "transport/proxy.hpp"
#include "transport/response_parser.hpp"
#include "transport/slow_line.hpp"
#include "transport/tls_witness.hpp"
#include "transport/url.hpp"

namespace transport {
namespace {

using Clock = std::chrono::steady_clock;
/// How long a peer gets to show bytes that must not be there.
constexpr Milliseconds look{30};

/// When to give up on a socket.
class Deadline {
 public:
  /// Gives up at a fixed time.
  explicit Deadline(Milliseconds timeout) : movement_(Clock::now(), timeout) {}
  /// Counts silence if the thread has a SlowLine.
  Deadline(Milliseconds timeout, int fd)
      : line_(SlowLine::of_thread()),
        movement_(Clock::now(), timeout,
                  line_ == nullptr ? std::nullopt : std::optional(line_->at_most())),
        fd_(fd) {
    look();
  }

  /// False when time is up.
  bool wait(int fd, short events) {
    for (;;) {
      const auto now = Clock::now();
      const auto next = movement_.look_again(now) - now;
      const auto left = std::chrono::ceil<Milliseconds>(next).count();
      pollfd p{fd, events, 0};
      const int n = ::poll(&p, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000)));
      if (n > 0) return true;
      if (n < 0 && errno != EINTR) return true;  // the next call on the socket tells
      look();
      if (movement_.over(Clock::now())) return end();
    }
  }
  /// Bytes that were given to the kernel, or taken from it.
  void moved(std::size_t bytes) {
    passed_ += static_cast<std::int64_t>(bytes);
    look();
  }

 private:
  bool end() {
    if (line_ != nullptr && movement_.slow(Clock::now())) line_->meet();
    return false;
  }
  void look() {
    const auto now = Clock::now();
    const auto under_way = unacknowledged(fd_);
    movement_.note(now, passed_ - under_way);
    movement_.sent(now, passed_ + at_first_ - under_way, under_way);
  }

  SlowLine* line_ = nullptr;
  Movement movement_;
  int fd_ = -1;
  std::int64_t at_first_ = unacknowledged(fd_);
  std::int64_t passed_ = 0;
};

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

/// OpenSSL's last complaint.
std::string tls_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return text.data();
}

Result<int> connect_to(const Url& url, Deadline& deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
  if (failed != 0)
    return ::failure(url.host, fmt::format("cannot be resolved: {}", gai_strerror(failed)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    const int fd = ::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      why = std::strerror(errno);
      continue;
    }
    int error = ::connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      if (deadline.wait(fd, POLLOUT)) {
        socklen_t size = sizeof error;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      } else {
        error = ETIMEDOUT;
      }
    }
    if (error == 0) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    why = std::strerror(error);
    ::close(fd);
  }
  return ::failure(url.authority, "cannot be connected to: " + why);
}

}  // namespace

/// TLS runs over memory, so that the socket calls are the same with and without it.
struct RawConnection::State {
  int fd = -1;
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::unique_ptr<SSL, FreeSsl> ssl;
  BIO* in = nullptr;    ///< owned by ssl
  BIO* out = nullptr;   ///< owned by ssl
  std::string pending;  ///< read, not yet parsed
  bool send_ended = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { close(); }

  enum class Io { ok, closed, reset, timeout, broken };

  [[nodiscard]] Deadline deadline(Milliseconds timeout) const { return Deadline{timeout, fd}; }

  Io write_socket(std::string_view bytes, Deadline& deadline) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(n));
        deadline.moved(static_cast<std::size_t>(n));
      } else if (errno == EAGAIN) {
        if (!deadline.wait(fd, POLLOUT)) return Io::timeout;
      } else if (errno != EINTR) {
        return Io::reset;
      }
    }
    return Io::ok;
  }

  Io read_socket(std::string& into, Deadline& deadline) const {
    std::array<char, 16384> buffer{};
    for (;;) {
      const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (n > 0) {
        into.append(buffer.data(), static_cast<std::size_t>(n));
        deadline.moved(static_cast<std::size_t>(n));
        return Io::ok;
      }
      if (n == 0) return Io::closed;
      if (errno == EAGAIN) {
        if (!deadline.wait(fd, POLLIN)) return Io::timeout;
      } else if (errno != EINTR) {
        return errno == ECONNRESET || errno == EPIPE ? Io::reset : Io::closed;
      }
    }
  }

  Io flush_tls(Deadline& deadline) const {
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    if (size <= 0) return Io::ok;
    const std::string bytes(data, static_cast<std::size_t>(size));
    static_cast<void>(BIO_reset(out));
    return write_socket(bytes, deadline);
  }

  /// More bytes from the peer for the TLS engine.
  Io fill_tls(Deadline& deadline) const {
    std::string bytes;
    const Io io = read_socket(bytes, deadline);
    if (io == Io::ok) BIO_write(in, bytes.data(), static_cast<int>(bytes.size()));
    return io;
  }

  Result<void> start_tls(const Url& url, const TlsOptions& tls, Deadline& deadline) {
    context.reset(SSL_CTX_new(TLS_client_method()));
    if (!context) return ::failure("TLS", "OpenSSL has no context to give");
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const int trusted = tls.ca_file.empty()
                            ? SSL_CTX_set_default_verify_paths(context.get())
                            : SSL_CTX_load_verify_file(context.get(), tls.ca_file.c_str());
    if (trusted != 1) return ::failure("--ca-file", quote(tls.ca_file) + " holds no certificate");
    if (!tls.client_cert.empty()) {
      const char* file = tls.client_cert.c_str();
      if (SSL_CTX_use_certificate_chain_file(context.get(), file) != 1 ||
          SSL_CTX_use_PrivateKey_file(context.get(), file, SSL_FILETYPE_PEM) != 1) {
        return ::failure("--client-cert",
                         quote(tls.client_cert) + " needs a certificate and its key");
      }
    }
    const auto witness = std::make_shared<TlsWitness>();
    TlsWitness::watch(context.get(), witness);
    ssl.reset(SSL_new(context.get()));
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), url.host.c_str()) != 1) {
      SSL_set1_host(ssl.get(), url.host.c_str());
      // What SSL_set_tlsext_host_name does, without its old-style cast.
      SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(url.host.c_str()));
    }
    SSL_set_connect_state(ssl.get());
    const auto failed = [&](Failure::Kind kind, std::string why) {
      return ::failure(url.authority, witness->explain({kind, std::move(why)}, url.host).message);
    };
    for (;;) {
      ERR_clear_error();
      const int done = SSL_do_handshake(ssl.get());
      const int want = SSL_get_error(ssl.get(), done);
      std::string why = done == 1 || want == SSL_ERROR_WANT_READ ? "" : tls_error();
      const Io sent = flush_tls(deadline);
      if (done == 1) return {};
      if (!why.empty()) return failed(Failure::Kind::tls, std::move(why));
      Io got = sent;
      if (got == Io::ok) got = fill_tls(deadline);
      if (got == Io::timeout) return failed(Failure::Kind::timeout, "TLS handshake timed out");
      if (got == Io::reset) return failed(Failure::Kind::reset, "reset in the TLS handshake");
      if (got != Io::ok) return failed(Failure::Kind::closed, "closed in the TLS handshake");
    }
  }

  Io write(std::string_view bytes, Deadline& deadline) const {
    if (!ssl) return write_socket(bytes, deadline);
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, 16384);
      ERR_clear_error();
      if (SSL_write(ssl.get(), part.data(), static_cast<int>(part.size())) <= 0) return Io::broken;
      bytes.remove_prefix(part.size());
      if (const Io io = flush_tls(deadline); io != Io::ok) return io;
    }
    return Io::ok;
  }

  Io read(std::string& into, Deadline& deadline) const {
    if (!ssl) return read_socket(into, deadline);
    for (;;) {
      std::array<char, 16384> buffer{};
      ERR_clear_error();
      const int n = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (n > 0) {
        into.append(buffer.data(), static_cast<std::size_t>(n));
        return Io::ok;
      }
      const int want = SSL_get_error(ssl.get(), n);
      flush_tls(deadline);
      if (want == SSL_ERROR_ZERO_RETURN) return Io::closed;
      if (want != SSL_ERROR_WANT_READ) return Io::broken;
      if (const Io io = fill_tls(deadline); io != Io::ok) return io;
    }
  }

  void close() {
    if (fd < 0) return;
    if (ssl && !send_ended) {
      ERR_clear_error();
      SSL_shutdown(ssl.get());
      Deadline at_once{Milliseconds{0}};
      flush_tls(at_once);
    }
    ::close(fd);
    fd = -1;
  }
};

RawConnection::RawConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
RawConnection::RawConnection(RawConnection&&) noexcept = default;
RawConnection& RawConnection::operator=(RawConnection&&) noexcept = default;
RawConnection::~RawConnection() = default;

Result<RawConnection> RawConnection::open(const std::string& url, const TlsOptions& tls,
                                          Milliseconds timeout) {
  Deadline deadline{timeout};
  const auto parts = parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  const std::string proxy = ProxyOfThread::proxy_for(url);
  auto fd = proxy.empty() ? connect_to(*parts, deadline) : tunnel_through(proxy, *parts, timeout);
  if (!fd) return tl::unexpected(fd.error());
  auto state = std::make_unique<State>();
  state->fd = *fd;
  if (parts->scheme == "https") {
    if (auto ok = state->start_tls(*parts, tls, deadline); !ok) return tl::unexpected(ok.error());
  }
  return RawConnection(std::move(state));
}

Result<void> RawConnection::send(std::string_view bytes, Milliseconds timeout) {
  if (state_->fd < 0) return failure("connection", "is closed on this side");
  auto deadline = state_->deadline(timeout);
  switch (state_->write(bytes, deadline)) {
    case State::Io::ok:
      return {};
    case State::Io::timeout:
      return failure("connection", "the peer took no more bytes in time");
    default:
      return failure("connection", "closed or reset by the peer");
  }
}

void RawConnection::shutdown_send() {
  if (state_->fd < 0 || state_->send_ended) return;
  if (state_->ssl) {
    ERR_clear_error();
    SSL_shutdown(state_->ssl.get());
    Deadline soon{look};
    state_->flush_tls(soon);
  }
  state_->send_ended = true;
  ::shutdown(state_->fd, SHUT_WR);
}

void RawConnection::reset() {
  if (state_->fd < 0) return;
  const linger now{1, 0};
  ::setsockopt(state_->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  state_->send_ended = true;  // no close_notify
  state_->close();
}

void RawConnection::close() { state_->close(); }

namespace {

/// The bytes that were read after the interim responses, which have been told already.
std::string_view unfinished(const RawConnection::Read& read) {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  std::string_view rest = read.raw;
  for (std::size_t i = 0; i < read.interims.size(); ++i) {
    const auto end = rest.find(end_of_head);
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + end_of_head.size());
  }
  return rest;
}

}  // namespace

RawConnection::Read RawConnection::read_response(Milliseconds timeout, bool head_request) {
  auto deadline = state_->deadline(timeout);
  Read out;
  if (state_->fd < 0) {
    out.seen = Seen::closed;
    return out;
  }
  ResponseParser parser(head_request, Bytes{1UL << 20U});
  std::string& pending = state_->pending;
  for (;;) {
    const std::size_t used = parser.feed(pending);
    out.raw.append(pending, 0, used);
    pending.erase(0, used);
    if (parser.state() != ResponseParser::State::more) break;
    const State::Io io = state_->read(pending, deadline);
    if (io == State::Io::ok) continue;
    if (io == State::Io::closed) parser.end_of_stream();
    if (parser.state() == ResponseParser::State::complete) break;
    out.interims = parser.interims();
    if (io == State::Io::timeout) {
      out.seen = Seen::timeout;
      pending.insert(0, unfinished(out));
    } else if (io == State::Io::reset) {
      out.seen = Seen::reset;
    } else {
      out.seen = Seen::closed;
    }
    return out;
  }
  out.interims = parser.interims();
  if (parser.state() == ResponseParser::State::malformed) {
    out.seen = Seen::malformed;
    out.problem = parser.problem();
    return out;
  }
  out.seen = Seen::response;
  out.response = parser.response();
  if (parser.bodyless()) {
    Deadline soon{look};
    if (pending.empty()) state_->read(pending, soon);
    constexpr std::string_view next = "HTTP/";
    const std::string_view begin = std::string_view(pending).substr(0, next.size());
    out.body_after_head = !pending.empty() && begin != next.substr(0, begin.size());
  }
  return out;
}

RawConnection::Seen RawConnection::wait_for_close(Milliseconds timeout) {
  auto deadline = state_->deadline(timeout);
  if (state_->fd < 0) return Seen::closed;
  for (;;) {
    std::string dropped;
    switch (state_->read(dropped, deadline)) {
      case State::Io::ok:
        continue;
      case State::Io::timeout:
        return Seen::timeout;
      case State::Io::reset:
        return Seen::reset;
      default:
        return Seen::closed;
    }
  }
}

std::string request_head(std::string_view method, std::string_view target,
                         const http::Fields& headers, std::string_view version) {
  std::string out = fmt::format("{} {} {}\r\n", method, target, version);
  for (const auto& field : headers) out += fmt::format("{}: {}\r\n", field.name, field.value);
  return out + "\r\n";
}

std::string chunk(std::string_view bytes) {
  if (bytes.empty()) return "0\r\n\r\n";
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

}  // namespace transport
