#include "upload/options.hpp"

#include <fmt/format.h>

#include "safety/production.hpp"

namespace loadgen {

/// RFC 6454: the credentials were given for one scheme, host and port.
bool UploadOptions::may_lead_to(const std::string& url) const {
  if (!not_production(url)) return false;
  return any_origin || transport::origin_of(url) == transport::origin_of(create_url) ||
         trusted.hold(url);
}

std::string file_name(const std::string& run_id, std::uint64_t index, PayloadKind kind) {
  return fmt::format("dex-loadgen-{}-{:08}.{}", run_id, index, file_extension(kind));
}

}  // namespace loadgen
