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
/// Ends the check as skipped where the store does not take that.
void need(const Context& c, Version version);
[[nodiscard]] std::string_view name_of(Version version);
/// The key of an object that nobody has, in a folder of the run; it ends in `name`.
[[nodiscard]] std::string new_key(Context& c, std::string_view name = "file.txt");
[[nodiscard]] http::TimePoint now();

// ---- refusals ----------------------------------------------------------------------------------

/// "AccessDenied"; "" when the body is no refusal of S3.
[[nodiscard]] std::string error_code(const Response& response);
/// The text of a further element of it, or "".
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
  Fields fields = {};                  ///< that are signed; whoever uses the URL sends them alike
  http::TimePoint at = now();          ///< when it is signed
  std::chrono::seconds lifetime{900};  ///< of a URL
  std::string payload = {};            ///< of a field Authorization: instead of the body's SHA-256
};
/// By the access key of the run.
[[nodiscard]] std::string presigned(const Context& c, Version version, const std::string& object,
                                    const Wish& wish = {});
/// By the version that the run prefers.
[[nodiscard]] std::string presigned(const Context& c, const std::string& object,
                                    const Wish& wish = {});

/// Where an object is stored, and from where it is read.
struct Place {
  std::string put;
  std::string get;  ///< empty: it cannot be read
  /// Of what was handed out: no other check stores it meanwhile.
  std::shared_ptr<ObjectsTarget::Turn> turn = {};
};
/// A new one, remembered for the end of the run; without an access key the one that was handed out,
/// or the check ends as skipped.
[[nodiscard]] Place place(Context& c);
[[nodiscard]] Place place(Context& c, Version version);
/// The versions by which a place can be signed.
[[nodiscard]] std::vector<Version> versions(const Context& c);
[[nodiscard]] Place place_of(Context& c, const std::string& object);
/// Of a pre-signed URL; nullopt: it is none.
[[nodiscard]] std::optional<Version> version_of(const std::string& url);

/// Sent as it is, without Content-Type.
Response put(Context& c, const std::string& url, const std::string& bytes,
             const Fields& headers = {});
/// The same, which is taken: else the check ends as blocked.
void store(Context& c, const Place& place, const std::string& bytes);
Response fetch(Context& c, const std::string& url, const Fields& headers = {});
/// Adds to `findings` whether the bytes are there; notes where they cannot be read.
void expect_bytes(Context& c, Findings& findings, const std::string& get, const std::string& bytes);

/// A request that carries its signature in the field Authorization.
[[nodiscard]] Request authorized(const Context& c, Version version, const std::string& object,
                                 std::string body, const Wish& wish = {});
Response send(Context& c, Request request);
/// With another text in the place of a parameter of the query; nullopt takes it away.
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
/// A form of the run's own before it is signed: both are to be bent.
struct Draft {
  std::string key;
  Json policy;
  Form fields;
};
/// For a text of at most 10 MiB under a new key; its policy is good. Without an access key the
/// check ends as skipped.
[[nodiscard]] Draft draft(Context& c, std::string_view name = "file.txt");
/// The conditions that hold this text are gone.
void drop_conditions(Draft& draft, std::string_view text);
/// A condition more.
void add_condition(Draft& draft, Json condition);
/// A field and the condition that it is so.
void add_field(Draft& draft, const std::string& name, const std::string& value);
[[nodiscard]] PostForm signed_form(Context& c, Draft draft);
[[nodiscard]] PostForm signed_form(Context& c, Draft draft, Version version);
/// With that text as the policy, which may be none.
[[nodiscard]] PostForm signed_form(Context& c, const Draft& draft, const std::string& policy);
/// Of the run's own, or the one that was handed out; else the check ends as skipped.
[[nodiscard]] PostForm good_form(Context& c);
[[nodiscard]] Version version_of(const PostForm& form);
/// The name of the field that carries the signature.
[[nodiscard]] std::string signature_field(const PostForm& form);
[[nodiscard]] std::string field(const PostForm& form, std::string_view name);
void set_field(PostForm& form, std::string_view name, const std::string& value);
/// Whatever its letter case.
void drop_field(PostForm& form, std::string_view name);

/// Some bytes that the form's policy allows.
[[nodiscard]] std::string some_bytes(const PostForm& form);
[[nodiscard]] http::FilePart file_part(std::string filename = "file.txt");
/// The body of a form; `boundary` stands in none of its bytes.
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
/// Posts a form that is right, which is taken: else the check ends as blocked.
void need_forms(Context& c);
/// The same, and then `form`, which is refused so.
[[nodiscard]] Outcome form_refused(Context& c, const PostForm& form, int status,
                                   std::string_view error);
/// A form that is stored.
[[nodiscard]] Outcome form_taken(Context& c, const PostForm& form,
                                 const std::string& bytes = "bar");
/// From where the object of a form is read; empty: from nowhere.
[[nodiscard]] std::string get_url(const Context& c, const PostForm& form);

}  // namespace conformance::suites::obj
