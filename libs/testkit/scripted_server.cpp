#include "testkit/scripted_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace testkit {
namespace {

void need(bool ok, const char* what) {
  if (!ok) throw std::system_error(errno, std::generic_category(), what);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// The value of a header in a head, or "" (names in lower case).
std::string header_of(std::string_view head, std::string_view name) {
  const std::string text = lower(head);
  const std::size_t at = text.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return "";
  const std::size_t from = text.find_first_not_of(" \t", at + name.size() + 3);
  return text.substr(from, text.find('\r', from) - from);
}

}  // namespace

std::string Peer::read_request() {
  std::string request = read_until("\r\n\r\n");
  if (header_of(request, "transfer-encoding") == "chunked") {
    for (;;) {
      const std::string size = read_until("\r\n");
      request += size;
      if (size.empty()) return request;
      const auto n = static_cast<std::size_t>(std::stoul("0" + size, nullptr, 16));
      request += n == 0 ? read_until("\r\n") : read_bytes(n + 2);
      if (n == 0) return request;
    }
  }
  const std::string length = header_of(request, "content-length");
  if (!length.empty()) request += read_bytes(static_cast<std::size_t>(std::stoul(length)));
  return request;
}

struct ScriptedServer::State {
  std::vector<Script> scripts;
  int listener = -1;
  int stop = -1;  ///< an eventfd that becomes readable when the server goes away
  std::uint16_t port = 0;
  SSL_CTX* context = nullptr;
  std::atomic<std::size_t> connections{0};
  mutable std::mutex mutex;
  std::vector<std::string> problems;
  std::thread thread;

  /// Waits for the socket; false when the server is being destroyed.
  [[nodiscard]] bool ready(int fd, short events) const {
    for (;;) {
      std::array<pollfd, 2> watched = {pollfd{fd, events, 0}, pollfd{stop, POLLIN, 0}};
      if (::poll(watched.data(), watched.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return false;
      }
      return watched[1].revents == 0;
    }
  }

  void listen_on_loopback() {
    stop = eventfd(0, EFD_CLOEXEC);
    need(stop >= 0, "eventfd");
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(listener >= 0, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    need(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    need(::listen(listener, 64) == 0, "listen");
    need(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
    port = ntohs(address.sin_port);
  }

  void use_certificate(const Certificate& certificate) {
    context = SSL_CTX_new(TLS_server_method());
    BIO* const cert_bio = BIO_new_mem_buf(certificate.cert_pem.data(), -1);
    BIO* const key_bio = BIO_new_mem_buf(certificate.key_pem.data(), -1);
    X509* const cert = PEM_read_bio_X509(cert_bio, nullptr, nullptr, nullptr);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
    const bool ok = context != nullptr && SSL_CTX_use_certificate(context, cert) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    if (!ok) throw std::runtime_error("the certificate cannot be used");
  }

  void serve();
};

namespace {

class SocketPeer final : public Peer {
 public:
  using Ready = std::function<bool(int, short)>;
  SocketPeer(int fd, SSL_CTX* context, Ready ready) : fd_(fd), ready_(std::move(ready)) {
    if (context != nullptr) {
      ssl_ = SSL_new(context);
      in_ = BIO_new(BIO_s_mem());
      out_ = BIO_new(BIO_s_mem());
      SSL_set_bio(ssl_, in_, out_);
      SSL_set_accept_state(ssl_);
    }
  }
  SocketPeer(const SocketPeer&) = delete;
  SocketPeer& operator=(const SocketPeer&) = delete;
  ~SocketPeer() override {
    close();
    SSL_free(ssl_);
  }

  /// True when a script may begin: over TLS, after the handshake.
  bool handshake() {
    if (ssl_ == nullptr) return true;
    for (;;) {
      ERR_clear_error();
      const int done = SSL_do_handshake(ssl_);
      const int want = SSL_get_error(ssl_, done);
      flush();
      if (done == 1) return true;
      if (want != SSL_ERROR_WANT_READ || !fill()) return false;
    }
  }

  std::string read_until(std::string_view end) override {
    for (;;) {
      const std::size_t at = buffer_.find(end);
      if (at != std::string::npos) return take(at + end.size());
      if (!more()) return take(buffer_.size());
    }
  }
  std::string read_bytes(std::size_t size) override {
    while (buffer_.size() < size && more()) {
    }
    return take(std::min(size, buffer_.size()));
  }
  bool send(std::string_view bytes) override {
    if (ssl_ == nullptr) return write_all(bytes);
    if (bytes.empty()) return true;
    ERR_clear_error();
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0 && flush();
  }
  void close() override {
    if (fd_ < 0) return;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      SSL_shutdown(ssl_);
      flush();
    }
    // Unread bytes would turn this close into a reset.
    ::shutdown(fd_, SHUT_WR);
    std::array<char, 4096> dropped{};
    while (::recv(fd_, dropped.data(), dropped.size(), MSG_DONTWAIT) > 0) {
    }
    ::close(fd_);
    fd_ = -1;
  }
  void reset() override {
    if (fd_ < 0) return;
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(fd_);
    fd_ = -1;
  }
  void stall() override {
    while (more()) buffer_.clear();
  }

 private:
  std::string take(std::size_t size) {
    std::string out = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }
  bool write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      if (fd_ < 0 || !ready_(fd_, POLLOUT)) return false;
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  bool read_some(std::string& into) {
    std::array<char, 16384> bytes{};
    for (;;) {
      if (fd_ < 0 || !ready_(fd_, POLLIN)) return false;
      const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n <= 0) return false;
      into.append(bytes.data(), static_cast<std::size_t>(n));
      return true;
    }
  }
  bool flush() {
    char* data = nullptr;
    const long size = BIO_get_mem_data(out_, &data);
    if (size <= 0) return true;
    const std::string bytes(data, static_cast<std::size_t>(size));
    static_cast<void>(BIO_reset(out_));
    return write_all(bytes);
  }
  bool fill() {
    std::string bytes;
    if (!read_some(bytes)) return false;
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    return true;
  }
  bool more() {
    if (ssl_ == nullptr) return read_some(buffer_);
    for (;;) {
      std::array<char, 16384> bytes{};
      ERR_clear_error();
      const int n = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
      if (n > 0) {
        buffer_.append(bytes.data(), static_cast<std::size_t>(n));
        return true;
      }
      if (SSL_get_error(ssl_, n) != SSL_ERROR_WANT_READ || !fill()) return false;
    }
  }

  int fd_;
  Ready ready_;
  SSL* ssl_ = nullptr;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  std::string buffer_;
};

}  // namespace

void ScriptedServer::State::serve() {
  for (std::size_t i = 0; ready(listener, POLLIN); ++i) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections;
    const Script& script = scripts[std::min(i, scripts.size() - 1)];
    SocketPeer peer(fd, context, [this](int s, short events) { return ready(s, events); });
    try {
      if (peer.handshake()) script(peer);
    } catch (const std::exception& e) {
      const std::lock_guard lock(mutex);
      problems.emplace_back(e.what());
    }
  }
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts) : state_(std::make_unique<State>()) {
  if (scripts.empty()) throw std::invalid_argument("no script");
  state_->scripts = std::move(scripts);
  state_->listen_on_loopback();
  state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, const Certificate& certificate)
    : state_(std::make_unique<State>()) {
  if (scripts.empty()) throw std::invalid_argument("no script");
  state_->scripts = std::move(scripts);
  state_->use_certificate(certificate);
  state_->listen_on_loopback();
  state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

ScriptedServer::~ScriptedServer() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto told = ::write(state_->stop, &one, sizeof one);
  state_->thread.join();
  ::close(state_->listener);
  ::close(state_->stop);
  SSL_CTX_free(state_->context);
}

std::uint16_t ScriptedServer::port() const { return state_->port; }
std::string ScriptedServer::url(std::string_view path) const {
  return fmt::format("{}://127.0.0.1:{}{}", state_->context == nullptr ? "http" : "https",
                     state_->port, path);
}
std::size_t ScriptedServer::connections() const { return state_->connections; }
std::vector<std::string> ScriptedServer::problems() const {
  const std::lock_guard lock(state_->mutex);
  return state_->problems;
}

ScriptedServer::Script answer(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    peer.read_request();
    peer.send(bytes);
  };
}

ScriptedServer::Script answers(std::vector<std::string> bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    for (std::size_t i = 0;; ++i) {
      if (peer.read_request().empty()) return;
      if (!peer.send(bytes[std::min(i, bytes.size() - 1)])) return;
    }
  };
}

}  // namespace testkit
