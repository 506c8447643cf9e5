// What a client is told of a request that a network has lost.
#pragma once

#include <utility>

#include "link/link.hpp"

namespace loadgen {

/// The outcome of a connection that was cut on purpose, in the words of the engine.
[[nodiscard]] inline transport::LoadOutcome lost(transport::Cut::Kind kind) {
  const bool silent = kind == transport::Cut::Kind::silent;
  transport::LoadOutcome outcome;
  outcome.failure = transport::Failure{
      silent ? transport::Failure::Kind::timeout : transport::Failure::Kind::reset,
      silent ? "connection went silent (cut on purpose)" : "connection reset (cut on purpose)"};
  return outcome;
}

/// Whether it is a simulated network that has lost the request: the words of all that do.
[[nodiscard]] inline bool on_purpose(const transport::LoadOutcome& outcome) {
  return outcome.was_cut || (outcome.failure && outcome.failure->message.ends_with("on purpose)"));
}

/// Tells `outcome` by a timer, as `done` must not be called from within `send`.
inline void tell_later(transport::LoadTransport& loop, Milliseconds delay,
                       transport::LoadOutcome outcome, transport::LoadTransport::Done done) {
  loop.after(delay, [outcome = std::move(outcome), done = std::move(done)]() mutable {
    done(std::move(outcome));
  });
}

}  // namespace loadgen
