#include "run/watch.hpp"

#include <algorithm>
#include <thread>

namespace conformance {
namespace {

using Kind = transport::Failure::Kind;

/// So many refusals in a row are more than a listener that is busy for a moment.
constexpr std::size_t enough = 5;
/// A request that was lost longer ago, with the target still alive, did not kill it.
constexpr std::chrono::milliseconds fresh{500};

bool is_lost(const transport::Exchange& exchange) {
  return !exchange.response && exchange.failure &&
         (exchange.failure->kind == Kind::closed || exchange.failure->kind == Kind::reset);
}

}  // namespace

void Watch::forget_old(std::chrono::steady_clock::time_point now) {
  while (!lost_.empty() && lost_.front().at + fresh < now) lost_.pop_front();
}

void Watch::saw(std::string_view row, const transport::Exchange& exchange) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_();
  const auto began = now - exchange.timings.total;
  if (exchange.response) {
    refused_in_a_row_ = 0;
    // What was lost before this was asked did not kill the target: it answered this.
    std::erase_if(lost_, [&](const Lost& lost) { return lost.at < began; });
    // An answer that was sent before the end may still arrive on an old connection; a new one
    // shows that it lives.
    if (!exchange.reused_connection) down_ = false;
    if (!down_) forget_old(now);
    return;
  }
  if (is_lost(exchange)) {
    if (!down_) forget_old(now);
    lost_.push_back(
        {now, began, {std::string(row), exchange.sent.method + " " + exchange.sent.url}});
    return;
  }
  if (!exchange.failure || exchange.failure->kind != Kind::connect) return;
  if (++refused_in_a_row_ < enough || down_) return;
  down_ = true;
  ++deaths_;
}

bool Watch::down() const {
  const std::lock_guard lock(mutex_);
  return down_;
}

void Watch::up() {
  const std::lock_guard lock(mutex_);
  down_ = false;
  refused_in_a_row_ = 0;
  lost_.clear();
}

std::size_t Watch::deaths() const {
  const std::lock_guard lock(mutex_);
  return deaths_;
}

std::vector<Watch::Suspect> Watch::suspects() const {
  const std::lock_guard lock(mutex_);
  std::vector<Suspect> all;
  for (const Lost& lost : lost_) {
    // While a process ends, the kernel still takes connections for it: a request that began after
    // the first loss met that.
    if (lost.began <= lost_.front().at) all.push_back(lost.suspect);
  }
  return all;
}

bool comes_back(const std::function<bool()>& knock, Milliseconds patience,
                const std::function<bool()>& over) {
  const auto end = std::chrono::steady_clock::now() + patience;
  Milliseconds pause{20};
  while (!knock()) {
    if (over() || std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, Milliseconds{500});
  }
  return true;
}

}  // namespace conformance
