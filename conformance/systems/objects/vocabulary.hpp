// The words the checks of object stores are written in.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/suites.hpp"
#include "objects/target.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/policy.hpp"
#include "words/words.hpp"

namespace conformance::suites::obj {

using http::Form;
using Json = nlohmann::ordered_json;

// ---- the target --------------------------------------------------------------------------------

/// The target as its system knows it.
[[nodiscard]] const ObjectsTarget& target(const Context& c);
/// The access key of the run. Without one the check ends as skipped.
[[nodiscard]] const s3::Credentials& access_key(const Context& c);
/// Ends the check as skipped where the store does not take that version.
void need(const Context& c, Version version);
[[nodiscard]] std::string_view name_of(Version version);
/// The key of an object that nobody has, in a folder of the run; it ends in `name`.
[[nodiscard]] std::string new_key(Context& c, std::string_view name = "file.txt");
[[nodiscard]] http::TimePoint now();

// ---- refusals ----------------------------------------------------------------------------------

/// "AccessDenied"; "" when the body is no refusal of S3.
[[nodiscard]] std::string error_code(const Response& response);
/// The text of another element of the error, or "".
[[nodiscard]] std::string detail(const Response& response, std::string_view name);
/// "403 AccessDenied": for reports.
[[nodiscard]] std::string told(const Response& response);
[[nodiscard]] bool refuses(const Response& response, int status, std::string_view error);
[[nodiscard]] Outcome expect_refusal(const Response& response, int status, std::string_view error);

// ---- objects -----------------------------------------------------------------------------------

/// What a URL is signed for.
struct Wish {
  std::string method = "PUT";
  std::string query = {};              ///< "uploads"
  Fields fields = {};                  ///< signed too; whoever uses the URL sends the same ones
  http::TimePoint at = now();          ///< when it is signed
  std::chrono::seconds lifetime{900};  ///< of a URL
  std::string payload = {};            ///< in Authorization: instead of the body's SHA-256
};
/// A URL of `object`, signed with the access key of the run.
[[nodiscard]] std::string presigned(const Context& c, Version version, const std::string& object,
                                    const Wish& wish = {});
/// The same, in the version that the run prefers.
[[nodiscard]] std::string presigned(const Context& c, const std::string& object,
                                    const Wish& wish = {});

/// Where an object is stored, and from where it is read.
struct Place {
  std::string put;
  std::string get;  ///< empty: it cannot be read
  /// For what was handed out: while this is held, no other check stores it.
  std::shared_ptr<ObjectsTarget::Turn> turn = {};
};
/// The place of a new object, which is deleted at the end of the run. Without an access key the one
/// that was handed out; without that, the check ends as skipped.
[[nodiscard]] Place place(Context& c);
[[nodiscard]] Place place(Context& c, Version version);
/// The versions by which a place can be signed.
[[nodiscard]] std::vector<Version> versions(const Context& c);
[[nodiscard]] Place place_of(Context& c, const std::string& object);
/// The version of a pre-signed URL; nullopt: it is none.
[[nodiscard]] std::optional<Version> version_of(const std::string& url);

/// A PUT without Content-Type and without the credentials of the run.
Response put(Context& c, const std::string& url, const std::string& bytes,
             const Fields& headers = {});
/// The same; unless it is taken the check ends as blocked.
void store(Context& c, const Place& place, const std::string& bytes);
Response fetch(Context& c, const std::string& url, const Fields& headers = {});
/// Adds to `findings` whether GET gives `bytes`; a note when `get` is empty.
void expect_bytes(Context& c, Findings& findings, const std::string& get, const std::string& bytes);

/// A request that carries its signature in the field Authorization.
[[nodiscard]] Request authorized(const Context& c, Version version, const std::string& object,
                                 std::string body, const Wish& wish = {});
Response send(Context& c, Request request);
/// `url` with another value of a parameter of its query; nullopt takes the parameter away.
[[nodiscard]] std::string with_parameter(const std::string& url, std::string_view name,
                                         const std::optional<std::string>& value);
[[nodiscard]] std::string parameter(const std::string& url, std::string_view name);

// ---- forms -------------------------------------------------------------------------------------

/// What a form says besides its file.
struct PostForm {
  std::string url;
  Form fields;
  std::string key;  ///< of the object; empty: the store knows
  s3::SizeRange size = {0, 10 << 20};
};
/// A form of the run's own before it is signed, so that checks can change policy and fields.
struct Draft {
  std::string key;
  Json policy;
  Form fields;
};
/// A correct form for a text of at most 10 MiB under a new key. Without an access key the check
/// ends as skipped.
[[nodiscard]] Draft draft(Context& c, std::string_view name = "file.txt");
/// Removes the conditions that contain `text`.
void drop_conditions(Draft& draft, std::string_view text);
/// Adds a condition to the policy.
void add_condition(Draft& draft, Json condition);
/// Adds a field, and the condition that it has this value.
void add_field(Draft& draft, const std::string& name, const std::string& value);
[[nodiscard]] PostForm signed_form(Context& c, Draft draft);
[[nodiscard]] PostForm signed_form(Context& c, Draft draft, Version version);
/// Signed with `policy` as its policy, which need not be a valid one.
[[nodiscard]] PostForm signed_form(Context& c, const Draft& draft, const std::string& policy);
/// A form of the run's own, or the one that was handed out; else the check ends as skipped.
[[nodiscard]] PostForm good_form(Context& c);
[[nodiscard]] Version version_of(const PostForm& form);
/// The name of the field that carries the signature.
[[nodiscard]] std::string signature_field(const PostForm& form);
[[nodiscard]] std::string field(const PostForm& form, std::string_view name);
void set_field(PostForm& form, std::string_view name, const std::string& value);
/// Removes the field, in any letter case.
void drop_field(PostForm& form, std::string_view name);

/// Some bytes that the form's policy allows.
[[nodiscard]] std::string some_bytes(const PostForm& form);
[[nodiscard]] http::FilePart file_part(std::string filename = "file.txt");
/// Occurs in no bytes that checks send.
inline constexpr std::string_view usual_boundary = "dex-conformance-7MA4YWxkTrZu0gW";
[[nodiscard]] Request request_of(const PostForm& form, const std::string& bytes,
                                 std::string_view boundary = usual_boundary);
/// The head of such a request, for a connection of its own.
[[nodiscard]] std::string head_of(Context& c, const Request& request);
Response post(Context& c, const PostForm& form, const std::string& bytes,
              const http::FilePart& file = file_part());
Response post(Context& c, const PostForm& form);
/// Whether the answer says that it is stored: 2xx, or 303 where the form asks for that.
[[nodiscard]] bool is_stored(const Response& response);
/// Posts a correct form; unless it is taken the check ends as blocked.
void need_forms(Context& c);
/// The same, and then `form`, which has to be refused with this status and error.
[[nodiscard]] Outcome form_refused(Context& c, const PostForm& form, int status,
                                   std::string_view error);
/// `form` has to be taken: 204.
[[nodiscard]] Outcome form_taken(Context& c, const PostForm& form,
                                 const std::string& bytes = "bar");
/// From where the object of a form is read; empty: from nowhere.
[[nodiscard]] std::string get_url(const Context& c, const PostForm& form);

}  // namespace conformance::suites::obj
