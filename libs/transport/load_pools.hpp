// The pools of an engine, and which of them a transfer goes to.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "transport/load_loop.hpp"
#include "transport/load_pool.hpp"

namespace transport {

/// The more connections one of libcurl's multi handles has, the more each transfer costs: each
/// request, and each end of one, walks over all of them. So thousands are divided between several
/// pools, each with its share of both limits; a few hundred need one (decision 55). Not
/// thread-safe.
class LoadPools {
 public:
  /// `limits` hold at any time for all pools together. `loop` outlives this.
  LoadPools(LoadLoop& loop, LoadPool::Limits limits);

  /// Where one more transfer goes: to a pool with an idle connection; else to the first that would
  /// keep the one that it opens, a new pool if there may be one; else to the one with the fewest
  /// transfers. null: it has to wait. `fresh`: it takes no idle connection. The pool lives as long
  /// as this.
  [[nodiscard]] LoadPool* room(bool fresh);

  /// The number of pools, which only grows.
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
