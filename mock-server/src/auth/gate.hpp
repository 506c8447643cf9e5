// What stands in front of an endpoint: a class for each kind of credential. A system with signed
// requests, such as object storage, checks them itself: the signature covers what is asked for.
#pragma once

#include <optional>

#include "http/message.hpp"

namespace mock {

/// Lets requests with a good credential through and answers the others. Loop thread only.
class Gate {
 public:
  Gate() = default;
  virtual ~Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// nullopt: go on. Else the refusal, in the words of its system. It is asked at the head of a
  /// request, before any of the body is read.
  [[nodiscard]] virtual std::optional<Reply> check(const Request& request) const = 0;
};

/// A browser's question whether a page may send a request: it never has credentials (Fetch
/// standard, "CORS-preflight fetch"). With an X-HTTP-Method-Override it is none.
[[nodiscard]] bool is_preflight(const Request& request);

}  // namespace mock
