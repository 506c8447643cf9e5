#include "upload/options.hpp"

#include <fmt/format.h>

namespace loadgen {

std::string file_name(const std::string& run_id, std::uint64_t index, PayloadKind kind) {
  return fmt::format("dex-loadgen-{}-{:08}.{}", run_id, index, file_extension(kind));
}

}  // namespace loadgen
