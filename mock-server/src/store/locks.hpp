// One writer per upload; a newer request takes over from an older one (rows
// TUS-CORE-PATCH-024, -025, TUS-TERM-010).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/units.hpp"

namespace mock {

/// Held by the request that writes to an upload; destroying it lets go.
class Lease {
 public:
  virtual ~Lease() = default;
  /// Bytes of the holder were stored.
  virtual void progressed() {}
};

class Locks {
 public:
  virtual ~Locks() = default;
  /// Gives the lease of `id`. A present holder is told through its `revoked` callback first and
  /// must have finished its write, answered and let go when that returns; that can be synchronous
  /// because every upload has one owner, the loop's thread. nullptr when the holder did not let go.
  virtual std::unique_ptr<Lease> acquire(std::string_view id, std::function<void()> revoked) = 0;
  [[nodiscard]] virtual bool locked(std::string_view id) const = 0;
  /// The ids of all that are.
  [[nodiscard]] virtual std::vector<std::string> all_locked() const = 0;
  /// How long a request that wants to go on with `id` must leave it to its holder, so that of many
  /// that come at once somebody gets on (docs/decisions/0006); zero: `acquire` it now. Asking
  /// counts as coming. A request that ends the upload need not ask.
  [[nodiscard]] virtual Milliseconds grace(std::string_view) { return Milliseconds{0}; }
};

/// Goes by real time, which no lane's clock changes.
using SteadyNow = std::function<std::chrono::steady_clock::time_point()>;
/// Loop thread only.
[[nodiscard]] std::unique_ptr<Locks> make_locks(SteadyNow now = std::chrono::steady_clock::now);

}  // namespace mock
