// Tus-Resumable and Tus-Version (protocol.md, Headers).
#include <algorithm>

#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// Versions that the target does not list: the one before 1.0 and one that does not exist.
std::vector<std::string> unsupported_versions(const Context& c) {
  std::vector<std::string> versions;
  const auto& spoken = tus_target(c).discovery.versions;
  for (const char* version : {"2.0.0", "0.2.2"}) {
    if (std::find(spoken.begin(), spoken.end(), version) == spoken.end())
      versions.push_back(version);
  }
  return versions;
}

Fields in_version(std::string version) {
  return {{std::string{hdr::tus_resumable}, std::move(version)}};
}

struct Named {
  std::string label;
  Response response;
};

/// Otherwise correct requests that carry this Tus-Resumable; an empty version sends none.
std::vector<Named> requests_in(Context& c, const std::string& version) {
  const auto label = [&version](const char* method) {
    return std::string{method} + (version.empty() ? " without Tus-Resumable" : " in " + version);
  };
  auto fields = in_version(version);
  const auto upload = create(c);
  std::vector<Named> all;
  fields.add(std::string{hdr::upload_length}, "10");
  all.push_back({label("POST"), post_with(c, fields)});
  all.push_back({label("PATCH"), patch_with(c, upload, in_version(version), letters(4))});
  if (tus_target(c).discovery.offers(ext::termination)) {
    all.push_back({label("DELETE"), send_tus(c, "DELETE", upload, in_version(version))});
  }
  return all;
}

Outcome every_response_has_tus_resumable(Context& c) {
  Findings findings{"every response names the version in Tus-Resumable: 1.0.0"};
  const auto look = [&findings](const char* label, const Response& response) {
    findings.check(
        response.headers.find(hdr::tus_resumable) == tus::version,
        std::string{label} + ": " + code(response) + " with " + tell(response, hdr::tus_resumable));
  };
  const auto created = post(c, {});
  look("POST", created);
  const auto upload = url_of(c, created);
  look("HEAD", head_of(c, upload));
  look("PATCH", patch(c, upload, Bytes{0}, letters(4)));
  look("PATCH at a wrong offset", patch(c, upload, Bytes{9}, letters(1)));
  look("PATCH with a bad offset", patch_with(c, upload, {{"Upload-Offset", "abc"}}, letters(1)));
  look("POST without a length", post_with(c, {}));
  const auto unknown = unknown_upload(c);
  look("HEAD of an unknown upload", head_of(c, unknown));
  look("PATCH of an unknown upload", patch(c, unknown, Bytes{0}, letters(1)));
  look("PATCH in version 2.0.0", patch_with(c, upload, in_version("2.0.0"), letters(1)));
  if (tus_target(c).discovery.offers(ext::termination)) {
    look("DELETE of an unknown upload", remove(c, unknown));
    look("DELETE", remove(c, upload));
  }
  if (c.target().needs_authorization) {
    Request anonymous;
    anonymous.method = "POST";
    anonymous.url = c.target().url;
    anonymous.headers = in_version(std::string{tus::version});
    const auto refused = c.exchange_anonymously(std::move(anonymous));
    if (refused.response) look("POST without credentials", *refused.response);
  }
  return findings.outcome();
}

Outcome options_response_has_tus_resumable(Context& c) {
  const auto response = ask_options(c);
  return response.headers.has(hdr::tus_resumable)
             ? holds(tell(response, hdr::tus_resumable))
             : broken("responses to OPTIONS carry Tus-Resumable too: only the request is exempt",
                      describe(response));
}

Outcome unknown_version_is_412(Context& c) {
  Findings findings{"a version the server does not speak is answered 412"};
  for (const auto& version : unsupported_versions(c)) {
    for (const auto& [label, response] : requests_in(c, version)) {
      findings.check(response.status == 412, label, response);
    }
  }
  return findings.outcome();
}

/// Whether Tus-Version is there and names a version that OPTIONS listed.
bool lists_versions(const Context& c, const Response& response) {
  const auto& spoken = tus_target(c).discovery.versions;
  return std::any_of(spoken.begin(), spoken.end(), [&response](const std::string& version) {
    return response.headers.has_token(hdr::tus_version, version);
  });
}

Outcome version_412_lists_versions(Context& c) {
  Findings findings{
      "the refusal of a version lists the versions that OPTIONS lists in Tus-Version"};
  for (const auto& version : unsupported_versions(c)) {
    for (const auto& [label, response] : requests_in(c, version)) {
      findings.check(lists_versions(c, response),
                     label + ": " + code(response) + " with " + tell(response, hdr::tus_version));
    }
  }
  return findings.outcome();
}

Outcome unknown_version_has_no_effect(Context& c) {
  Findings findings{"a request in a version that is not supported is not processed"};
  for (const auto& version : unsupported_versions(c)) {
    const auto fields = in_version(version);
    const auto upload = create(c);
    const auto before = state_of(c, upload);

    const auto post = post_with(c, {{"Tus-Resumable", version}, {"Upload-Length", "10"}});
    findings.check(!post.headers.has("Location"),
                   "POST in " + version + ": " + code(post) + ", " + tell(post, "Location"));
    const auto patch = patch_with(c, upload, fields, letters(4));
    const auto after = state_of(c, upload);
    findings.check(after == before,
                   "PATCH in " + version + ": " + code(patch) + ", then " + to_string(after));
    if (tus_target(c).discovery.offers(ext::termination)) {
      const auto removed = send_tus(c, "DELETE", upload, fields);
      const auto still = head_of(c, upload);
      findings.check(is_2xx(still),
                     "DELETE in " + version + ": " + code(removed) + ", then HEAD " + code(still));
    }
  }
  return findings.outcome();
}

Outcome missing_version_is_refused(Context& c) {
  Findings findings{
      "a request without Tus-Resumable is refused (4xx, commonly 412), without effect"};
  const auto upload = create(c);
  const auto before = state_of(c, upload);
  const auto without = in_version("");

  const auto post = post_with(c, {{"Tus-Resumable", ""}, {"Upload-Length", "10"}});
  findings.check(is_4xx(post) && !post.headers.has("Location"), "POST", post);
  const auto patch = patch_with(c, upload, without, letters(4));
  const auto after = state_of(c, upload);
  findings.check(is_4xx(patch) && after == before,
                 "PATCH: " + describe(patch) + ", then " + to_string(after));
  if (tus_target(c).discovery.offers(ext::termination)) {
    const auto removed = send_tus(c, "DELETE", upload, without);
    const auto still = head_of(c, upload);
    findings.check(is_4xx(removed) && is_2xx(still),
                   "DELETE: " + describe(removed) + ", then HEAD " + code(still));
  }
  return findings.outcome();
}

Outcome head_needs_the_version_too(Context& c) {
  Findings findings{
      "HEAD is under the version rule too: 412 with Tus-Version, and 412 without"
      " Tus-Resumable"};
  const auto upload = create(c);
  const auto other = send_tus(c, "HEAD", upload, in_version("0.2.2"));
  findings.check(other.status == 412 && other.headers.has(hdr::tus_version),
                 "HEAD in 0.2.2: " + code(other) + " with " + tell(other, hdr::tus_version));
  const auto none = send_tus(c, "HEAD", upload, in_version(""));
  findings.check(none.status == 412, "HEAD without Tus-Resumable: " + code(none));
  return findings.outcome();
}

}  // namespace

std::vector<Check> core_version() {
  return {
      {"TUS-CORE-VER-001", every_response_has_tus_resumable, ext::creation},
      {"TUS-CORE-VER-002", options_response_has_tus_resumable},
      {"TUS-CORE-VER-003", unknown_version_is_412, ext::creation},
      {"TUS-CORE-VER-004", version_412_lists_versions, ext::creation},
      {"TUS-CORE-VER-005", unknown_version_has_no_effect, ext::creation},
      {"TUS-CORE-VER-006", missing_version_is_refused, ext::creation},
      {"TUS-CORE-VER-007", head_needs_the_version_too, ext::creation},
  };
}

}  // namespace conformance::suites
