// One writer per upload; a newer request takes over from an older one (census rows
// TUS-CORE-PATCH-024, -025, TUS-TERM-010).
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace mock {

/// Held by the request that writes to an upload; destroying it lets go.
class Lease {
 public:
  virtual ~Lease() = default;
};

class Locks {
 public:
  virtual ~Locks() = default;
  /// Gives the lease of `id`. A present holder is told through its `revoked` callback first and
  /// must have finished its write, answered and let go when that returns; that can be synchronous
  /// because every upload has one owner, the loop's thread. nullptr when the holder did not let go.
  virtual std::unique_ptr<Lease> acquire(std::string_view id, std::function<void()> revoked) = 0;
  [[nodiscard]] virtual bool locked(std::string_view id) const = 0;
};

/// Loop thread only.
[[nodiscard]] std::unique_ptr<Locks> make_locks();

}  // namespace mock
