// Conditions on how a request came: in which version of HTTP, how its header names are written, on
// which connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/units.hpp"

namespace mock::misbehave {

/// On the request's place in its connection, and on ages by the listener's clock.
struct OnConnection {
  std::vector<std::uint64_t> nth;  ///< 1 is its first request; empty: every one
  std::uint64_t every = 1;
  std::optional<Milliseconds> older_than;  ///< since it was accepted
  std::optional<Milliseconds> younger_than;
  std::optional<Milliseconds> idle_for;  ///< since the reply before, or since it was accepted
};

struct ArrivalConditions {
  std::optional<int> minor_version;  ///< of HTTP/1
  /// Names of headers, and whether one that is written exactly so has to be there.
  std::vector<std::pair<std::string, bool>> spelled;
  std::optional<OnConnection> on_connection;
};

}  // namespace mock::misbehave
