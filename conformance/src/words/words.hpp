// The words the checks of every system are written in.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "protocol/http/fields.hpp"
#include "run/context.hpp"
#include "run/seen.hpp"
#include "transport/exchange.hpp"
#include "transport/raw_connection.hpp"

namespace conformance::suites {

using conformance::to_string;
using http::Fields;
using transport::Exchange;
using transport::RawConnection;
using transport::Request;
using transport::Response;

/// How long a raw connection waits for an answer that the server owes at once.
inline constexpr Milliseconds answer_timeout{10'000};

// ---- judging -----------------------------------------------------------------------------------

/// holds or broken, by one response.
[[nodiscard]] Outcome expect(bool ok, std::string rule, const Response& got);
/// Ends the check: it cannot be judged because something before it failed.
[[noreturn]] void stop_blocked(std::string expected, std::string got);

/// For a rule about `what`, which HTTP/2 has no form for ("a reason phrase"): ends the check as not
/// offered when the run judges HTTP/2.
void only_in_http1(const Context& c, std::string_view what);

/// What several requests showed about one rule. When it is broken, only what broke it is told.
class Findings {
 public:
  explicit Findings(std::string rule) : rule_(std::move(rule)) {}
  /// One thing that the rule says.
  Findings& check(bool ok, std::string seen);
  /// "label: 409 Conflict"
  Findings& check(bool ok, std::string_view label, const Response& got);
  /// A MUST inside a row of a lower level.
  Findings& must(bool ok, std::string rule, std::string seen);
  /// What the server does where the text leaves it free.
  Findings& note(std::string seen);

  /// holds, broken or broken_must.
  [[nodiscard]] Outcome outcome() const;
  /// For rows that only report: observed, or broken_must.
  [[nodiscard]] Outcome report() const;

 private:
  [[nodiscard]] std::optional<Outcome> broken_part() const;

  std::string rule_;
  std::vector<std::string> seen_;
  std::vector<std::string> broken_;
  std::vector<std::string> must_rules_;
  std::vector<std::string> must_seen_;
};

/// A step that the rule builds on: ends the check as blocked unless `response` is a 2xx.
void taken(const Response& response, std::string_view what);

// ---- responses ---------------------------------------------------------------------------------

[[nodiscard]] bool status_in(const Response& response, std::initializer_list<int> legal);
/// Whether an upload that is not there was answered so: 404 or 410.
[[nodiscard]] bool is_gone(const Response& response);
/// A field's value, or "" when it is absent.
[[nodiscard]] std::string value_of(const Response& response, std::string_view name);
/// "Upload-Offset: 4" or "no Upload-Offset".
[[nodiscard]] std::string tell(const Response& response, std::string_view name);
/// One or more digits and nothing else: "MUST be a non-negative integer".
[[nodiscard]] bool is_integer(std::string_view text);
/// "409", without what differs from run to run: for notes.
[[nodiscard]] std::string code(const Response& response);
/// The same for an exchange that may have failed: "409", or "no answer (reset)".
[[nodiscard]] std::string code(const Exchange& exchange);
/// "409 Conflict, Upload-Offset: 4": the parts of a response that a reader wants first.
[[nodiscard]] std::string describe(const Response& response);

// ---- bytes -------------------------------------------------------------------------------------

/// `count` letters, for bodies whose content does not matter.
[[nodiscard]] std::string letters(std::size_t count, char letter = 'a');
/// `bytes` from an offset on that a server told; none when it lies beyond their end.
[[nodiscard]] std::string from_offset(const std::string& bytes, Bytes offset);

// ---- raw bytes ---------------------------------------------------------------------------------

/// Sends and reads one response, recorded as `what`. The body is not sent any further once the
/// server stops taking it.
RawConnection::Read talk(Context& c, RawConnection& connection, std::string_view what,
                         const std::string& head, std::string_view body = {},
                         bool head_request = false);
/// The same on a connection of its own.
RawConnection::Read talk(Context& c, std::string_view what, const std::string& head,
                         std::string_view body = {}, bool head_request = false);
/// The response; without one the check ends as blocked.
[[nodiscard]] Response answer(const RawConnection::Read& read);

/// Waits for a 1xx (then `seen` is timeout and `interims` has it) or a final response.
[[nodiscard]] RawConnection::Read await_continue(RawConnection& connection, Milliseconds deadline);

/// A connection to the origin of `url`, which a document of the server named; ends the check as
/// blocked where nothing may be sent there (--trust-origin).
[[nodiscard]] RawConnection raw_to(Context& c, const std::string& url);
/// The head of a request for such a connection: Host, the run's User-Agent and these, no
/// credentials.
[[nodiscard]] std::string bare_head(Context& c, std::string_view method, const std::string& url,
                                    const Fields& fields);

/// Closes this side and waits, a second at most, for the server to close the other. Then the server
/// has noticed the break before the next request comes.
void break_off(RawConnection& connection);

}  // namespace conformance::suites
