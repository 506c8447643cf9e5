// The words the checks of 'Resumable Uploads for HTTP' are written in: its requests in each interop
// version, and how a row is judged in all versions that a target speaks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tus/draft.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites::drafts {

using tus::draft::Version;

/// A row is judged in each interop version that the target speaks and whose text has the rule.
using Judge = Outcome (*)(Context& c, const Version& version);

/// Judges each version from `from` on, and gives one outcome: the worst, with the versions that
/// have it. A version whose text was not read is never broken: what breaks the newest text that was
/// read is reported as observed.
[[nodiscard]] Outcome in_each(Context& c, Judge judge, int from);

/// The same for the newest version alone: for rows that take seconds, with a rule that is the same
/// in all versions.
[[nodiscard]] Outcome in_newest(Context& c, Judge judge, int from);

/// The same as a Check::run.
template <Judge judge, int from = 3>
Outcome in_each(Context& c) {
  return in_each(c, judge, from);
}
template <Judge judge, int from = 3>
Outcome in_newest(Context& c) {
  return in_newest(c, judge, from);
}

/// The interop versions from `from` on that are asked for (--draft-version; else all that were
/// read) and that the target speaks. Ends the check as not offered where there are none.
[[nodiscard]] std::vector<Version> spoken_versions(Context& c, int from = 1);

/// A response with the interim responses before it.
struct Answer {
  Response response;
  std::vector<transport::Interim> interims;

  /// The 104 that announces the upload; nullptr when there was none.
  [[nodiscard]] const transport::Interim* announcement() const;
  [[nodiscard]] bool has_104() const;
};

/// Fields of a request of the draft: no Tus-Resumable; the interop `version` unless it is empty.
[[nodiscard]] Fields fields_of(Context& c, std::string_view version, const Fields& more);
/// Content-Length is added, unless the body is chunked.
Answer ask(Context& c, std::string_view method, const std::string& url, std::string_view version,
           Fields more = {}, std::optional<std::string> body = std::nullopt);
Answer ask(Context& c, std::string_view method, const std::string& url, const Version& version,
           Fields more = {}, std::optional<std::string> body = std::nullopt);

/// Whether the body is the last of the upload.
enum class End { no, yes };
/// The field that says so.
[[nodiscard]] Fields end_field(const Version& version, End end);

/// A creation; the upload is deleted after the run.
Answer post(Context& c, const Version& version, End end, const std::string& body,
            const Fields& more = {});
/// A new upload with `body` as its first bytes, to be continued; ends the check as blocked without.
std::string begin(Context& c, const Version& version, const std::string& body,
                  const Fields& more = {});
[[nodiscard]] Fields append_fields(const Version& version, std::uint64_t offset, End end);
Answer append(Context& c, const Version& version, const std::string& upload, std::uint64_t offset,
              End end, const std::string& body);
/// HEAD.
Response look(Context& c, const Version& version, const std::string& upload);

/// The creation of a correct upload with its interim responses. Ends the check as skipped without a
/// 104, which is only recommended (IETF-003) and which many gateways do not pass on.
Answer announced(Context& c, const Version& version);

/// Members of Upload-Limit that are integers; nullopt when the value is no Dictionary.
[[nodiscard]] std::optional<std::map<std::string, std::int64_t, std::less<>>> limits_in(
    const Response& response);
/// One of them as a length; nullopt when it is absent, or negative.
[[nodiscard]] std::optional<Bytes> limit_in(const Response& response, std::string_view key);

}  // namespace conformance::suites::drafts

namespace conformance::suites {
/// The checks of the area besides ietf_draft(): how an upload ends, and what is said of limits.
[[nodiscard]] std::vector<Check> ietf_draft_ends();
}  // namespace conformance::suites
