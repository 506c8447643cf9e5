#include "systems/dex/delivery.hpp"

#include <fmt/format.h>

#include <map>

namespace loadgen {

std::optional<Cause> still_missing(const dex::Info& info, Bytes size,
                                   const std::vector<std::string>& targets) {
  if (info.upload_status.status != dex::upload_state::complete) {
    return Cause{"/info: not Complete",
                 fmt::format("it says {}", quote(info.upload_status.status))};
  }
  if (info.file_info && info.file_info->size != size) {
    return Cause{"/info: wrong size_bytes",
                 fmt::format("{} instead of {}", info.file_info->size.value, size.value)};
  }
  if (targets == std::vector<std::string>{no_target}) return std::nullopt;
  std::map<std::string, const dex::Delivery*> last;
  std::map<std::string, bool> delivered;
  if (info.deliveries) {
    for (const auto& delivery : *info.deliveries) {
      last[delivery.name] = &delivery;
      delivered[delivery.name] |= delivery.status == dex::delivery_state::success;
    }
  }
  for (const auto& target : targets) {
    if (!delivered.contains(target)) {
      return Cause{"/info: not delivered", fmt::format("nothing for the target {}", quote(target))};
    }
  }
  if (delivered.empty()) {
    return Cause{"/info: not delivered",
                 "no deliveries (where none are configured, give --expect-target none)"};
  }
  for (const auto& [name, done] : delivered) {
    if (done) continue;
    const auto& delivery = *last[name];
    std::string issue;
    if (delivery.issues && !delivery.issues->empty()) issue = delivery.issues->front().message;
    return Cause{fmt::format("/info: delivery {}", delivery.status),
                 fmt::format("{}: {}", name, issue)};
  }
  return std::nullopt;
}

}  // namespace loadgen
