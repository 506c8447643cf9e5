// The seam between socket and handler at which misbehaviour is applied. The http room carries out
// what a plan says; it does not know why. Without an Interceptor nothing here costs anything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/socket_end.hpp"
#include "http/tls_plan.hpp"
#include "protocol/units.hpp"

namespace mock {

struct Services;

/// Bytes per second on one connection; 0: as fast as it goes.
struct Bandwidth {
  std::uint64_t bytes_per_second = 0;
};

/// When a connection was accepted, before TLS and before any byte of HTTP.
struct ConnectionPlan {
  Milliseconds delay{0};            ///< slow accept: nothing is read or written that long
  TlsPlan tls = {};                 ///< over TLS only
  SocketEnd end = SocketEnd::keep;  ///< after the delay, without reading a byte
};

/// An interim reply (1xx) that goes ahead of the reply: only status and fields count. Sent `gap`
/// after the one before it.
struct Ahead {
  Reply reply;
  Milliseconds gap{0};
};

/// Before the handler sees the request.
struct RequestPlan {
  std::vector<Ahead> ahead = {};  ///< from now on; the reply waits for the last, nothing else does
  Milliseconds delay{0};
  Bandwidth receive = {};  ///< at which this request's body is taken from the socket
  std::optional<Reply> instead = std::nullopt;  ///< answer this; the handler is never made
  bool instead_after_body = false;  ///< `instead` waits until the body was read and dropped
  SocketEnd end = SocketEnd::keep;  ///< anything else acts now, before the handler is made
};

/// When the body has reached the position that `next_stop` named. Bytes up to there were given to
/// the handler; with `instead`, or an `end` other than keep, the handler gets on_end(aborted) first
/// and what it answers to that is dropped. With both, `end` follows the reply.
struct BodyPlan {
  std::vector<Ahead> ahead = {};  ///< from now on, as in RequestPlan
  Milliseconds delay{0};
  std::optional<Reply> instead = std::nullopt;  ///< sent now in place of the handler's answer
  SocketEnd end = SocketEnd::keep;
};

/// When a reply is about to be written. The reply itself was edited in place.
struct ReplyPlan {
  std::vector<Ahead> ahead = {};  ///< before anything else of this
  bool send = true;               ///< false: not a byte of it is written
  Milliseconds delay{0};
  std::optional<std::string> raw = std::nullopt;  ///< these bytes instead of the serialised reply
  std::optional<Bytes> truncate_head =
      std::nullopt;  ///< stop after that many bytes of status line and headers
  std::optional<Bytes> truncate_body =
      std::nullopt;                 ///< stop after that many bytes of the body, announced whole
  Bytes slice{0};                   ///< write in pieces of this size; 0: as one
  Milliseconds slice_gap{0};        ///< between two pieces
  Bandwidth speed = {};             ///< at which the reply is written
  SocketEnd end = SocketEnd::keep;  ///< after what was written
};

/// When an interim reply (1xx) is about to be written. The reply itself was edited in place.
struct InterimPlan {
  bool send = true;       ///< false: not a byte of it is written
  bool twice = false;     ///< written two times
  Milliseconds delay{0};  ///< later ones and the reply wait for it; the body is read meanwhile
};

/// Accompanies one request. Owned by the connection. Loop thread only.
class Intercept {
 public:
  virtual ~Intercept() = default;
  /// May edit the request (method, target, fields) in place before it is routed.
  virtual RequestPlan on_request(Request& request) = 0;
  /// Whether `on_small_body` is to be asked: the body (up to 64 KiB, else the request is left as it
  /// is) is then gathered before the handler is made.
  [[nodiscard]] virtual bool edits_body() const { return false; }
  /// May edit a form or JSON body in place; Content-Length follows.
  virtual void on_small_body(const Request&, std::string&) {}
  /// The body stalled: nothing came for the read timeout. Told before `on_abort`.
  virtual void on_stall() {}
  /// The next body position, counted without framing, at which `on_body` wants to be asked.
  [[nodiscard]] virtual std::optional<Bytes> next_stop() const = 0;
  virtual BodyPlan on_body(Bytes position) = 0;
  /// How long after its head `on_alarm` is to be asked about a request whose body is not complete
  /// by then; of several times the first. Real time.
  [[nodiscard]] virtual std::optional<Milliseconds> next_alarm() const { return std::nullopt; }
  virtual BodyPlan on_alarm(Milliseconds /*lasted*/) { return {}; }
  /// May edit status and fields of a 100 or 104 in place.
  virtual InterimPlan on_interim(Reply& /*interim*/) { return {}; }
  /// May edit the reply in place. Not called for interim responses.
  virtual ReplyPlan on_reply(Reply& reply) = 0;
  /// The body was cut off or timed out before a reply was made. Called before the handler is told,
  /// and not when a plan of this object cut the body off.
  virtual void on_abort() = 0;
  /// The request as its client sent it, if `on_request` may have edited it; nullptr: it did not.
  [[nodiscard]] virtual const Request* as_sent() const { return nullptr; }
  /// Names of the rules that fired in this exchange so far, for the journal.
  [[nodiscard]] virtual std::vector<std::string> fired() const { return {}; }
  /// The store and effects that this request's handler is to use: `correct`, or a decorated set
  /// that lives as long as this object.
  virtual Services& services(Services& correct) = 0;
};

class Interceptor {
 public:
  virtual ~Interceptor() = default;
  /// nullptr when no rule can apply to this request.
  virtual std::unique_ptr<Intercept> begin(const Request& request) = 0;
  /// A connection to a listener of that lane was accepted; `ordinal` counts them from 1, anew when
  /// the lane was without a listener.
  virtual ConnectionPlan on_connection(const std::string&, std::uint64_t) { return {}; }
  /// The ClientHello on such a connection has come, and names that server (SNI) in lower case;
  /// nullopt: none. What `on_connection` planned goes first.
  virtual TlsPlan on_hello(const std::string&, std::uint64_t, std::optional<std::string_view>) {
    return {};
  }
};

}  // namespace mock
