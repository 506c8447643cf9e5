#include "link/trace.hpp"

#include <algorithm>
#include <utility>

#include "link/lost.hpp"

namespace loadgen {
namespace {

AttemptEnd end_of(const transport::LoadOutcome& outcome) {
  if (outcome.response) {
    return outcome.response->status / 100 == 2 ? AttemptEnd::answered : AttemptEnd::refused;
  }
  if (outcome.client_ended) return AttemptEnd::client;
  if (on_purpose(outcome)) return AttemptEnd::network;
  return outcome.failure->kind == transport::Failure::Kind::timeout ? AttemptEnd::silence
                                                                    : AttemptEnd::connection;
}

using InVain = std::vector<std::pair<AttemptEnd, Bytes>>;

/// Takes back what was booked last: a server may have taken more than it said at first.
void give_back(InVain& in_vain, Bytes bytes) {
  while (bytes.value > 0 && !in_vain.empty()) {
    const Bytes now = std::min(bytes, in_vain.back().second);
    bytes -= now;
    in_vain.back().second -= now;
    if (in_vain.back().second.value == 0) in_vain.pop_back();
  }
}

}  // namespace

void TraceLink::send(transport::LoadRequest request, Done done) {
  State& state = *state_;
  const std::uint64_t id = state.next++;
  Attempt attempt;
  attempt.begin = now();
  attempt.method = method_of(request.method);
  attempt.brings = request.source && request.file_size().value > 0;
  attempt.at = attempt.brings ? request.file_at : Bytes{};
  if (attempt.brings) {
    if (attempt.at < state.end) state.in_vain.emplace_back(state.how, state.end - attempt.at);
    if (attempt.at > state.end) give_back(state.in_vain, attempt.at - state.end);
    state.end = attempt.at;
  }
  state.under_way.emplace(id, attempt);
  const Bytes before = request.before_file;
  const Bytes size = attempt.brings ? request.file_size() : Bytes{};
  below().send(std::move(request), [state = state_, &loop = below(), id, before, size,
                                    done = std::move(done)](transport::LoadOutcome outcome) {
    auto found = state->under_way.extract(id);
    Attempt& ended = found.mapped();
    ended.end = loop.now();
    ended.how = end_of(outcome);
    ended.status = static_cast<std::uint16_t>(outcome.response ? outcome.response->status : 0);
    if (ended.brings && outcome.sent > before) ended.sent = std::min(outcome.sent - before, size);
    if (ended.brings) {
      state->end = ended.at + ended.sent;
      state->how = ended.how;
    }
    state->trace.add(ended);
    done(std::move(outcome));
  });
}

Trace TraceLink::trace(Bytes sent, Bytes kept) const {
  Trace trace = state_->trace;
  InVain in_vain = state_->in_vain;
  Bytes known;
  for (const auto& [how, bytes] : in_vain) known += bytes;
  const Bytes all = sent - std::min(sent, kept);
  if (all < known) give_back(in_vain, known - all);
  if (all > known) {
    const bool under_way = !state_->under_way.empty();
    in_vain.emplace_back(under_way ? AttemptEnd::unfinished : state_->how, all - known);
  }
  for (const auto& [how, bytes] : in_vain) {
    trace.in_vain.at(static_cast<std::size_t>(how)) += bytes;
  }
  for (const auto& [id, attempt] : state_->under_way) trace.add(attempt);
  return trace;
}

}  // namespace loadgen
