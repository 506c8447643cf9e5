// The pools of an engine, and which of them a transfer goes to.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "transport/load_loop.hpp"
#include "transport/load_pool.hpp"

namespace transport {

/// Of one libcurl's multi handle a transfer costs more the more connections it has: each request,
/// and each end of one, walks over all of them. So thousands are divided between several, each of
/// which has its share of both limits; what a few hundred need is one. Not thread-safe.
class LoadPools {
 public:
  /// `limits` are those of all together, which hold at any time. `loop` outlives it.
  LoadPools(LoadLoop& loop, LoadPool::Limits limits);

  /// Where one more transfer goes: to a connection that is idle; else to the first pool that would
  /// keep the one that it opens; else to the one with the fewest transfers. null: it has to wait.
  /// `fresh`: it takes no idle one. The pool lives as long as this.
  [[nodiscard]] LoadPool* room(bool fresh);

  /// They only become more.
  [[nodiscard]] std::size_t size() const { return pools_.size(); }
  [[nodiscard]] LoadPool& operator[](std::size_t index) { return *pools_[index]; }

  /// Goes on with what is due in each.
  void turned();
  /// Lets the loop wake for what they want next.
  void set_due();

 private:
  [[nodiscard]] LoadPool::Limits share(std::size_t index) const;

  LoadLoop& loop_;
  LoadPool::Limits limits_;
  std::size_t most_;  ///< pools
  LoadPool::Owners owners_;
  std::vector<std::unique_ptr<LoadPool>> pools_;  ///< as many as were needed so far
};

}  // namespace transport
