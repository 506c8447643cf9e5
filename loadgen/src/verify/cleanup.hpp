// In the end: removes the uploads of a run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "system/client.hpp"
#include "verify/asker.hpp"

namespace loadgen {

/// A few at once, on one loop.
class Cleanup {
 public:
  Cleanup(Asker& asker, const Client& client) : asker_(asker), client_(client) {}

  /// `next` gives the URLs of uploads that were made, whatever became of them.
  void run(std::function<std::optional<std::string>()> next, std::function<void()> done);
  [[nodiscard]] std::uint64_t removed() const { return removed_; }
  /// Made, and not seen to be gone.
  [[nodiscard]] std::uint64_t left_behind() const { return left_ + in_flight_; }

 private:
  void fill();

  Asker& asker_;
  const Client& client_;
  std::function<std::optional<std::string>()> next_;
  std::function<void()> done_;
  std::uint64_t removed_ = 0, left_ = 0, in_flight_ = 0;
};

}  // namespace loadgen
