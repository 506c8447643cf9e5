#include "transport/load_pools.hpp"

#include <algorithm>

namespace transport {
namespace {

/// How many kept connections a pool has at least, if there are several: a walk over so many takes
/// microseconds. Each pool takes some 40 KB.
constexpr std::size_t pool_size = 256;

std::size_t part(std::size_t all, std::size_t parts, std::size_t index) {
  return all / parts + (index < all % parts ? 1 : 0);
}

}  // namespace

LoadPools::LoadPools(LoadLoop& loop, LoadPool::Limits limits)
    : loop_(loop), limits_(limits), most_(1) {
  const std::size_t kept =
      limits.sockets == 0 ? limits.kept : std::min(limits.kept, limits.sockets);
  most_ = std::max<std::size_t>(1, kept / pool_size);
}

LoadPool::Limits LoadPools::share(std::size_t index) const {
  return {part(limits_.kept, most_, index), part(limits_.sockets, most_, index)};
}

LoadPool* LoadPools::room(bool fresh) {
  LoadPool* keeps = nullptr;
  LoadPool* emptiest = nullptr;
  for (const auto& each : pools_) {
    LoadPool& pool = *each;
    if (!pool.has_room()) continue;
    if (!fresh && pool.has_idle()) return &pool;
    if (keeps == nullptr && std::max(pool.transfers(), pool.sockets()) < pool.limits().kept) {
      keeps = &pool;
    }
    if (emptiest == nullptr || pool.transfers() < emptiest->transfers()) emptiest = &pool;
  }
  if (keeps != nullptr) return keeps;
  if (pools_.size() == most_) return emptiest;
  return pools_.emplace_back(std::make_unique<LoadPool>(loop_, share(pools_.size()), owners_))
      .get();
}

void LoadPools::turned() {
  const LoadTime now = LoadClock::now();
  for (const auto& pool : pools_) pool->turned(now);
}

void LoadPools::set_due() {
  loop_.due.reset();
  for (const auto& pool : pools_) {
    if (pool->due() && (!loop_.due || *pool->due() < *loop_.due)) loop_.due = pool->due();
  }
}

}  // namespace transport
