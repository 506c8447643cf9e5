#include "net/transport.hpp"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>

namespace mock {

namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int descriptor) : descriptor_(descriptor) {}

  Io handshake() override { return {}; }

  Io read(std::span<std::byte> into) override {
    for (;;) {
      const auto n = ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
      if (n > 0) return {Io::State::ok, static_cast<std::size_t>(n)};
      if (n == 0) return {Io::State::eof, 0};
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::State::wait_read, 0};
      return {Io::State::failed, 0};
    }
  }

  Io write(std::span<const std::byte> from) override {
    for (;;) {
      const auto n = ::send(descriptor_, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n >= 0) return {Io::State::ok, static_cast<std::size_t>(n)};
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::State::wait_write, 0};
      return {Io::State::failed, 0};
    }
  }

  [[nodiscard]] bool buffered() const override { return false; }
  void close_notify() override {}

 private:
  int descriptor_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(SSL* ssl, int descriptor) : ssl_(ssl), descriptor_(descriptor) {}
  ~TlsTransport() override { SSL_free(ssl_); }
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;

  Io handshake() override {
    ERR_clear_error();
    const int result = SSL_accept(ssl_);
    if (result == 1) return {};
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST) {
      constexpr std::string_view plain =
          "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
          "Content-Length: 49\r\n\r\nthis port speaks https, the request came in http\n";
      ::send(descriptor_, plain.data(), plain.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return state_of(result, 0);
  }

  /// A TLS record holds 16 KiB at most: several are gathered, so that a handler gets slices as
  /// large as without TLS.
  Io read(std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      ERR_clear_error();
      const auto room = std::min<std::size_t>(into.size() - done, INT_MAX);
      const int n = SSL_read(ssl_, into.data() + done, static_cast<int>(room));
      if (n <= 0) return state_of(n, done);
      done += static_cast<std::size_t>(n);
    }
    return {Io::State::ok, done};
  }

  Io write(std::span<const std::byte> from) override {
    ERR_clear_error();
    const auto size = std::min<std::size_t>(from.size(), INT_MAX);
    const int n = SSL_write(ssl_, from.data(), static_cast<int>(size));
    if (n <= 0) return state_of(n, 0);
    return {Io::State::ok, static_cast<std::size_t>(n)};
  }

  [[nodiscard]] bool buffered() const override { return SSL_has_pending(ssl_) == 1; }

  void close_notify() override {
    ERR_clear_error();
    if (!failed_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  }

 private:
  Io state_of(int result, std::size_t done) {
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return {Io::State::wait_read, done};
      case SSL_ERROR_WANT_WRITE:
        return {Io::State::wait_write, done};
      case SSL_ERROR_ZERO_RETURN:
        return {Io::State::eof, done};
      default:
        break;
    }
    // A FIN without close_notify comes here too: a cut off message, never a complete one.
    failed_ = true;
    return {Io::State::failed, done};
  }

  SSL* ssl_;
  int descriptor_;
  bool failed_ = false;
};

class RefusingTransport final : public Transport {
 public:
  explicit RefusingTransport(int descriptor) : descriptor_(descriptor) {}

  Io handshake() override {
    char byte = 0;
    const auto n = ::recv(descriptor_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
      return {Io::State::wait_read, 0};
    }
    // An alert record of TLS 1.2 (which is how 1.3 spells it too), two bytes: fatal,
    // handshake_failure.
    constexpr unsigned char alert[] = {21, 3, 3, 0, 2, 2, 40};
    if (n > 0) ::send(descriptor_, alert, sizeof alert, MSG_DONTWAIT | MSG_NOSIGNAL);
    return {Io::State::failed, 0};
  }
  Io read(std::span<std::byte> /*into*/) override { return {Io::State::failed, 0}; }
  Io write(std::span<const std::byte> /*from*/) override { return {Io::State::failed, 0}; }
  [[nodiscard]] bool buffered() const override { return false; }
  void close_notify() override {}

 private:
  int descriptor_;
};

}  // namespace

std::unique_ptr<Transport> refusing_transport(int descriptor) {
  return std::make_unique<RefusingTransport>(descriptor);
}

std::unique_ptr<Transport> plain_transport(int descriptor) {
  return std::make_unique<PlainTransport>(descriptor);
}

std::unique_ptr<Transport> tls_transport(int descriptor, SSL_CTX* context) {
  SSL* ssl = SSL_new(context);
  if (ssl == nullptr) return nullptr;
  if (SSL_set_fd(ssl, descriptor) != 1) {
    SSL_free(ssl);
    return nullptr;
  }
  return std::make_unique<TlsTransport>(ssl, descriptor);
}

}  // namespace mock
