// From a Reply to the bytes of an HTTP/1.1 response. No socket.
#pragma once

#include <optional>
#include <string>

#include "http/message.hpp"

namespace mock {

/// RFC 9110 sections 9.3.2 and 15: no body follows a reply to HEAD, nor 1xx, 204, 205 and 304.
[[nodiscard]] bool carries_body(int status, bool head_request);

/// The fields that a connection adds to a reply by itself.
class Framing {
 public:
  Framing(bool head_request, int minor_version, TimePoint now);
  /// Adds Date, Content-Length and Connection. A Content-Length of the handler's own stands only in
  /// a reply to HEAD (RFC 9110 section 8.6) or a 304.
  void apply(Reply& reply, bool close);
  /// After a rule edited the reply: brings the added fields up to date, except those that the rule
  /// itself has changed or taken away.
  void renew(Reply& reply, bool close);

 private:
  [[nodiscard]] std::optional<std::string> length_of(const Reply& reply) const;
  [[nodiscard]] std::optional<std::string> connection_of(bool close) const;

  bool head_request_;
  int minor_version_;
  TimePoint now_;
  std::optional<std::string> length_;
  std::optional<std::string> connection_;
};

/// Status line and fields with the empty line. A field whose name is not a token, or whose value
/// holds CR, LF or NUL, is left out: nothing a client sent may split a response (RFC 9110 section
/// 5.5).
[[nodiscard]] std::string serialise_head(const Reply& reply);

}  // namespace mock
