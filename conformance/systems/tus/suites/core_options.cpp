// Discovery (protocol.md, Requests/OPTIONS and the Tus-* headers).
#include <algorithm>
#include <set>

#include "tus/suites/exercise.hpp"
#include "tus/suites/long_lengths.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// The members of a comma list as they stand, empty ones included.
std::vector<std::string> members(const std::string& list) {
  std::vector<std::string> all;
  std::size_t from = 0;
  while (true) {
    const auto comma = list.find(',', from);
    all.emplace_back(http::trim_ows(std::string_view{list}.substr(from, comma - from)));
    if (comma == std::string::npos) return all;
    from = comma + 1;
  }
}

/// N.N.N
bool is_version(const std::string& text) {
  int numbers = 0;
  std::size_t from = 0;
  while (true) {
    const auto dot = text.find('.', from);
    if (!is_integer(std::string_view{text}.substr(from, dot - from))) return false;
    ++numbers;
    if (dot == std::string::npos) return numbers == 3;
    from = dot + 1;
  }
}

Outcome options_is_200_or_204(Context& c) {
  const auto response = ask_options(c);
  return expect(status_in(response, {200, 204}), "OPTIONS succeeds with 204 or 200", response);
}

Outcome options_has_tus_version(Context& c) {
  const auto response = ask_options(c);
  return expect(!value_of(response, hdr::tus_version).empty(),
                "a successful OPTIONS response has Tus-Version", response);
}

Outcome tus_version_lists_preferred_first(Context& c) {
  const auto response = ask_options(c);
  Findings findings{"Tus-Version is a comma list of versions N.N.N, the preferred one first"};
  const auto list = response.headers.joined(hdr::tus_version);
  if (!list) return broken("Tus-Version is a comma list of versions", "no Tus-Version");
  const auto versions = members(*list);
  findings.check(std::all_of(versions.begin(), versions.end(), is_version),
                 "Tus-Version: " + *list);
  const auto lists = [&versions](std::string_view version) {
    return std::find(versions.begin(), versions.end(), version) != versions.end();
  };
  findings.check(lists(tus::version),
                 "1.0.0 is " + std::string{lists(tus::version) ? "" : "not "} + "among " + *list);
  const auto spoken = value_of(head_of(c, c.target().url), hdr::tus_resumable);
  if (!spoken.empty()) {
    findings.check(lists(spoken), "a response speaks Tus-Resumable: " + spoken);
  }
  return findings.outcome();
}

Outcome tus_extension_is_well_formed(Context& c) {
  const auto response = ask_options(c);
  const auto list = response.headers.joined(hdr::tus_extension);
  if (!list) return holds("no Tus-Extension");
  const auto names = members(*list);
  Findings findings{"Tus-Extension is a comma list of extension names, each once"};
  findings.check(std::all_of(names.begin(), names.end(), http::is_token) &&
                     std::set<std::string>(names.begin(), names.end()).size() == names.size(),
                 "Tus-Extension: " + *list);
  return findings.outcome();
}

Outcome tus_extension_is_never_empty(Context& c) {
  // By hand: a client library may drop a field that is empty.
  const auto response = answer(talk(c, "OPTIONS", raw_head(c, "OPTIONS", c.target().url)));
  const auto value = response.headers.find(hdr::tus_extension);
  return expect(!value || !http::trim_ows(*value).empty(),
                "without any extension Tus-Extension is left out, never sent empty", response);
}

Outcome extensions_and_size_in_options(Context& c) {
  const auto response = ask_options(c);
  return observed(tell(response, hdr::tus_extension) + "; " + tell(response, hdr::tus_max_size));
}

Outcome max_size_is_an_integer(Context& c) {
  const auto response = ask_options(c);
  const auto value = response.headers.find(hdr::tus_max_size);
  if (!value) return not_offered("no Tus-Max-Size in the OPTIONS response");
  return is_integer(*value)
             ? holds(tell(response, hdr::tus_max_size))
             : broken("Tus-Max-Size is a non-negative integer", tell(response, hdr::tus_max_size));
}

Outcome size_limit_is_announced(Context& c) {
  const auto limit = tus_target(c).discovery.max_size;
  std::uint64_t accepted = 0;
  for (const unsigned bits : {20U, 30U, 33U, 40U, 47U, 52U, 62U}) {
    const Bytes length{std::uint64_t{1} << bits};
    if (length > longest_declared(c)) break;
    const auto response = post(c, {.length = length});
    if (response.status == 413) {
      const auto seen =
          std::to_string(length.value) + " bytes: 413; " +
          (limit ? "Tus-Max-Size: " + std::to_string(limit->value) : "no Tus-Max-Size");
      return limit && *limit < length
                 ? holds(seen)
                 : broken("a server with a size limit announces it in Tus-Max-Size", seen);
    }
    // A server may refuse a number that is larger than it can count to (TUS-CORE-HDR-009).
    if (!is_2xx(response)) break;
    accepted = length.value;
    if (const auto upload = location_of(c, response)) discard(c, *upload);
  }
  return holds("no limit met up to " + std::to_string(accepted) + " bytes");
}

Outcome options_ignores_tus_resumable(Context& c) {
  const auto response = send_tus(c, "OPTIONS", c.target().url, {{"Tus-Resumable", "99.0.0"}});
  return expect(status_in(response, {200, 204}), "Tus-Resumable in an OPTIONS request is ignored",
                response);
}

Outcome options_on_an_upload_url(Context& c) {
  const auto response = send_tus(c, "OPTIONS", create(c));
  return observed("OPTIONS of an upload: " + code(response) + " with " +
                  tell(response, hdr::tus_version));
}

/// Whether the server tried to process the upload within the patience, and no attempt succeeded.
bool processing_fails(Context& c, const std::string& upload) {
  std::size_t attempts = 0;
  const bool succeeded = c.eventually(c.patience(), [&] {
    const auto seen = tus_target(c).processing_of(c, upload);
    attempts = std::max(attempts, seen.attempts);
    return seen.succeeded;
  });
  return !succeeded && attempts > 0;
}

Outcome listed_extensions_do_work(Context& c) {
  Findings findings{"only extensions that work are advertised"};
  for (const auto& extension : tus_target(c).discovery.extensions) {
    const auto result = exercise(c, extension);
    if (!result) {
      findings.note(extension + ": no behaviour to try");
    } else {
      findings.check(result->works, extension + ": " + result->seen);
      if (tus_target(c).shows_processing() && !result->upload.empty()) {
        const bool fails = processing_fails(c, result->upload);
        findings.check(!fails, std::string{"delivery of the final upload "} +
                                   (fails ? "fails" : "does not fail"));
      }
    }
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> core_options() {
  return {
      {"TUS-CORE-OPT-001", options_is_200_or_204},
      {"TUS-CORE-OPT-002", options_has_tus_version},
      {"TUS-CORE-OPT-003", tus_version_lists_preferred_first},
      {"TUS-CORE-OPT-004", tus_extension_is_well_formed},
      {"TUS-CORE-OPT-005", tus_extension_is_never_empty},
      {"TUS-CORE-OPT-006", extensions_and_size_in_options},
      {"TUS-CORE-OPT-007", max_size_is_an_integer},
      {"TUS-CORE-OPT-008", size_limit_is_announced, ext::creation},
      {"TUS-CORE-OPT-009", options_ignores_tus_resumable},
      {"TUS-CORE-OPT-010", options_on_an_upload_url, ext::creation},
      {"TUS-CORE-OPT-011", listed_extensions_do_work},
  };
}

}  // namespace conformance::suites
