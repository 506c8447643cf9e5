// The context of a check that talks to a real target.
#pragma once

#include <memory>

#include "run/runner.hpp"
#include "run/session.hpp"

namespace conformance {

[[nodiscard]] MakeContext live_contexts(std::shared_ptr<Session> session);

}  // namespace conformance
