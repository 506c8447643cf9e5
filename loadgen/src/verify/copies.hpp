// Where deliveries of a whole run ended.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace loadgen {

/// Whose copy is in which place, for all loops of a run: uploads of two loops may meet in one
/// place. Thread-safe.
class Copies {
 public:
  /// The upload that had `place` before, if it was another one than `upload`.
  [[nodiscard]] std::optional<std::uint64_t> put(const std::string& place, std::uint64_t upload) {
    const std::lock_guard lock(mutex_);
    const auto [former, is_new] = owners_.emplace(place, upload);
    if (is_new || former->second == upload) return std::nullopt;
    return former->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> owners_;
};

}  // namespace loadgen
