#include "link/cut.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "link/lost.hpp"
#include "link/zombie.hpp"
#include "payload/hash.hpp"

namespace loadgen {

using transport::Cut;
using transport::LoadOutcome;
using transport::LoadRequest;

namespace {

std::uint64_t number_of(std::string_view method) {
  std::uint64_t number = 0;
  for (const char c : method) number = mix(number + static_cast<unsigned char>(c));
  return number;
}

/// The outcome of a cut request of which `sent` bytes had been handed over.
LoadOutcome cut_outcome(Cut::Kind kind, Bytes sent) {
  LoadOutcome outcome = lost(kind);
  outcome.was_cut = true;
  outcome.sent = sent;
  return outcome;
}

}  // namespace

void CutLink::State::met(const PlannedCut& cut, std::uint64_t ordinal) {
  happened.push_back(cut);
  if (plan.happened() == ordinal) plan.advance();
}

QuestionPlan::Streak& CutLink::State::streak_of(std::uint64_t method, bool safe) {
  auto found = std::ranges::find(streaks, method, [](const auto& streak) { return streak.first; });
  if (found == streaks.end()) found = streaks.insert(found, {method, {}});
  QuestionPlan::Streak& streak = found->second;
  if (safe && streak.occasion != plan.happened()) streak = {plan.happened(), 0, false};
  return streak;
}

void CutLink::send_on(LoadRequest request, Done done) {
  if (std::exchange(state_->broken, false)) request.fresh_connection = true;
  below().send(std::move(request), std::move(done));
}

void CutLink::send(LoadRequest request, Done done) {
  if (!request.source) {
    ask(std::move(request), std::move(done));
    return;
  }
  const auto& cut = state_->plan.next();
  if (!cut || cut->at >= request.file_at + request.file_size()) {
    send_on(std::move(request), std::move(done));
    return;
  }
  // A client that was told an offset beyond the cut meets it at its first byte.
  const Bytes after = cut->at > request.file_at ? cut->at - request.file_at : Bytes{0};
  switch (cut->loses) {
    case Loses::answer:
      lose_answer(*cut, std::move(request), std::move(done));
      break;
    case Loses::zombie:
      leave_zombie(*cut, after, std::move(request), std::move(done));
      break;
    default:
      lose_body(*cut, after, std::move(request), std::move(done));
  }
}

void CutLink::ask(LoadRequest request, Done done) {
  const auto& questions = state_->manner.questions;
  if (!questions) {
    send_on(std::move(request), std::move(done));
    return;
  }
  const std::uint64_t method = number_of(request.method);
  const bool safe = request.method == "HEAD" || request.method == "GET";  // RFC 9110 section 9.2.1
  QuestionPlan::Streak& streak = state_->streak_of(method, safe);
  const auto cut = questions->next(method, streak);
  if (!cut) {
    send_on(std::move(request),
            [state = state_, method, safe, done = std::move(done)](LoadOutcome outcome) {
              if (outcome.response && outcome.response->status < 400) {
                QuestionPlan::Streak& answered = state->streak_of(method, safe);
                if (safe) {
                  answered.through = true;
                } else {
                  answered = {answered.occasion + 1, 0, false};
                }
              }
              done(std::move(outcome));
            });
    return;
  }
  const bool served = questions->was_served(method, streak);
  ++streak.lost;
  state_->happened.push_back(*cut);
  const Milliseconds noticed =
      cut->kind == Cut::Kind::silent ? state_->manner.stall_timeout : Milliseconds{0};
  if (!served) {
    state_->broken = true;
    tell_later(*this, noticed, cut_outcome(cut->kind, Bytes{0}), std::move(done));
    return;
  }
  // Without `this`: the link may be gone before the loop is.
  send_on(std::move(request), [state = state_, &loop = below(), kind = cut->kind, noticed,
                               done = std::move(done)](const LoadOutcome&) mutable {
    state->broken = true;
    tell_later(loop, noticed, cut_outcome(kind, Bytes{0}), std::move(done));
  });
}

void CutLink::lose_body(const PlannedCut& cut, Bytes after, LoadRequest request, Done done) {
  const Bytes gone = std::min(after, state_->manner.in_flight);
  request.cut = Cut{cut.kind, request.before_file + after - gone};
  send_on(std::move(request), [state = state_, cut, gone, ordinal = state_->plan.happened(),
                               &loop = below(), done = std::move(done)](LoadOutcome outcome) {
    if (!outcome.was_cut) {
      done(std::move(outcome));
      return;
    }
    state->lost_in_flight += gone;
    state->met(cut, ordinal);
    if (cut.loses != Loses::process) {
      done(std::move(outcome));
      return;
    }
    outcome.client_ended = true;
    tell_later(loop, state->manner.restart_time, std::move(outcome), done);
  });
}

void CutLink::lose_answer(const PlannedCut& cut, LoadRequest request, Done done) {
  send_on(std::move(request), [state = state_, cut, ordinal = state_->plan.happened(),
                               &loop = below(), done = std::move(done)](LoadOutcome outcome) {
    // A refusal took no bytes, and depends on time: a zombie may still hold the upload.
    if (!outcome.response || outcome.response->status / 100 != 2) {
      done(std::move(outcome));
      return;
    }
    state->met(cut, ordinal);
    state->broken = true;
    const bool silent = cut.kind == Cut::Kind::silent;
    tell_later(loop, silent ? state->manner.stall_timeout : Milliseconds{0},
               cut_outcome(cut.kind, outcome.sent), done);
  });
}

void CutLink::leave_zombie(const PlannedCut& cut, Bytes after, LoadRequest request, Done done) {
  request.cut = Cut{cut.kind, request.before_file + after};
  const Bytes sent = request.cut->after;
  const bool silent = cut.kind == Cut::Kind::silent;
  auto told = [state = state_, cut, ordinal = state_->plan.happened(), sent, &loop = below(),
               noticed = silent ? state_->manner.stall_timeout : Milliseconds{0}, done] {
    state->met(cut, ordinal);
    tell_later(loop, noticed, cut_outcome(cut.kind, sent), done);
  };
  const auto zombie = std::make_shared<Zombie>(
      request, std::min(after, std::max(state_->manner.in_flight, Zombie::least)),
      state_->manner.zombie_time, below().now(), std::move(told));
  request.source = [zombie](Bytes at, std::span<std::byte> into) { return zombie->read(at, into); };
  request.pace = zombie;
  // A cut at the first byte: nothing is read that would turn the zombie, so it is turned here.
  send_on(std::move(request), [zombie, done = std::move(done)](LoadOutcome outcome) {
    if (zombie->has_turned()) return;
    if (outcome.was_cut) {
      zombie->turn();
      return;
    }
    done(std::move(outcome));
  });
}

}  // namespace loadgen
