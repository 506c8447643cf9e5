// One request and one reply as plain values. No socket, no Beast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/route.hpp"
#include "loop/loop.hpp"
#include "protocol/error.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"

namespace mock {

struct HttpOptions;
extern const HttpOptions strict_http;  // http_options.hpp

class Handler;
class Intercept;
struct Reply;
struct Request;

/// Where Application::admit let a request in. Keeps alive what serves the request: it is destroyed
/// after the request's handler and Intercept.
class Admission {
 public:
  virtual ~Admission() = default;
  /// The request's handler there; if it was refused, one that says so. `intercept` may be null.
  [[nodiscard]] virtual std::unique_ptr<Handler> handler_for(const Request& request,
                                                             Intercept* intercept) const = 0;
  /// As Application::add_cors.
  virtual void add_cors(const Request&, Reply&) const {}
};

/// The head of a request, as received; the body arrives through Handler.
struct Request {
  std::string method;     ///< as sent; not resolved against X-HTTP-Method-Override
  std::string target;     ///< as sent
  std::string path;       ///< the target's path, still percent-encoded
  std::string query;      ///< without the '?'; empty when there is none
  int minor_version = 1;  ///< HTTP/1.0 or HTTP/1.1
  ::http::Fields fields;
  std::optional<Bytes> content_length;
  bool chunked = false;  ///< then there is no content_length, whatever `fields` say
  bool tls = false;
  std::string lane;  ///< whose configuration serves this; "" is the main one
  std::string
      mount;  ///< the prefix that Application::admit cut off `path`: "/_lane/blue", or empty
  std::shared_ptr<Admission> admission;    ///< the Application's own
  Addressed addressed;                     ///< set by Application::admit
  const HttpOptions* http = &strict_http;  ///< of the lane; set by Application::admit
  std::string local_authority;             ///< "127.0.0.1:8080": stands in for a missing Host
  std::string remote;                      ///< the peer's address, for logs
  std::uint64_t connection = 0;            ///< counts connections of this process
  std::uint64_t nth = 1;                   ///< of the requests on its connection
  TimePoint connected;                     ///< when that connection was accepted
  TimePoint idle_since;                    ///< when the exchange before ended, or `connected`
  TimePoint received;
  ::http::Fields trailers;  ///< of a chunked body; complete before on_end(complete), kept apart
                            ///< from `fields` (RFC 9110 section 6.5.1)

  [[nodiscard]] bool has_body() const {
    return chunked || (content_length && *content_length > Bytes{0});
  }
};

/// What to do with the part of the request body that no one has read when the reply goes out.
enum class UnreadBody {
  drain,  ///< read and drop it (up to a limit), reply, keep the connection
  close,  ///< reply at once and close: a client that is still sending may see a reset
};

/// The longest body, of a request or a reply, that a rule looks into or edits.
inline constexpr Bytes editable_body{64UL << 10U};

/// Where the bytes of a long body come from, so that no more of them are in memory than are being
/// written. Any thread, several at once.
class BodySource {
 public:
  virtual ~BodySource() = default;
  [[nodiscard]] virtual Bytes size() const = 0;  ///< always the same
  /// Fills `into`, which lies within the size, from position `at`; may wait for a disk. An Error,
  /// for the log: the bytes cannot be had any more.
  virtual Result<void> read(Bytes at, std::span<std::byte> into) = 0;
  /// The same without waiting. False: it would have to, and what is in `into` is of no use.
  virtual Result<bool> try_read(Bytes at, std::span<std::byte> into) = 0;
};

/// Where the bytes that a body brought are stored: from `from` up to `to` of that upload.
struct StoredRange {
  std::string upload;
  Bytes from;
  Bytes to;
};

struct Reply {
  int status = 200;
  std::string reason;     ///< empty: the usual phrase of the status
  ::http::Fields fields;  ///< Content-Length, Date and Connection are added by the http room
  std::string body;
  bool close = false;  ///< close the connection after this reply
  UnreadBody unread_body = UnreadBody::drain;
  bool no_reason = false;  ///< not even the usual phrase (RFC 9112 section 4: it may be empty)
  /// Stands in for `body`, which is empty then.
  std::shared_ptr<BodySource> source = nullptr;
  /// Where the request's body was stored, for observers: the offsets that request and reply name
  /// need not say it.
  std::optional<StoredRange> stored = std::nullopt;

  /// Of the body, without framing.
  [[nodiscard]] Bytes length() const { return source ? source->size() : Bytes{body.size()}; }
};

/// The whole body; nullopt when it comes from a source and is not small, or cannot be read. Waits
/// for a disk.
[[nodiscard]] std::optional<std::string> small_body_of(const Reply& reply);

/// A reply with a text/plain body.
[[nodiscard]] Reply text_reply(int status, std::string body);
/// A reply with an application/json body.
[[nodiscard]] Reply json_reply(int status, std::string body);
/// "Not Found"; empty for a status that has no registered phrase (RFC 9110 section 15).
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace mock
