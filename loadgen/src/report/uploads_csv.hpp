// uploads.csv, a line at a time.
#pragma once

#include <string>

#include "redact/secrets.hpp"
#include "stats/result.hpp"

namespace loadgen {

/// With CRLF, as every line.
[[nodiscard]] std::string uploads_csv_head();
/// Times count from `begin`; nothing of `secrets` is shown.
[[nodiscard]] std::string uploads_csv_line(const UploadResult& upload, Time begin,
                                           const redact::Secrets& secrets);

}  // namespace loadgen
