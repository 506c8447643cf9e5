// The words the checks of this folder are written in.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "context.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/tus/headers.hpp"
#include "transport/exchange.hpp"
#include "transport/raw_connection.hpp"
#include "tus/suites.hpp"

namespace conformance::suites {

using http::Fields;
using transport::Exchange;
using transport::RawConnection;
using transport::Request;
using transport::Response;
namespace ext = tus::extension;
namespace hdr = tus::header;

/// How long a raw connection waits for an answer that the server owes at once.
inline constexpr Milliseconds answer_timeout{10'000};
/// The most that a check uploads to reach a size limit; larger limits are not judged.
inline constexpr Bytes reachable_limit{16U << 20U};

// ---- judging -----------------------------------------------------------------------------------

/// holds or broken, by one response.
[[nodiscard]] Outcome expect(bool ok, std::string rule, const Response& got);
/// Ends the check: it cannot be judged because something before it failed.
[[noreturn]] void stop_blocked(std::string expected, std::string got);

/// What several requests showed about one rule. Of a broken rule only what broke it is told.
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
/// HEAD, PATCH or DELETE of what is not there: 404 or 410.
[[nodiscard]] bool is_gone(const Response& response);
/// A field's value, or "" when it is absent.
[[nodiscard]] std::string value_of(const Response& response, std::string_view name);
/// "Upload-Offset: 4" or "no Upload-Offset".
[[nodiscard]] std::string tell(const Response& response, std::string_view name);
/// One or more digits and nothing else: "MUST be a non-negative integer".
[[nodiscard]] bool is_integer(std::string_view text);
/// A field that is a number; nullopt when it is absent or is none.
[[nodiscard]] std::optional<Bytes> number_in(const Response& response, std::string_view name);
/// "409", without what differs from run to run: for notes.
[[nodiscard]] std::string code(const Response& response);
/// The same of an exchange that may have failed: "409", or "no answer (reset)".
[[nodiscard]] std::string code(const Exchange& exchange);

// ---- requests ----------------------------------------------------------------------------------

/// As Context::tus, but a missing response does not end the check.
[[nodiscard]] Exchange attempt(Context& c, std::string_view method, const std::string& url,
                               const Fields& headers = {},
                               std::optional<std::string> body = std::nullopt,
                               Milliseconds timeout = answer_timeout);
/// Content-Type and Upload-Offset of a correct PATCH.
[[nodiscard]] Fields patch_fields(std::string offset);
/// A PATCH at offset 0 whose fields are replaced by `headers`; an empty value leaves one out.
Response patch_with(Context& c, const std::string& upload, const Fields& headers, std::string body);
/// The same with `Transfer-Encoding: chunked` instead of Content-Length.
[[nodiscard]] Exchange patch_chunked(Context& c, const std::string& upload, Bytes offset,
                                     std::string body);
/// A POST to the creation URL with the target's manifest and exactly these fields besides.
Response post_with(Context& c, const Fields& headers,
                   std::optional<std::string> body = std::nullopt);
/// A creation whose Upload-Metadata is the target's manifest followed by `pairs` as they stand.
Response post_metadata(Context& c, const std::string& pairs);
/// The manifest and `pairs` as one Upload-Metadata value.
[[nodiscard]] std::string metadata_with(Context& c, const std::string& pairs);
/// The URL a creation gave; ends the check as blocked unless it was a 201 with Location.
[[nodiscard]] std::string url_of(Context& c, const Response& creation);
/// A URL of the shape the server gives to uploads, for one that does not exist.
[[nodiscard]] std::string unknown_upload(Context& c);
/// `wanted`, or less where Tus-Max-Size does not allow so much.
[[nodiscard]] std::size_t within_limit(const Context& c, std::size_t wanted);
/// `count` letters, for bodies whose content does not matter.
[[nodiscard]] std::string letters(std::size_t count, char letter = 'a');
/// `bytes` from `offset` on, which a server told: none when it is beyond their end.
[[nodiscard]] std::string from_offset(const std::string& bytes, Bytes offset);

// ---- what HEAD tells ---------------------------------------------------------------------------

struct UploadState {
  Bytes offset;
  std::optional<Bytes> length;
  bool deferred = false;
  bool operator==(const UploadState&) const = default;
};
/// "offset 4 of 10", "offset 4, length deferred"
[[nodiscard]] std::string to_string(const UploadState& state);
/// Ends the check as blocked when HEAD does not succeed with a valid offset.
[[nodiscard]] UploadState state_of(Context& c, const std::string& upload);
/// nullopt while HEAD fails (locked, gone) or gives no offset.
[[nodiscard]] std::optional<Bytes> try_offset(Context& c, const std::string& upload);
/// DEX: the /info document of an upload; nullopt while there is none.
[[nodiscard]] std::optional<dex::Info> info_of(Context& c, const std::string& upload);
/// Upload-Metadata as a list of pairs as they stand on the wire.
[[nodiscard]] std::vector<std::string> pairs_of(const Response& head);
/// Whether one of the pairs has that key.
[[nodiscard]] bool lists_key(const Response& head, std::string_view key);

// ---- raw bytes ---------------------------------------------------------------------------------

/// The target's raw fields followed by `more`: a name that is there already appears twice.
[[nodiscard]] Fields raw_fields(Context& c, const Fields& more = {});
/// Request line and fields, raw_fields(more) included; Content-Length is the caller's to add.
[[nodiscard]] std::string raw_head(Context& c, std::string_view method, const std::string& url,
                                   const Fields& more = {});
/// Sends and reads one response, recorded as `what`. The body is not sent any further once the
/// server stops taking it.
RawConnection::Read talk(Context& c, RawConnection& connection, std::string_view what,
                         const std::string& head, std::string_view body = {},
                         bool head_request = false);
/// The same on a connection of its own.
RawConnection::Read talk(Context& c, std::string_view what, const std::string& head,
                         std::string_view body = {}, bool head_request = false);
/// The response; without one the check ends as error.
[[nodiscard]] Response answer(const RawConnection::Read& read);
[[nodiscard]] std::string to_string(RawConnection::Seen seen);

/// Waits for a 1xx (then `seen` is timeout and `interims` has it) or a final response.
[[nodiscard]] RawConnection::Read await_continue(RawConnection& connection, Milliseconds deadline);
/// Sends the head of a PATCH of `declared` bytes and then only `part` of its body. The server has
/// the request in hand when this returns, if it speaks 100-continue.
[[nodiscard]] RawConnection half_sent_patch(Context& c, const std::string& upload, Bytes offset,
                                            std::size_t declared, std::string_view part);

}  // namespace conformance::suites
