// The foundations of the checks of a tus server, and how each is tried by itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tus/metadata.hpp"
#include "target/foundation.hpp"
#include "target/prober.hpp"

namespace conformance {

namespace foundation {
inline constexpr Foundation creation{
    "creation", "a creation is answered 201 with a Location",
    "let POST with Tus-Resumable and Upload-Length make an upload; what every creation carries is "
    "given with --metadata"};
inline constexpr Foundation head{
    "HEAD", "HEAD of an upload is answered 200 with Upload-Offset",
    "let the server, and what stands before it, answer HEAD of an upload: clients resume by it"};
inline constexpr Foundation patch{
    "PATCH", "PATCH at the offset is answered 204 with Upload-Offset",
    "let the server, and what stands before it, take PATCH with application/offset+octet-stream"};
inline constexpr Foundation options{
    "OPTIONS", "OPTIONS is answered 204 with Tus-Version and sound fields",
    "let OPTIONS of the creation URL tell Tus-Version and Tus-Extension (a comma list of names)",
    /*tells_offers=*/true};
}  // namespace foundation

/// Which of these foundations an exchange was, with a server whose creation URL is `creation_url`;
/// nullopt: none.
[[nodiscard]] std::optional<Step> tus_step_of(const std::string& creation_url,
                                              const transport::Exchange& seen);

/// Remedies of a creation that is refused.
inline constexpr std::string_view wants_metadata =
    "give what it wants, as in --metadata filename=dex-conformance.txt --metadata "
    "filetype=text/plain: with these a creation is taken";
inline constexpr std::string_view refuses_this_metadata =
    "without Upload-Metadata a creation is taken: change what every creation carries";

/// How a system's creations look.
struct TusTrials {
  std::string creation_url;
  tus::Metadata metadata;  ///< every creation carries it
  /// Whether requests with credentials may go to an upload.
  std::function<bool(const std::string& url)> entrusted;
};

/// Tries one of these foundations; what is made is added to `created`. nullopt for any other
/// foundation, and where there is no upload to try it with.
[[nodiscard]] std::optional<Trial> try_tus(const TusTrials& how, const Foundation& foundation,
                                           Prober& prober, std::vector<std::string>& created);

/// "405 Method Not Allowed", "no answer (closed)", "201, and its body has no end"; empty for a 2xx.
[[nodiscard]] std::string lacks_success(const transport::Exchange& seen);

}  // namespace conformance
