// What a check works with: the target, exchanges, raw bytes, time, and its own evidence. The words
// of a system are in systems/.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "target/given_tokens.hpp"
#include "target/target.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"
#include "verdict.hpp"

namespace conformance {

/// One check's view. Used by one thread; made anew for every check.
class Context {
 public:
  virtual ~Context() = default;

  [[nodiscard]] virtual const Target& target() const = 0;
  /// Seeded by the run's seed and the requirement's id, so that a run can be repeated.
  [[nodiscard]] virtual std::mt19937_64& random() = 0;
  /// `size` random bytes from random().
  [[nodiscard]] std::string random_bytes(std::size_t size);

  // ---- exchanges -------------------------------------------------------------------------------
  /// Sends exactly this (plus credentials, User-Agent and run id) and records it as evidence.
  virtual transport::Exchange exchange(transport::Request request) = 0;
  /// The same with the credentials in another place than the target's `presentation`, where its
  /// system takes them as well.
  virtual transport::Exchange exchange_presenting(transport::Request request,
                                                  const client::Presentation& how) = 0;
  /// Whether exchanges with the target are in HTTP/2 (--http 2); raw connections are HTTP/1.1 in
  /// any case. A request that HTTP/2 has no form for ends the check as not offered.
  [[nodiscard]] virtual bool in_http2() const { return false; }
  /// Without credentials.
  virtual transport::Exchange exchange_anonymously(transport::Request request) = 0;
  /// Sends what `make` makes of the run's user name and password. The evidence shows neither its
  /// query nor the length and digest of its body, from which a reader could guess the password.
  /// nullopt when the run has no user and password.
  using WithPassword =
      std::function<transport::Request(const std::string& username, const std::string& password)>;
  virtual std::optional<transport::Exchange> exchange_as_user(const WithPassword& make) = 0;
  /// The value of Authorization ("Bearer ...") or of Cookie for a token that only the identity
  /// provider can make, as --tokens gives it; nullopt when it gives none of that kind.
  [[nodiscard]] virtual std::optional<std::string> given(TokenKind /*kind*/) {
    return std::nullopt;
  }
  /// Whether credentials of the run may go to the origin of `url`: the target's own, and those of
  /// --trust-origin. A request to an origin that only the target named is not sent: the check ends
  /// as blocked.
  [[nodiscard]] virtual bool entrusts(const std::string& /*url*/) const { return false; }
  /// As `exchange`; without a response the check ends as error (network) or blocked.
  transport::Response send(transport::Request request);
  transport::Response get(const std::string& url);  ///< plain GET

  /// Remembers an upload for deletion after the run.
  virtual void created(const std::string& upload) = 0;

  // ---- raw bytes -------------------------------------------------------------------------------
  /// A connection to the target, for no longer than the check has; ends the check as blocked when
  /// it cannot be made, and as not offered when --http 2 is judged and the target answers nothing
  /// else.
  virtual transport::RawConnection raw() = 0;
  /// The fields every raw request to this target needs: Host, User-Agent, those of --header, and
  /// credentials unless they go into the query.
  [[nodiscard]] virtual http::Fields raw_headers() = 0;
  /// Path and query of a URL, as a request target.
  [[nodiscard]] static std::string target_of(const std::string& url);
  /// Adds what a raw connection sent and saw to the evidence (lengths and digests of bodies only).
  virtual void record_raw(std::string_view what, const std::string& sent_head,
                          const transport::RawConnection::Read& read) = 0;

  // ---- time ------------------------------------------------------------------------------------
  /// Calls `done` until it is true or `deadline` passed, pausing between calls.
  virtual bool eventually(Milliseconds deadline, const std::function<bool()>& done) = 0;
  /// How long a check may wait for what a server should do soon.
  [[nodiscard]] virtual Milliseconds patience() const = 0;
  /// What is left of the check's own time (--case-timeout).
  [[nodiscard]] virtual Milliseconds time_left() const = 0;
};

/// Ends a check that got no answer to `what`: as blocked, or as error when this machine or its
/// proxy is the cause.
[[noreturn]] void stop_unanswered(const std::string& what, const transport::Exchange& seen);
[[nodiscard]] inline bool is_2xx(const transport::Response& r) { return r.status / 100 == 2; }
[[nodiscard]] inline bool is_4xx(const transport::Response& r) { return r.status / 100 == 4; }

}  // namespace conformance
