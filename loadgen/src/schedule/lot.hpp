// Which partners of a stream one loop has: threads share a run, and so do machines.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace loadgen {

/// One of several that share something: from 0 on.
struct Portion {
  std::uint64_t number = 0, of = 1;
};

/// Of something whole that is handed out one by one in turn, what falls to `portion`.
[[nodiscard]] constexpr std::uint64_t share(std::uint64_t whole, Portion portion) {
  return whole / portion.of + (portion.number < whole % portion.of ? 1 : 0);
}

/// Partners by their numbers in a stream, and what of the room at a time is theirs: so many of the
/// first partners, which are those that begin. A value; not thread-safe.
class Lot {
 public:
  /// All of them.
  Lot() = default;
  /// Every `machine.of`-th from `machine.number` on, and of these every `thread.of`-th.
  explicit Lot(Portion machine, Portion thread = {}) : machine_(machine), thread_(thread) {}
  /// Those of which `mine` says so, which is asked again and again, and of these about every
  /// `thread.of`-th; none from `end` on. `machines`: so many share the stream.
  Lot(std::function<bool(std::uint64_t)> mine, std::uint64_t machines, Portion thread,
      std::uint64_t end)
      : mine_(std::move(mine)), machine_{0, machines}, thread_(thread), end_(end) {}
  [[nodiscard]] static Lot none() { return {{}, 1, {}, 0}; }

  /// The first that is `n` or later; nullopt: there is none.
  [[nodiscard]] std::optional<std::uint64_t> next(std::uint64_t n) const;
  /// Of so many at a time, those that are its own.
  [[nodiscard]] std::uint64_t room(std::uint64_t whole) const;
  /// The fewest at a time of which so many are its own; nullopt: there never are.
  [[nodiscard]] std::optional<std::uint64_t> whole(std::uint64_t room) const;

 private:
  /// Of the machine, the one that so many of its own are before.
  [[nodiscard]] std::optional<std::uint64_t> of_machine(std::uint64_t before) const;

  std::function<bool(std::uint64_t)> mine_;  ///< empty: every machine_.of-th
  Portion machine_, thread_;
  std::uint64_t end_ = UINT64_MAX;
  mutable std::vector<std::uint64_t> found_;  ///< the machine's own, as far as `looked_`
  mutable std::uint64_t looked_ = 0;
};

}  // namespace loadgen
