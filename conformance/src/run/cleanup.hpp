// What a run made is taken away at its end.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "run/session.hpp"

namespace conformance {

struct Cleanup {
  std::size_t removed = 0;  ///< deleted now, or gone already
  std::vector<std::string> left;
};
/// Takes away what the run made, as the target says (Target::removal), with `jobs` connections; at
/// most `limit` is spent on it. Only uploads at origins that may have the credentials are touched:
/// a Location may point anywhere.
[[nodiscard]] Cleanup remove_uploads(Session& session, std::size_t jobs, Milliseconds limit);

}  // namespace conformance
