// The words the checks of Open Humans are written in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openhumans/suites.hpp"
#include "openhumans/target.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "words/documents.hpp"
#include "words/words.hpp"

namespace conformance::suites::oh {

using http::Form;

// ---- the target --------------------------------------------------------------------------------

/// The target as its system knows it.
[[nodiscard]] const OpenHumansTarget& target(const Context& c);
/// --contract guide: judge by the document where it differs from the deployed server.
[[nodiscard]] bool by_guide(const Context& c);
/// The value of Authorization that the run's requests carry. Without one the check ends as skipped.
[[nodiscard]] std::string authorization(Context& c);
/// Another member of the project; ends the check as skipped when the run was given none.
[[nodiscard]] const std::string& other_member(const Context& c);
/// The basename of a file that nobody has.
[[nodiscard]] std::string new_name(Context& c);

// ---- forms -------------------------------------------------------------------------------------

/// Metadata that any server takes.
[[nodiscard]] std::string good_metadata();
/// project_member_id and metadata.
[[nodiscard]] Form file_fields(const Context& c, const std::string& metadata = good_metadata());
/// The same, and a new filename.
[[nodiscard]] Form direct_fields(Context& c, const std::string& metadata = good_metadata());
/// `form` with another value of a field; nullopt takes the field away.
[[nodiscard]] Form with(Form form, std::string_view name, std::optional<std::string> value);

[[nodiscard]] Request form_request(const std::string& url, const Form& form);
[[nodiscard]] Request json_request(const std::string& url, const std::string& json);
/// Without a file, or with one.
[[nodiscard]] Request multipart_request(const std::string& url, const Form& form);
[[nodiscard]] Request multipart_request(const std::string& url, const Form& form,
                                        const http::FilePart& file, const std::string& bytes);
/// urlencoded, with the credentials of the run.
Response post(Context& c, const std::string& url, const Form& form);

/// What a refusal says about a field: {"metadata": ["description ..."]}. The texts of a list, or
/// the one text; empty when there is none.
[[nodiscard]] std::vector<std::string> texts_about(const Response& response,
                                                   std::string_view field);
/// What `detail` says, or "".
[[nodiscard]] std::string detail_of(const Response& response);
/// "400 {"metadata": ["..."]}", for reports: cut to 200 bytes; of a 2xx only the names of members.
[[nodiscard]] std::string tell_problem(const Response& response);
/// Whether it is 400, with a text about `field` that contains `part`.
[[nodiscard]] bool refuses(const Response& response, std::string_view field, std::string_view part);

// ---- uploads -----------------------------------------------------------------------------------

struct Direct {
  std::uint64_t id = 0;
  std::string url;
  std::optional<std::chrono::seconds> lifetime = {};  ///< of the URL, from when it was told
};
/// What direct/ gave, to be deleted at the end of the run; nullopt unless it is 201, id and url.
std::optional<Direct> read_direct(Context& c, const Response& response);
/// direct/ with correct fields; unless it is taken the check ends as blocked.
[[nodiscard]] Direct begin(Context& c);
[[nodiscard]] Direct begin(Context& c, const Form& fields);

/// The parameters of the query; empty when it cannot be read.
[[nodiscard]] Form query_of(const std::string& url);
/// A number of at most 15 digits.
[[nodiscard]] std::optional<std::int64_t> number(std::optional<std::string_view> text);
/// How long the URL is good, by its query and by the clock of the server that told it.
[[nodiscard]] std::optional<std::chrono::seconds> lifetime_of(const Response& response,
                                                              const std::string& url);
/// Waits until its URL has expired; ends the check as skipped when that is too far away.
void outlive(Context& c, const Direct& file);

/// PUT without the credentials of the run and without a Content-Type.
Response put(Context& c, const std::string& url, const std::string& bytes,
             const Fields& headers = {});
/// The same; unless it is taken the check ends as blocked.
void store(Context& c, const Direct& file, const std::string& bytes);
Response complete(Context& c, std::uint64_t id);
Response complete(Context& c, std::uint64_t id, const std::string& member);
/// The size that a completion tells; nullopt unless it is 200, ok and a size.
[[nodiscard]] std::optional<std::uint64_t> size_in(const Response& response);
/// "200, size 7"
[[nodiscard]] std::string tell_completion(const Response& response);

/// upload/ of a file, to be deleted at the end of the run.
Response upload(Context& c, const Form& fields, const http::FilePart& file,
                const std::string& bytes);
/// The id of 201 {"id": N}; nullopt when it is none.
[[nodiscard]] std::optional<std::uint64_t> id_in(const Response& response);
/// upload/ with correct fields; unless it is taken the check ends as blocked.
std::uint64_t upload(Context& c, const std::string& name, const std::string& bytes);
std::uint64_t upload_for(Context& c, const std::string& member, const std::string& name,
                         const std::string& bytes);
[[nodiscard]] http::FilePart file_part(std::string name);
/// Lower-case hexadecimal.
[[nodiscard]] std::string md5_of(std::string_view bytes);

// ---- what is stored ----------------------------------------------------------------------------

/// The files that exchange-member/ lists, on all pages; ends the check as blocked when it fails.
[[nodiscard]] std::vector<Json> listed(Context& c);
[[nodiscard]] std::vector<Json> listed(Context& c, const std::string& member);
/// The file of that id in such a list; null without it.
[[nodiscard]] Json file_in(const std::vector<Json>& files, std::uint64_t id);
/// Whether the member's listing has it.
[[nodiscard]] bool is_listed(Context& c, std::uint64_t id);
/// GET of a file's download_url, without credentials; ends the check as blocked without that URL.
Response download(Context& c, std::uint64_t id, std::size_t size);

Response erase(Context& c, const Form& selector);
Response erase(Context& c, const Form& selector, const std::string& member);
/// The ids of 200 {"ids": [...]}, sorted; nullopt when it is none.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> ids_in(const Response& response);

// ---- raw bytes ---------------------------------------------------------------------------------

/// The head of a PUT to the storage, without credentials.
[[nodiscard]] std::string put_head(Context& c, const std::string& url, std::size_t length,
                                   const Fields& more = {});

}  // namespace conformance::suites::oh
