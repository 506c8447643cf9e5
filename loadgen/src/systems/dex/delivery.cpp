#include "systems/dex/delivery.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

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

std::map<std::string, unsigned> failures_of(const dex::Info& info) {
  std::map<std::string, unsigned> failures;
  std::map<std::string, std::string> last;
  std::set<std::string> delivered;
  for (const auto& delivery : info.deliveries.value_or(std::vector<dex::Delivery>{})) {
    last[delivery.name] = delivery.status;
    if (delivery.status == dex::delivery_state::success) delivered.insert(delivery.name);
    if (delivery.status == dex::delivery_state::failure) ++failures[delivery.name];
  }
  std::erase_if(failures, [&](const auto& of) {
    return delivered.contains(of.first) || last[of.first] != dex::delivery_state::failure;
  });
  return failures;
}

std::optional<Cause> told_otherwise_of(const dex::Info& info, const tus::Metadata& sent,
                                       std::uint64_t again) {
  for (const auto& pair : sent.pairs()) {
    const auto told = info.manifest.find(pair.key);
    if (told != info.manifest.end() && told->second == pair.value) continue;
    return Cause{"/info: another manifest",
                 fmt::format("{} is {} instead of {}", quote(pair.key),
                             told == info.manifest.end() ? "missing" : quote(told->second),
                             quote(pair.value))};
  }
  std::map<std::string, std::uint64_t> times;
  for (const auto& delivery : info.deliveries.value_or(std::vector<dex::Delivery>{})) {
    if (delivery.status != dex::delivery_state::success) continue;
    if (++times[delivery.name] > 1 + again) {
      return Cause{"/info: delivered more than once",
                   fmt::format("to the target {}", quote(delivery.name))};
    }
  }
  return std::nullopt;
}

}  // namespace loadgen
