#include "stats/result.hpp"

#include <fmt/format.h>

namespace loadgen {

std::string_view to_string(UploadState state) {
  switch (state) {
    case UploadState::running:
      return "running";
    case UploadState::uploaded:
      return "uploaded";
    case UploadState::verified:
      return "verified";
    case UploadState::unverified:
      return "unverified";
    case UploadState::lost:
      return "lost";
    case UploadState::wrong:
      return "wrong";
    case UploadState::failed:
      return "failed";
    case UploadState::interrupted:
      return "interrupted";
  }
  return "";
}

std::string to_string(const ByteRange& range) {
  return fmt::format("{}-{}", range.begin.value, range.end.value - 1);
}

}  // namespace loadgen
