// How a request reaches the code that answers it: its head, bytes as they come, an end.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "http/message.hpp"

namespace mock {

struct Services;
class Intercept;

/// The handler's side of one request in flight. Implemented by the http room; lives as long as the
/// handler. Loop thread only.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// Asks for the body: sends 100 Continue if the client waits for it, then on_bytes and on_end
  /// follow. Without this call the body stays unread. A request without a body gets on_end at once
  /// (but not inside this call).
  virtual void read_body() = 0;
  /// Sends an interim response (1xx; RFC 9110 section 15.2) ahead of the reply: status and fields
  /// count, nothing is added to them. Nothing goes to a client of HTTP/1.0. Any time before
  /// `reply`.
  virtual void interim(Reply reply) = 0;
  /// Answers. Exactly once, at any time: in on_header, on_bytes, on_end, or later from the loop.
  /// Bytes that were not read by then are treated as `reply.unread_body` says, and no further
  /// handler event follows.
  virtual void reply(Reply reply) = 0;
};

/// How a body ended.
enum class BodyEnd {
  complete,   ///< all of it came; a reply is due
  aborted,    ///< the client closed or reset the connection, or its framing broke; a reply is
              ///< optional and may reach nobody
  timed_out,  ///< nothing came for the read timeout; a reply is due, then the connection closes
};

/// Answers one request. Owned by the connection; destroyed when the reply is written or the
/// connection is gone. Loop thread only.
class Handler {
 public:
  virtual ~Handler() = default;
  /// The request stays valid for the handler's lifetime.
  virtual void on_header(const Request& request, Exchange& exchange) = 0;
  /// A slice of the body with the framing removed; valid during the call only.
  virtual void on_bytes(std::span<const std::byte> bytes) = 0;
  /// Asked before each slice is read. False: only the size of the slice matters. What is in it is
  /// then undefined, and nobody has to copy it out of the kernel.
  [[nodiscard]] virtual bool looks_at_bytes() const { return true; }
  virtual void on_end(BodyEnd end) = 0;
};

/// Tells `loop` what work on `request` threw.
void report(Loop& loop, const Request& request, const std::exception_ptr& thrown);
/// The same. Returns the reply, which tells the client nothing of what was thrown: 507 when memory
/// or a disk ran out, else 500.
[[nodiscard]] Reply failed(Loop& loop, const Request& request, const std::exception_ptr& thrown);

/// Finds the handler of a request. `intercept` is null when no rule touches this request.
class Application {
 public:
  virtual ~Application() = default;
  /// Called before any rule sees the request, and again after rules edited it; each time `path` is
  /// as the target has it. Decides which lane the request is in, moves a prefix that names a lane
  /// from `path` to `mount`, and sets `addressed`. At first `lane` is that of the listener, if it
  /// belongs to one; then nothing else counts.
  virtual void admit(Request&) {}
  virtual std::unique_ptr<Handler> handler_for(const Request& request, Intercept* intercept) = 0;
  /// Adds the CORS fields that the handler's replies would have (Fetch standard, CORS protocol) to
  /// a reply that a plan gives in its place, so that pages of other origins can read it.
  virtual void add_cors(const Request&, Reply&) const {}
};

/// For small bodies: gathers up to `limit` bytes, then replies with what `answer` returns. A longer
/// body is answered 413, and one that does not come in time 408: in plain text, or by what
/// `refusal` makes of status and sentence.
[[nodiscard]] std::unique_ptr<Handler> buffered(
    Bytes limit, std::function<Reply(const Request&, const std::string& body)> answer,
    std::function<Reply(int status, std::string sentence)> refusal = {});
/// For requests whose body, if any, is of no interest.
[[nodiscard]] std::unique_ptr<Handler> bodiless(std::function<Reply(const Request&)> answer);

/// What is known of a request whose head was refused: it is malformed, too long or late.
struct RefusedHead {
  std::string method;  ///< as far as its head was read; empty: no method was
  std::string path;    ///< likewise; still percent-encoded, and cut at 4 KiB
  bool query = false;  ///< there was one
  std::string why;     ///< as the client is told, without a profile's words
};

/// Told of every finished exchange; for logs and metrics. Loop thread only.
struct ExchangeRecord {
  const Request& request;                        ///< as the handler saw it
  int status = 0;                                ///< 0: no reply was sent
  const ::http::Fields* reply_fields = nullptr;  ///< as sent; null when no head was sent
  const Intercept* intercept = nullptr;          ///< null: no rule could touch this exchange
  Bytes body_received;
  std::chrono::microseconds duration{0};
  bool aborted = false;
  Bytes sent{};                          ///< of the reply, head included, handed to the connection
  const RefusedHead* refused = nullptr;  ///< null: the head was taken
  const StoredRange* stored = nullptr;   ///< of the reply; null: it did not say
};
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_exchange(const ExchangeRecord& record) = 0;
  virtual void on_connections(std::size_t open) = 0;
};

}  // namespace mock
