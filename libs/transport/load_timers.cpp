#include "transport/load_timers.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace transport {
namespace {
constexpr std::chrono::milliseconds tick_length{1};
}

TimerWheel::TimerWheel(LoadTime origin) : origin_(origin) { heads_.fill(none); }

std::uint64_t TimerWheel::tick_at_or_after(LoadTime time) const {
  if (time <= origin_) return 0;
  const auto ticks = std::chrono::ceil<std::chrono::milliseconds>(time - origin_) / tick_length;
  return static_cast<std::uint64_t>(ticks);
}

TimerId TimerWheel::arm(LoadTime due, std::function<void()> fire) {
  const std::uint64_t tick = std::max(tick_at_or_after(due), done_);
  const auto slot = static_cast<std::uint32_t>(tick % slots);
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  return link(tick, slot, std::move(fire));
}

TimerId TimerWheel::soon(std::function<void()> fire) { return link(0, at_once, std::move(fire)); }

TimerId TimerWheel::link(std::uint64_t tick, std::uint32_t slot, std::function<void()> fire) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[index];
  node.tick = tick;
  node.slot = slot;
  node.fire = std::move(fire);
  node.armed = true;
  node.previous = none;
  node.following = heads_[slot];
  if (node.following != none) nodes_[node.following].previous = index;
  heads_[slot] = index;
  ++armed_;
  return {index, node.generation};
}

void TimerWheel::unlink(std::uint32_t index) {
  Node& node = nodes_[index];
  const std::uint32_t slot = node.slot;
  if (node.previous != none) nodes_[node.previous].following = node.following;
  if (node.following != none) nodes_[node.following].previous = node.previous;
  if (heads_[slot] == index) heads_[slot] = node.following;
  if (heads_[slot] == none && slot != at_once)
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  node.armed = false;
  node.fire = nullptr;
  if (++node.generation == 0) node.generation = 1;
  free_.push_back(index);
  --armed_;
}

void TimerWheel::cancel(TimerId id) {
  if (id.generation == 0 || id.slot >= nodes_.size()) return;
  if (!nodes_[id.slot].armed || nodes_[id.slot].generation != id.generation) return;
  unlink(id.slot);
}

void TimerWheel::advance(LoadTime now) {
  std::vector<std::pair<std::uint64_t, TimerId>> due;
  const auto add = [&](std::uint32_t i) {
    due.emplace_back(nodes_[i].tick, TimerId{i, nodes_[i].generation});
  };
  for (auto i = heads_[at_once]; i != none; i = nodes_[i].following) add(i);
  std::reverse(due.begin(), due.end());  // a list begins with its last
  const auto reached =
      now < origin_
          ? 0
          : static_cast<std::uint64_t>(
                std::chrono::floor<std::chrono::milliseconds>(now - origin_) / tick_length);
  if (now >= origin_ && reached >= done_) {
    // One round visits every slot, however long the loop was busy elsewhere.
    const std::uint64_t last = std::min(reached, done_ + slots - 1);
    for (std::uint64_t tick = done_; tick <= last; ++tick) {
      for (auto i = heads_[tick % slots]; i != none; i = nodes_[i].following) {
        if (nodes_[i].tick <= reached) add(i);
      }
    }
    done_ = reached + 1;
  }
  std::stable_sort(due.begin(), due.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [tick, id] : due) {
    if (!nodes_[id.slot].armed || nodes_[id.slot].generation != id.generation) continue;
    auto fire = std::move(nodes_[id.slot].fire);
    unlink(id.slot);
    fire();
  }
}

std::optional<LoadTime> TimerWheel::next() const {
  if (armed_ == 0) return std::nullopt;
  if (heads_[at_once] != none) return LoadTime::min();
  // A slot may hold timers of a later round only; waking for them early costs one look.
  for (std::uint32_t step = 0; step < slots;) {
    const auto slot = static_cast<std::uint32_t>((done_ + step) % slots);
    const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word == 0) {
      step += 64 - slot % 64;
      continue;
    }
    step += static_cast<std::uint32_t>(std::countr_zero(word));
    return origin_ + tick_length * static_cast<std::int64_t>(done_ + std::min(step, slots - 1));
  }
  return origin_ + tick_length * static_cast<std::int64_t>(done_);
}

}  // namespace transport
