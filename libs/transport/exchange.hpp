// One HTTP exchange as a client saw it: what was sent, what came, how long it took.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"

namespace transport {

struct Request {
  std::string method;
  std::string url;  ///< absolute, http or https
  http::Fields headers;
  /// Sent with Content-Length, unless `chunked`. Without one, POST, PUT and PATCH say
  /// Content-Length: 0 (RFC 9110 section 8.6).
  std::optional<std::string> body;
  bool chunked = false;           ///< Transfer-Encoding: chunked
  bool expect_continue = false;   ///< sends Expect: 100-continue; otherwise never sent
  bool fresh_connection = false;  ///< do not reuse one, do not leave one behind
  bool http10 = false;
  Milliseconds timeout{std::chrono::seconds{30}};  ///< for the whole exchange
  std::optional<Bytes> body_limit = {};            ///< instead of ClientOptions::body_limit
};

struct Interim {
  int status = 0;  ///< 1xx
  http::Fields headers;
};

struct Response {
  std::string version;  ///< "HTTP/1.1"
  int status = 0;
  std::string reason;  ///< may be empty
  http::Fields headers;
  std::string body;  ///< at most the body limit's bytes of it
  Bytes body_size;   ///< all that was read
};

struct Failure {
  enum class Kind {
    resolve,
    connect,  ///< refused, unreachable
    own,      ///< this machine has no descriptor or port left for a connection
    tls,      ///< handshake or certificate
    proxy,
    timeout,
    reset,     ///< ECONNRESET or EPIPE
    closed,    ///< orderly close before the response was complete
    protocol,  ///< not HTTP, malformed, or more of it than is read (limits.hpp)
    other,
  };
  Kind kind = Kind::other;
  std::string message;  ///< one line
  /// It is of a TLS handshake: the message says what went wrong and, after a semicolon, what to do.
  bool explained = false;
};
[[nodiscard]] std::string_view to_string(Failure::Kind kind);

struct Timings {
  std::chrono::system_clock::time_point start;
  std::chrono::microseconds connect{0};  ///< 0 when a connection was reused
  std::chrono::microseconds first_byte{0};
  std::chrono::microseconds total{0};
};

/// What was sent, without any byte of the body: length and digest only.
struct Sent {
  std::string method;
  std::string url;
  http::Fields headers;  ///< as they went out, those the library added included
  Bytes body_size;       ///< bytes handed to the connection
  std::string body_sha256;
};

struct Exchange {
  Sent sent;
  std::vector<Interim> interims;
  std::optional<Response> response;  ///< may be set together with `failure` (cut off in the body)
  std::optional<Failure> failure;
  Timings timings;
  bool reused_connection = false;
};

/// Header names whose values are secrets (`redact::is_credential_field`); transcripts and logs show
/// "***" instead.
[[nodiscard]] bool is_secret_header(std::string_view name);
/// `text` with the values of secret members (password, access_token, refresh_token, ...) of JSON
/// documents, forms and query strings replaced by "***".
[[nodiscard]] std::string redact(std::string_view text);
/// A transcript for people: "> PATCH /files/1 ..." lines, then "< HTTP/1.1 204 ...". Secrets are
/// redacted; of bodies only a response body that is text and not a download is shown, up to 2 KiB.
[[nodiscard]] std::string transcript(const Exchange& exchange);

}  // namespace transport
