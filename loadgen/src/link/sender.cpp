#include "link/sender.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace loadgen {

using transport::LoadClock;
using transport::LoadTime;

namespace {
constexpr double first_window = 10;  // segments (RFC 6928)
constexpr double least_round = 0.001;
constexpr double never = std::numeric_limits<double>::infinity();

double seconds(LoadClock::duration time) { return std::chrono::duration<double>(time).count(); }

/// `bytes`, unless that is 0: then there is none.
double or_never(double bytes) {
  if (bytes > 0) return bytes;
  return never;
}

/// What is left of a window after a loss (RFC 5681 section 3.1, RFC 9438 section 4.6).
double kept_of(Congestion control) { return control == Congestion::cubic ? 0.7 : 0.5; }
}  // namespace

Sender::Sender(std::shared_ptr<Path> path, LoadTime now)
    : path_(std::move(path)),
      draws_(hash_of({path_->seed, 2, path_->connections++})),
      round_trip_(std::max(path_->tcp.round_trip, least_round)),
      regime_(&path_->usual),
      slice_(slice_of(regime_->rate)),
      to_loss_(drawn(path_->tcp.loss > 0 ? path_->tcp.segment / path_->tcp.loss : never)),
      to_pause_(drawn(or_never(regime_->pause_every))),
      at_(now),
      paused_until_(now) {
  open(first_window * path_->tcp.segment, never);
}

double Sender::drawn(double mean) {
  return mean == never ? never : -std::log1p(-unit(draws_.next())) * mean;
}

void Sender::open(double window, double threshold) {
  phase_ = Phase::opening;
  window_ = window;
  threshold_ = threshold;
  round_end_ = at_;
}

void Sender::resume(LoadTime now) {
  const bool forgotten = seconds(now - at_) > path_->timeout;  // RFC 5681 section 4.1
  at_ = now;
  if (!started_ || forgotten) {
    double threshold = never;
    if (started_) threshold = std::max(window_, regime_->window / 2);
    open(first_window * path_->tcp.segment, threshold);
  }
  round_end_ = now;
  // All that was under way has been acknowledged: a whole window may go.
  saved_ = phase_ == Phase::steady ? window_ : 0;
  started_ = true;
}

std::uint64_t Sender::available(LoadTime now, std::uint64_t left) {
  if (!waiting_ && seconds(now - at_) > round_trip_ / 2) resume(now);
  advance(now);
  const double due = std::min(slice_, static_cast<double>(left));
  double may = saved_ + 1e-3 < due ? 0 : saved_ + 1e-3;
  if (path_->line) {
    may = std::min(may, static_cast<double>(path_->line->available(now, left)));
  }
  waiting_ = may < 1;
  return static_cast<std::uint64_t>(may);
}

LoadClock::duration Sender::wait(std::uint64_t left) const {
  const double needed = std::min(slice_, static_cast<double>(left)) - saved_;
  LoadClock::duration wait{0};
  if (needed > 1e-3) {
    if (paused_until_ > at_) {
      wait = paused_until_ - at_;
    } else if (phase_ == Phase::steady) {
      wait = to_duration(std::min(needed, to_pause_) / regime_->rate);
    } else {
      wait = std::max(round_end_ - at_, LoadClock::duration{1});
    }
  }
  return path_->line ? std::max(wait, path_->line->wait(left)) : wait;
}

void Sender::spend(std::uint64_t bytes) {
  saved_ -= static_cast<double>(bytes);
  if (path_->line) path_->line->spend(bytes);
  waiting_ = false;
}

LoadClock::duration Sender::silence() const {
  return std::max(paused_until_ - at_, LoadClock::duration{0});
}

void Sender::advance(LoadTime now) {
  if (phase_ != Phase::steady && round_end_ == at_ && paused_until_ <= at_) go_round(at_);
  while (at_ < now) {
    if (paused_until_ > at_) {
      at_ = std::min(now, paused_until_);
      continue;
    }
    const LoadTime until = meet_spells(now);
    if (paused_until_ > at_) continue;
    if (phase_ == Phase::steady) {
      flow(until);
    } else {
      go_round(until);
    }
  }
  // Saves up no more than a window, or what the line takes in a second if that is more.
  saved_ = std::min(saved_, std::max(window_, regime_->rate) + slice_);
}

LoadTime Sender::meet_spells(LoadTime until) {
  if (path_->outages) {
    const auto& outage = path_->outages->next(at_);
    if (outage.begin <= at_) {
      pause_until(heard_again(at_, outage.end, path_->timeout));
      open(path_->tcp.segment, std::max(regime_->window / 2, 2 * path_->tcp.segment));
      round_end_ = paused_until_;
      return until;
    }
    until = std::min(until, outage.begin);
  }
  const TcpRegime* regime = &path_->usual;
  if (path_->bursts) {
    const auto& burst = path_->bursts->next(at_);
    const bool in_burst = burst.begin <= at_;
    if (in_burst && path_->burst_is_pause) {
      pause_until(heard_again(at_, burst.end, path_->timeout));
      return until;
    }
    if (in_burst) regime = &path_->in_burst;
    until = std::min(until, in_burst ? burst.end : burst.begin);
  }
  if (regime != regime_) {
    regime_ = regime;
    to_pause_ = drawn(or_never(regime_->pause_every));
  }
  return until;
}

void Sender::flow(LoadTime until) {
  const double bytes = regime_->rate * seconds(until - at_);
  if (bytes < to_pause_) {
    saved_ += bytes;
    to_pause_ -= bytes;
    at_ = until;
    return;
  }
  saved_ += to_pause_;
  at_ += to_duration(to_pause_ / regime_->rate);
  to_pause_ = drawn(or_never(regime_->pause_every));
  pause_until(at_ + to_duration(regime_->pause));
}

void Sender::go_round(LoadTime until) {
  if (round_end_ > at_) {
    at_ = std::min(until, round_end_);
    if (at_ < round_end_) return;
  }
  saved_ += window_;
  to_loss_ -= window_;
  grow();
  round_end_ = at_ + to_duration(round_trip_);
}

void Sender::grow() {
  const TcpPath& tcp = path_->tcp;
  const double target = regime_->rate * round_trip_;
  const bool heeds_loss = tcp.control != Congestion::bbr;
  /// Otherwise the bottleneck or the buffers are the limit, and opening ends when they are full.
  const bool limited_by_loss = heeds_loss && tcp.loss > 0 && !regime_->link_limited;
  const bool overflows =
      limited_by_loss && tcp.rate > 0 && window_ > tcp.rate * (round_trip_ + tcp.queue);
  const bool lost = heeds_loss && (to_loss_ <= 0 || overflows);
  if (to_loss_ <= 0) to_loss_ = drawn(tcp.segment / tcp.loss);
  const double former = window_;
  const bool doubles = phase_ == Phase::opening && window_ < threshold_;
  window_ = doubles ? std::min(2 * window_, std::max(threshold_, window_ + tcp.segment))
                    : window_ + tcp.segment;
  // Cuts the doubled window, as a loss is heard of a round trip later.
  if (lost) window_ = std::max(window_ * kept_of(tcp.control), 2 * tcp.segment);
  window_ = std::min(window_, tcp.window);
  const bool full = !limited_by_loss && window_ >= target;
  const bool settled = phase_ == Phase::settling &&
                       (lost ? window_ <= target : former < target && window_ >= target);
  if (full || settled) {
    phase_ = Phase::steady;
    window_ = target;
  } else if (lost) {
    phase_ = Phase::settling;
  }
}

}  // namespace loadgen
