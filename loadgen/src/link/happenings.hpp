// What happens to a partner at times that are known beforehand.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "transport/load_engine.hpp"

namespace loadgen {

/// Between two moments of the loop's clock.
struct Happening {
  transport::LoadTime begin, end;
  int status =
      0;  ///< somebody answers with it in the place of the service; 0: nothing gets through
  bool portal = false;  ///< ... as a portal that wants a log-in

  [[nodiscard]] bool is_outage() const { return status == 0; }
  [[nodiscard]] bool holds(transport::LoadTime now) const { return begin <= now && now < end; }
};

/// All that happens to one partner, in any order. Constant.
class Happenings {
 public:
  explicit Happenings(std::vector<Happening> all) : all_(std::move(all)) {}

  /// What happens at `now`; null: nothing. Where there are several, an outage.
  [[nodiscard]] const Happening* at(transport::LoadTime now) const;
  /// How long nothing gets through from `now` on; 0: something does.
  [[nodiscard]] transport::LoadClock::duration silence(transport::LoadTime now) const;
  [[nodiscard]] bool empty() const { return all_.empty(); }

 private:
  std::vector<Happening> all_;
};

}  // namespace loadgen
