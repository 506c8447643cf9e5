// The words the checks of the DEX Upload API are written in, besides those of tus.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dex/suites.hpp"
#include "dex/target.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "tus/vocabulary.hpp"
#include "words/documents.hpp"

namespace conformance::suites {

/// How long a server may take to show what it received, and to deliver it. CDC's own suites wait
/// 1 to 30 s (rows DEX-INFO-003, DEX-DELIV-014).
inline constexpr Milliseconds status_deadline{3'000};
inline constexpr Milliseconds delivery_deadline{15'000};

// ---- the target --------------------------------------------------------------------------------

/// The target as its system knows it.
[[nodiscard]] const DexTarget& dex_target(const Context& c);
/// Whether the creation URL has the public shape, ".../upload" (libs/client/dex/endpoints.hpp). A
/// gateway need not publish the endpoints beside uploads, as /info and /health.
[[nodiscard]] bool behind_gateway(const Context& c);
/// Ends the check as skipped when `response` is that of a gateway that does not publish `endpoint`.
void needs_published(const Context& c, const Response& response, std::string_view endpoint);
/// The creation URL without a slash at its end.
[[nodiscard]] std::string creation_base(const Context& c);
/// The value of Authorization that the run's requests carry; empty when they carry none.
[[nodiscard]] std::string authorization_of(Context& c);
/// GET without credentials; without a response the check ends.
Response get_anonymously(Context& c, const std::string& url, const Fields& headers = {});
/// As Context::send, without credentials.
Response send_anonymously(Context& c, Request request);

/// Asks the token endpoint with the run's user name and password (RFC 6749 section 4.3); `more` is
/// added to the form. nullopt when the run has neither of them, or the target no token endpoint.
std::optional<Exchange> password_grant(Context& c, const http::Form& more);

/// The upload's id as DEX tells it. An S3 store appends "+multipart-id" in the Location only.
[[nodiscard]] std::string upload_id_of(const std::string& upload);

// ---- the contract ------------------------------------------------------------------------------

/// --contract guide: judge by CDC's public guide where it differs from the service.
[[nodiscard]] bool by_guide(const Context& c);
/// What an error says: by the guide the member "error" of a JSON object, else the body as it is.
[[nodiscard]] std::string error_text(const Context& c, const Response& response);
/// The media type of an error.
[[nodiscard]] std::string_view error_type(const Context& c);
/// An upload that /info shows by either contract: a complete one.
[[nodiscard]] std::string visible_upload(Context& c);
/// Completes an empty upload of 10 bytes: the guide's /info does not show it before.
void make_visible(Context& c, const std::string& upload);

// ---- documents ---------------------------------------------------------------------------------

/// RFC 3339 with "Z", as Go's RFC3339Nano writes UTC.
[[nodiscard]] std::optional<http::TimePoint> utc_time(const std::optional<std::string>& text);
/// The body as text for a report: its first 200 bytes on one line.
[[nodiscard]] std::string text_of(const Response& response);

// ---- /info -------------------------------------------------------------------------------------

struct SeenInfo {
  Response response;
  Json raw;   ///< as it came; null unless the body is JSON
  Json json;  ///< with the service's names, whichever contract's were used

  [[nodiscard]] std::string status() const;         ///< upload_status.status, "" when there is none
  [[nodiscard]] std::optional<Bytes> size() const;  ///< file_info.size_bytes, if it is an integer
  [[nodiscard]] bool without_file() const;  ///< file_info is null: an S3 store (DEX-INFO-006)
  /// "200, status 'Initiated', size_bytes 0"
  [[nodiscard]] std::string summary() const;
};
[[nodiscard]] std::string info_url_of(Context& c, const std::string& upload);
SeenInfo see_info(Context& c, const std::string& upload);
/// Asks until `done`, at most for `deadline`; the last answer.
SeenInfo await_info(Context& c, const std::string& upload, Milliseconds deadline,
                    const std::function<bool(const SeenInfo&)>& done);
/// Ends the check as skipped where the guide's 404 hides an incomplete upload (DEX-INFO-010).
void needs_incomplete_info(Context& c, const SeenInfo& info);
/// Lets the wall clock's second in which the upload was made pass: DEX compares whole seconds to
/// tell 'Initiated' from 'In Progress' (row DEX-INFO-004).
void let_the_second_pass(Context& c);

// ---- deliveries --------------------------------------------------------------------------------

/// Names of the delivery targets that /health lists: "edav" of "File Delivery Target edav".
[[nodiscard]] std::vector<std::string> delivery_targets(Context& c);
/// The word for a delivery that succeeded or failed.
[[nodiscard]] std::string success_word(const Context& c);
[[nodiscard]] std::string failure_word(const Context& c);
/// The entries of a document's deliveries as they came.
[[nodiscard]] std::vector<Json> raw_entries_of(const SeenInfo& info);
/// The entries of `deliveries`, empty when there are none.
[[nodiscard]] std::vector<Json> entries_of(const SeenInfo& info);
/// The status of such an entry, "" when there is none.
[[nodiscard]] std::string status_of(const Json& entry);
/// Whether it tells of a success, in either contract's word, so that only DEX-DELIV-001 and -002
/// turn red because of the word.
[[nodiscard]] bool delivered(const Json& entry);
/// Ends the check as skipped when the target has nowhere to deliver to.
void needs_delivery_targets(Context& c);
/// Waits until /info shows a delivery. Without one the check ends as skipped, so that only
/// DEX-DELIV-001 and -014 turn red because of it.
SeenInfo await_deliveries(Context& c, const std::string& upload);

// ---- manifests ---------------------------------------------------------------------------------

/// The target's manifest with `changes`; nullopt takes a field away.
using Changes = std::vector<std::pair<std::string, std::optional<std::string>>>;
[[nodiscard]] dex::Manifest manifest_with(const Context& c, const Changes& changes);
/// A creation that carries exactly this manifest.
Response post_manifest(Context& c, const dex::Manifest& manifest);
/// Whether the manifest is for the stream of CDC's own tests, whose config is public
/// (upload-configs in the DEX source).
[[nodiscard]] bool is_testing_stream(const Context& c);

/// A refused manifest: {upload_id, validation_errors}.
struct Refusal {
  Response response;
  Json json;  ///< null unless the body is JSON
  /// validation_errors as a set without 'validation failure', as CDC compares them.
  std::set<std::string> errors;
  std::string sample;  ///< the text of "error", in the guide's shape
  Contract contract = Contract::server;

  /// Whether `error` is one of the errors; by the guide, whether it is a part of the text.
  [[nodiscard]] bool says(const std::string& error) const {
    return contract == Contract::guide ? sample.find(error) != std::string::npos
                                       : errors.contains(error);
  }
  /// Whether it is the only error; by the guide, which tells all in one text, as `says`.
  [[nodiscard]] bool is(const std::string& error) const {
    return contract == Contract::guide ? says(error) : errors == std::set<std::string>{error};
  }
  /// "400 ['field sender_id was missing']"
  [[nodiscard]] std::string summary() const;
};
[[nodiscard]] Refusal refusal_of(const Context& c, Response response);
Refusal post_refused(Context& c, const Changes& changes);
/// 400 whose only complaint is `error`.
Findings& expect_refusal(Findings& findings, const std::string& label, const Refusal& refusal,
                         const std::string& error);

}  // namespace conformance::suites
