// The requests of one upload, one after the other, and what was sent in vain.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/units.hpp"
#include "schedule/schedule.hpp"

namespace loadgen {

/// How a request ended, and so, what became of bytes that it brought.
enum class AttemptEnd : std::uint8_t {
  answered,    ///< with a 2xx
  refused,     ///< with another status
  network,     ///< the partner's network, as it is simulated, lost it
  client,      ///< the client's process ended
  silence,     ///< nothing came from the other end until the client gave up
  connection,  ///< the other end, or what is on the way to it, closed or reset it
  unfinished,  ///< the run ended before it
};
inline constexpr std::size_t attempt_ends = 7;
[[nodiscard]] std::string_view to_string(AttemptEnd how);

enum class Method : std::uint8_t { post, patch, head, put, get, del, options, other };
inline constexpr std::size_t method_count = 8;
/// As on the wire.
[[nodiscard]] std::string_view to_string(Method method);
[[nodiscard]] Method method_of(std::string_view name);

/// One request. A value.
struct Attempt {
  Time begin;
  std::optional<Time> end;  ///< nullopt: the run ended before it
  Method method = Method::other;
  AttemptEnd how = AttemptEnd::unfinished;
  std::uint16_t status = 0;  ///< 0: no answer came
  bool brings = false;       ///< some of the file
  Bytes at{}, sent{};        ///< of the file, if it does: from where, and how much
  bool operator==(const Attempt&) const = default;
};

/// Bytes by what became of them.
using BytesByEnd = std::array<Bytes, attempt_ends>;

/// Bounded: of a long trace, the beginning and the end are kept. Recorded where a report is wanted.
struct Trace {
  static constexpr std::size_t first = 40, last = 24;
  std::vector<Attempt> attempts;
  std::uint64_t left_out = 0;  ///< behind the first `first`
  /// Bytes that had to be sent again, or never arrived, by how their request ended. Those of
  /// `answered` requests were denied later, or sent twice.
  BytesByEnd in_vain{};

  /// Attempts come in the order in which they end.
  void add(const Attempt& attempt);
  bool operator==(const Trace&) const = default;
};

}  // namespace loadgen
