// The words the checks of One Codex are written in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "onecodex/suites.hpp"
#include "onecodex/target.hpp"
#include "protocol/onecodex/answers.hpp"
#include "words/documents.hpp"
#include "words/words.hpp"

namespace conformance::suites::oc {

using onecodex::Initiated;
using onecodex::Kind;
using onecodex::MultipartInitiated;
using onecodex::UploadForm;

[[nodiscard]] const OneCodexTarget& target(const Context& c);
/// --contract guide: judge by the documents where they differ from the schema.
[[nodiscard]] bool by_guide(const Context& c);

// ---- requests ----------------------------------------------------------------------------------

[[nodiscard]] Request json_request(const Context& c, const std::string& call,
                                   const std::string& json);
/// With the credentials of the run. `call` is what follows /api/v1/.
Response post(Context& c, const std::string& call, const std::string& json);
Response get(Context& c, const std::string& call);
/// "samples/init_upload" with more members: {"filename": ..., "size": 5, `more`}.
Response init(Context& c, const std::string& more = {});
/// `request` as another user; ends the check as skipped when the run has no key of one.
Response as_other(Context& c, Request request);
/// What a refusal says; "" when it is none, or says nothing.
[[nodiscard]] std::string message_of(const Response& response);
/// A refusal of that status, in JSON, with a message.
[[nodiscard]] bool is_problem(const Response& response, int status);
/// "400 'size: ...'": for reports.
[[nodiscard]] std::string told(const Response& response);
/// Sends a correct init_upload; unless it is taken the check ends as blocked.
void need_init(Context& c);

// ---- uploads -----------------------------------------------------------------------------------

/// What init_upload gave, to be deleted at the end of the run; nullopt unless it is 200 and whole.
std::optional<Initiated> read_initiated(Context& c, const Response& response,
                                        Kind kind = Kind::sample);
/// init_upload with correct members, by default for the 5 bytes of "bytes"; unless it is taken the
/// check ends as blocked.
[[nodiscard]] Initiated begin(Context& c, const std::string& more = {}, std::size_t size = 5);
[[nodiscard]] Initiated begin_document(Context& c, const std::string& filename = "report.pdf");

/// POST of the form and the file, without the credentials of the run.
Response send_file(Context& c, const UploadForm& form, const std::string& bytes = "bytes",
                   const std::string& filename = "a.fa");
/// The same; unless it is taken the check ends as blocked.
void store(Context& c, const UploadForm& form, const std::string& bytes = "bytes");
/// `form` with another value of a field.
[[nodiscard]] UploadForm with(UploadForm form, std::string_view field, const std::string& value);
[[nodiscard]] std::string field(const UploadForm& form, std::string_view name);
/// Waits until a form that `response` gave has expired; ends the check as skipped when that is too
/// far away, or not told.
void outlive(Context& c, const Response& response, const UploadForm& form);

Response confirm(Context& c, const std::string& id);
Response cancel(Context& c, const std::string& id);
/// Whether it is 200, with success and a reference to that id.
[[nodiscard]] bool is_confirmed(const Response& response, Kind kind, const std::string& id);
/// begin, store and confirm, which have to succeed; the id.
[[nodiscard]] std::string make_sample(Context& c, const std::string& bytes = "bytes");
/// What GET tells of a sample; ends the check as blocked unless it is 200 and JSON.
[[nodiscard]] Json sample(Context& c, const std::string& id);

// ---- with credentials for the storage ----------------------------------------------------------

/// What init_multipart_upload gave, to be deleted at the end of the run; nullopt unless it is 200
/// and whole.
std::optional<MultipartInitiated> read_multipart(Context& c, const Response& response,
                                                 Kind kind = Kind::sample);
/// init_multipart_upload with these members; unless it is taken the check ends as blocked.
[[nodiscard]] MultipartInitiated begin_in_parts(Context& c, const std::string& members);
/// PUT with the credentials that `begun` has, in the default region as onecodex 1.2.0 does it. The
/// storage is the one that the forms of init_upload name. Unless it is taken the check is blocked.
void put(Context& c, const MultipartInitiated& begun, const std::string& file_id,
         const std::string& bytes = "bytes");
Response call_back(Context& c, const MultipartInitiated& begun);

}  // namespace conformance::suites::oc
