#include "stats/result.hpp"

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
    case UploadState::failed:
      return "failed";
    case UploadState::interrupted:
      return "interrupted";
  }
  return "";
}

}  // namespace loadgen
