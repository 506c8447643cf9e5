// The heads of HTTP/1 messages, with only what a relay needs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/fields.hpp"
#include "socket.hpp"

namespace strangers {

using Clock = std::chrono::steady_clock;
using relays::Socket;

/// The bytes that a socket has received and that are not taken yet.
class Input {
 public:
  explicit Input(Socket& from) : from_(from) {}

  /// Waits for more; false when there will be none.
  bool fill();
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  /// The number of bytes up to the end of `mark`; nullopt when the peer ends before it comes, or
  /// 64 KiB do not hold it.
  [[nodiscard]] std::optional<std::size_t> until(std::string_view mark);
  /// The first `size` bytes, or all there are.
  [[nodiscard]] std::string take(std::uint64_t size);
  [[nodiscard]] std::string take_all() { return take(bytes_.size()); }
  [[nodiscard]] std::string_view peek() const { return bytes_; }

 private:
  Socket& from_;
  std::string bytes_;
};

/// What tells the end of a body.
struct Framing {
  bool chunked = false;
  std::optional<std::uint64_t> length;
};

struct RequestHead {
  std::string method, target, version;
  http::Fields fields;
  bool operator==(const RequestHead&) const = default;
};
struct ReplyHead {
  std::string version;
  int status = 0;
  std::string reason;
  http::Fields fields;
  bool operator==(const ReplyHead&) const = default;
};

/// nullopt when it is not as in RFC 9112, and should be passed on as it is.
[[nodiscard]] std::optional<RequestHead> parse_request(std::string_view head);
[[nodiscard]] std::optional<ReplyHead> parse_reply(std::string_view head);
/// nullopt when the fields contradict each other.
[[nodiscard]] std::optional<Framing> framing_of(const http::Fields& fields);
[[nodiscard]] std::string written(const RequestHead& head);
[[nodiscard]] std::string written(const ReplyHead& head);

/// Decimal digits and nothing else.
[[nodiscard]] std::optional<std::uint64_t> number(std::optional<std::string_view> text);
/// The path of a URL or of a request's target: no scheme, no host, no query.
[[nodiscard]] std::string path_of(std::string_view url);

}  // namespace strangers
