#include "net/transport.hpp"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <exception>
#include <string>
#include <utility>

#include "net/bad_certificates.hpp"
#include "protocol/http/fields.hpp"

namespace mock {

namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int descriptor) : descriptor_(descriptor) {}

  Io handshake() override { return {}; }

  Io read(std::span<std::byte> into) override { return receive(into, 0); }
  /// With MSG_TRUNC the kernel drops what it has without copying it (tcp(7)).
  Io skip(std::span<std::byte> into) override { return receive(into, MSG_TRUNC); }

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
  [[nodiscard]] Io receive(std::span<std::byte> into, int flags) const {
    for (;;) {
      const auto n = ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT | flags);
      if (n > 0) return {Io::State::ok, static_cast<std::size_t>(n)};
      if (n == 0) return {Io::State::eof, 0};
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::State::wait_read, 0};
      return {Io::State::failed, 0};
    }
  }

  int descriptor_;
};

/// Keeps what the server says in a handshake, and lets it out up to the end of one message.
class CutHandshake {
 public:
  /// Null when OpenSSL has no memory for it.
  static std::unique_ptr<CutHandshake> of(SSL* ssl, HandshakeStep after) {
    BIO* const out = BIO_new(BIO_s_mem());
    if (out == nullptr) return nullptr;
    auto cut = std::make_unique<CutHandshake>();
    cut->out_ = out;
    cut->last_ = after == HandshakeStep::server_hello  ? SSL3_MT_SERVER_HELLO
                 : after == HandshakeStep::certificate ? SSL3_MT_CERTIFICATE
                                                       : SSL3_MT_FINISHED;
    SSL_set0_wbio(ssl, out);
    SSL_set_msg_callback(ssl, &CutHandshake::on_message);
    SSL_ctrl(ssl, SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, cut.get());
    return cut;
  }

  enum class Sent { on, up_to_the_cut, failed };
  /// Sends what is there by now. A socket that sent nothing yet has room for more than that.
  Sent send(int descriptor) {
    char* bytes = nullptr;
    const auto size = static_cast<std::size_t>(std::max(0L, BIO_get_mem_data(out_, &bytes)));
    const auto end = cut_at_ ? std::min(size, *cut_at_ - let_out_) : size;
    const auto n = end == 0 ? 0 : ::send(descriptor, bytes, end, MSG_DONTWAIT | MSG_NOSIGNAL);
    static_cast<void>(BIO_reset(out_));
    let_out_ += end;
    if (n != static_cast<ssize_t>(end)) return Sent::failed;
    return cut_at_ ? Sent::up_to_the_cut : Sent::on;
  }

 private:
  /// OpenSSL reports the header of each record as it is written, then the message in those records.
  static void on_message(int written, int /*version*/, int type, const void* bytes,
                         std::size_t size, SSL* /*ssl*/, void* self) {
    auto& cut = *static_cast<CutHandshake*>(self);
    const auto* const data = static_cast<const unsigned char*>(bytes);
    if (written == 0 || cut.cut_at_ || size == 0) return;
    if (type == SSL3_RT_HEADER && size == SSL3_RT_HEADER_LENGTH) {
      cut.written_ += size + (static_cast<std::size_t>(data[3]) << 8U) + data[4];
    } else if (type == SSL3_RT_HANDSHAKE && data[0] == cut.last_) {
      cut.cut_at_ = cut.written_;
    }
  }

  BIO* out_ = nullptr;  // of the SSL
  int last_ = 0;
  std::size_t written_ = 0;
  std::size_t let_out_ = 0;
  std::optional<std::size_t> cut_at_;
};

/// The host_name of the server_name extension (RFC 6066 section 3), in lower case.
std::optional<std::string> server_name_of(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  constexpr std::size_t before_name = 5;  // length of the list, type, length of the name
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1 ||
      size < before_name || data[2] != TLSEXT_NAMETYPE_host_name) {
    return std::nullopt;
  }
  const auto length = (static_cast<std::size_t>(data[3]) << 8U) + data[4];
  if (length > size - before_name) return std::nullopt;
  return ::http::lower_case(std::string(data + before_name, data + before_name + length));
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(SSL* ssl, int descriptor, const BadCertificates* bad, HandshakePlanner& planner)
      : ssl_(ssl), descriptor_(descriptor), bad_(bad), planner_(planner) {}
  ~TlsTransport() override { SSL_free(ssl_); }
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;

  Io handshake() override {
    ERR_clear_error();
    const int result = SSL_accept(ssl_);
    if (cut_ && !failed_) {
      const auto sent = cut_->send(descriptor_);
      if (sent == CutHandshake::Sent::up_to_the_cut) return {Io::State::stopped, 0};
      if (sent == CutHandshake::Sent::failed) return {Io::State::failed, 0};
    }
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

  /// Of SSL_CTX_set_client_hello_cb.
  static int on_client_hello(SSL* ssl, int* alert, void* /*none*/) {
    auto& self = *static_cast<TlsTransport*>(SSL_get_ex_data(ssl, own_data));
    // The answer to a HelloRetryRequest is a second ClientHello.
    if (std::exchange(self.planned_, true)) return SSL_CLIENT_HELLO_SUCCESS;
    try {
      const auto name = server_name_of(ssl);
      const auto plan =
          self.planner_.on_hello(name ? std::optional<std::string_view>(*name) : std::nullopt);
      return plan.any() ? self.follow(plan, alert) : SSL_CLIENT_HELLO_SUCCESS;
    } catch (const std::exception&) {  // nothing may pass through OpenSSL
      *alert = SSL_AD_INTERNAL_ERROR;
      return SSL_CLIENT_HELLO_ERROR;
    }
  }

  /// Of SSL_CTX_set_tlsext_status_cb: the client asks for an OCSP answer.
  static int on_status_request(SSL* ssl, void* /*none*/) {
    const auto& self = *static_cast<TlsTransport*>(SSL_get_ex_data(ssl, own_data));
    if (self.staple_.empty()) return SSL_TLSEXT_ERR_NOACK;
    void* const copy = OPENSSL_memdup(self.staple_.data(), self.staple_.size());
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, static_cast<long>(self.staple_.size()),
             copy);
    return SSL_TLSEXT_ERR_OK;
  }

  static constexpr int own_data = 0;  ///< of SSL_set_ex_data

 private:
  int follow(const TlsPlan& plan, int* alert) {
    const auto fail = [alert](int why) {
      *alert = why;
      return SSL_CLIENT_HELLO_ERROR;
    };
    if (plan.stop && plan.stop->alert) return fail(SSL_AD_HANDSHAKE_FAILURE);
    if (plan.stop && plan.stop->after == HandshakeStep::client_hello) return SSL_CLIENT_HELLO_RETRY;
    // A resumed session shows no certificate.
    SSL_set_options(ssl_, SSL_OP_NO_TICKET);
    if (plan.version) speak_only(*plan.version);
    if (plan.certificate && bad_ != nullptr) {
      const auto& shown = bad_->of(*plan.certificate);
      if (SSL_use_cert_and_key(ssl_, shown.certificate.get(), bad_->key.get(), shown.above.get(),
                               1) != 1) {
        return fail(SSL_AD_INTERNAL_ERROR);
      }
      staple_ = shown.staple;
    }
    if (plan.stop) {
      cut_ = CutHandshake::of(ssl_, plan.stop->after);
      if (!cut_) return fail(SSL_AD_INTERNAL_ERROR);
    }
    return SSL_CLIENT_HELLO_SUCCESS;
  }

  void speak_only(TlsVersion version) {
    const int number = version == TlsVersion::tls_1_0 ? TLS1_VERSION : TLS1_1_VERSION;
    SSL_set_security_level(ssl_, 0);  // both sign with SHA-1
    SSL_ctrl(ssl_, SSL_CTRL_SET_MIN_PROTO_VERSION, number, nullptr);
    SSL_ctrl(ssl_, SSL_CTRL_SET_MAX_PROTO_VERSION, number, nullptr);
  }

  Io state_of(int result, std::size_t done) {
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_CLIENT_HELLO_CB:
        return {Io::State::stopped, done};
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
  const BadCertificates* bad_;
  HandshakePlanner& planner_;
  std::unique_ptr<CutHandshake> cut_;
  std::span<const unsigned char> staple_;
  bool planned_ = false;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<Transport> plain_transport(int descriptor) {
  return std::make_unique<PlainTransport>(descriptor);
}

std::unique_ptr<Transport> tls_transport(int descriptor, SSL_CTX* context,
                                         const BadCertificates* bad, HandshakePlanner& planner) {
  SSL* ssl = SSL_new(context);
  if (ssl == nullptr) return nullptr;
  auto transport = std::make_unique<TlsTransport>(ssl, descriptor, bad, planner);
  if (SSL_set_fd(ssl, descriptor) != 1 ||
      SSL_set_ex_data(ssl, TlsTransport::own_data, transport.get()) != 1) {
    return nullptr;
  }
  return transport;
}

void let_handshakes_be_planned(SSL_CTX* context) {
  SSL_CTX_set_client_hello_cb(context, &TlsTransport::on_client_hello, nullptr);
  // What SSL_CTX_set_tlsext_status_cb does, without its old-style cast.
  SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                        reinterpret_cast<void (*)()>(&TlsTransport::on_status_request));
}

}  // namespace mock
