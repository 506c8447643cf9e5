// Upload-Concat (protocol.md, Concatenation).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace tus {

enum class UploadKind { normal, partial, final };

struct Concat {
  UploadKind kind = UploadKind::partial;  ///< partial or final, never normal
  std::vector<std::string> parts;         ///< the URLs of a final, as received
  bool operator==(const Concat&) const = default;
};

/// "partial" or "final;URL URL ...". Letter case counts; a final needs at least one part; parts are
/// separated by one space and hold neither spaces nor control characters.
[[nodiscard]] Result<Concat> parse_concat(std::string_view header);
[[nodiscard]] std::string format_concat(const Concat& concat);

}  // namespace tus
