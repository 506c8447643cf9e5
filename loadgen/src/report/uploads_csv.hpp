// uploads.csv, a line at a time.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "stats/result.hpp"

namespace loadgen {

/// With CRLF, as every line.
[[nodiscard]] std::string uploads_csv_head();
/// Times count from `begin`; nothing of `secrets` is shown.
[[nodiscard]] std::string uploads_csv_line(const UploadResult& upload, Time begin,
                                           const redact::Secrets& secrets);
/// The inverse, strictly, of a line without CRLF; a cause has no detail then. What a line does not
/// tell is as in a new UploadResult. An Error has no place.
[[nodiscard]] Result<UploadResult> read_uploads_csv_line(std::string_view line, Time begin);

}  // namespace loadgen
