// 'Resumable Uploads for HTTP' (draft-ietf-httpbis-resumable-upload), beside tus 1.0 on the same
// URLs and the same uploads: the interop versions of protocol/tus/draft.hpp. Version 8 is served as
// the newest text that was read (2026-07-01) has it, which takes back nothing of -09 to -11.
#pragma once

#include <memory>
#include <string>

#include "tus/operation.hpp"

namespace mock {

/// Whether the request is one of the draft: it names an interop version that is spoken here, and no
/// version of tus. Any other is left to tus, which says that it knows no such version.
[[nodiscard]] bool speaks_ietf(const Request& request, const TusOptions& options);
/// The operation that answers such a request.
[[nodiscard]] std::unique_ptr<Operation> make_ietf(const Context& context);
/// Whether a PATCH of tus with these fields says, as the draft does, that its body is the last of
/// the upload. It counts in the versions of `options.draft_end_signal` only. Of two lines the first
/// counts.
[[nodiscard]] bool signals_end(const ::http::Fields& fields, const TusOptions& options);
/// The value of Upload-Limit for an upload yet to be made (section Upload Limit).
[[nodiscard]] std::string ietf_limits(const TusOptions& options);

}  // namespace mock
