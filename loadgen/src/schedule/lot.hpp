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

/// How many of `whole` things, handed out one by one in turn, fall to `portion`.
[[nodiscard]] constexpr std::uint64_t share(std::uint64_t whole, Portion portion) {
  return whole / portion.of + (portion.number < whole % portion.of ? 1 : 0);
}

/// Some partners of a stream, by number, and their share of the room: where the stream has room for
/// `whole` partners at a time, as many as are among its first `whole`. A value; not thread-safe.
class Lot {
 public:
  /// All of them.
  Lot() = default;
  /// Every `machine.of`-th from `machine.number` on, and of these every `thread.of`-th.
  explicit Lot(Portion machine, Portion thread = {}) : machine_(machine), thread_(thread) {}
  /// Those for which `mine` is true, and of these about every `thread.of`-th; none from `end` on.
  /// `mine` is called again and again. `machines`: how many share the stream.
  Lot(std::function<bool(std::uint64_t)> mine, std::uint64_t machines, Portion thread,
      std::uint64_t end)
      : mine_(std::move(mine)), machine_{0, machines}, thread_(thread), end_(end) {}
  [[nodiscard]] static Lot none() { return {{}, 1, {}, 0}; }

  /// The first that is `n` or later; nullopt: there is none.
  [[nodiscard]] std::optional<std::uint64_t> next(std::uint64_t n) const;
  /// How many of `whole` at a time are its own.
  [[nodiscard]] std::uint64_t room(std::uint64_t whole) const;
  /// The least `whole` of which `room` are its own; nullopt: there is none.
  [[nodiscard]] std::optional<std::uint64_t> whole(std::uint64_t room) const;

 private:
  /// The machine's own partner with `before` of its own before it.
  [[nodiscard]] std::optional<std::uint64_t> of_machine(std::uint64_t before) const;

  std::function<bool(std::uint64_t)> mine_;  ///< empty: every machine_.of-th
  Portion machine_, thread_;
  std::uint64_t end_ = UINT64_MAX;
  mutable std::vector<std::uint64_t> found_;  ///< the machine's own, as far as `looked_`
  mutable std::uint64_t looked_ = 0;
};

}  // namespace loadgen
