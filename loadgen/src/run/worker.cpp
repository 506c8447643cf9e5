#include "run/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace loadgen {
namespace {
constexpr Milliseconds tick_time{100};

template <class F>
void with(Progress* progress, F change) {
  change(*progress);
}

void raise(std::atomic<std::int64_t>& most, std::chrono::microseconds value) {
  std::int64_t former = most.load();
  while (former < value.count() && !most.compare_exchange_weak(former, value.count())) {
  }
}
}  // namespace

Worker::Worker(const RunPlan& plan, const RunHooks& hooks, Shared& shared, ScheduleOptions schedule,
               Time start)
    : plan_(plan),
      hooks_(hooks),
      shared_(shared),
      engine_(plan.engine),
      pulse_(engine_, shared.pulse),
      line_(pulse_, plan.settings.network),
      authorizer_(line_.top(), plan.credentials),
      schedule_(schedule, start),
      idle_since_(start),
      own_(schedule) {
  for (const auto& host : plan.hosts) engine_.pin(host);
}

void Worker::run() {
  engine_.after(Milliseconds{0}, [this] { fill(); });
  tick();
  engine_.run();
}

void Worker::tick() {
  const Time now = engine_.now();
  if (tick_due_) {
    const auto lag = std::chrono::duration_cast<std::chrono::microseconds>(now - *tick_due_);
    loop_lag_.add(lag);
    raise(hooks_.progress->loop_lag_max_us, lag);
  }
  if (own_.first == 0) {
    if (const auto second = shared_.seconds.look(now)) hooks_.second(*second);
  }
  get_on(now);
  const int level = hooks_.interrupted();
  if (level >= 1 && !closed_) {
    closed_ = true;
    schedule_.close(now);
    maybe_verify();
  }
  if (level >= 2) {
    break_off(std::nullopt);
    return;
  }
  const bool busy = !partners_.empty() || verifying_;
  if (busy && plan_.give_up && now - shared_.pulse.last() >= *plan_.give_up) {
    shared_.gave_up = true;
  }
  if (shared_.gave_up) {
    break_off(Cause{"run: given up",
                    fmt::format("no progress for {} (--give-up)", ::to_string(*plan_.give_up))});
    return;
  }
  tick_due_ = engine_.now() + tick_time;
  engine_.after(tick_time, [this] { tick(); });
}

void Worker::get_on(Time now) {
  const Bytes more = engine_.sent() - sent_;
  if (more.value == 0) return;
  sent_ += more;
  shared_.pulse.beat(now);
  with(hooks_.progress, [&](Progress& p) { p.sent_bytes += more.value; });
}

void Worker::break_off(const std::optional<Cause>& cause) {
  for (const auto& [index, partner] : partners_) {
    if (!partner->ended) partner->ended = engine_.now();
    UploadResult result = completed(partner->upload->interrupted(), *partner);
    if (cause) result.cause = cause;
    keep(std::move(result));
  }
  not_started_ = schedule_.not_started(engine_.now());
  if (verifier_) verified_by_ = verifier_->method();
  stop(cause);
}

void Worker::fill() {
  while (const auto start = schedule_.take(engine_.now())) {
    const Bytes size = plan_.settings.size.size_of(plan_.settings.seed, start->upload);
    const std::uint64_t begun = shared_.begun_bytes += size.value;
    if (plan_.settings.max_bytes && begun > plan_.settings.max_bytes->value) {
      schedule_.refuse(engine_.now());
      break;
    }
    begin(*start, size);
  }
  if (const auto due = schedule_.next_due(engine_.now()); due && !due_timer_) {
    due_timer_ = true;
    engine_.at(*due, [this] {
      due_timer_ = false;
      fill();
    });
  }
  maybe_verify();
}

void Worker::begin(const Schedule::Start& start, Bytes size) {
  const std::uint64_t index = start.upload;
  // While nothing was due there was nothing to get on with.
  if (partners_.empty() && plan_.give_up && engine_.now() - idle_since_ > *plan_.give_up / 2) {
    shared_.pulse.beat(engine_.now());
  }
  CutPlan cuts(plan_.settings.network, plan_.settings.seed, index, size);
  auto owned = std::make_unique<Partner>(line_.top(), plan_.settings.network, std::move(cuts));
  Partner& partner = *owned;
  partner.possible = start.possible;
  raise(hooks_.progress->start_lag_max_us,
        std::chrono::duration_cast<std::chrono::microseconds>(engine_.now() - start.possible));
  Upload::Events events;
  events.uploaded = [this, &partner] {
    partner.ended = engine_.now();
    schedule_.ended(engine_.now());
    with(hooks_.progress, [](Progress& p) { --p.in_flight; });
    engine_.after(Milliseconds{0}, [this] { fill(); });
  };
  events.ended = [this, index] { ended(index); };
  events.acknowledged = [this](Bytes more) {
    with(hooks_.progress, [&](Progress& p) { p.acknowledged_bytes += more.value; });
  };
  partner.upload = plan_.client->upload({partner.link, authorizer_, *plan_.client}, index, size,
                                        start.intended, std::move(events));
  partners_.emplace(index, std::move(owned));
  with(hooks_.progress, [](Progress& p) {
    ++p.started;
    ++p.in_flight;
  });
  partner.upload->start();
}

UploadResult Worker::completed(UploadResult result, const Partner& partner) {
  result.cuts = partner.link.happened();
  result.possible = partner.possible;
  result.ended = partner.ended;
  return result;
}

void Worker::ended(std::uint64_t index) {
  const auto found = partners_.find(index);
  const UploadResult result = completed(found->second->upload->result(), *found->second);
  with(hooks_.progress, [&](Progress& p) {
    p.cuts += result.cuts.size();
    ++(result.uploaded ? p.uploaded : p.failed);
  });
  keep(result);
  // Its own member function is still on the stack.
  auto still = std::make_shared<std::unique_ptr<Partner>>(std::move(found->second));
  partners_.erase(found);
  idle_since_ = engine_.now();
  engine_.after(Milliseconds{0}, [this, still] { maybe_verify(); });
}

void Worker::maybe_verify() {
  if (verifying_ || !partners_.empty() || !schedule_.exhausted(engine_.now())) {
    // An open loop may be waiting for the end of its duration only.
    if (!verifying_ && partners_.empty() && !due_timer_ && !schedule_.next_due(engine_.now())) {
      engine_.after(tick_time, [this] { maybe_verify(); });
    }
    return;
  }
  verifying_ = true;
  not_started_ = schedule_.not_started(engine_.now());
  if (plan_.settings.verify == VerifyMethod::none) {
    clean_up();
    return;
  }
  with(hooks_.progress, [](Progress& p) { p.verifying = true; });
  shared_.pulse.beat(engine_.now());
  Verifier::Options options;
  options.method = plan_.settings.verify;
  options.control_url = plan_.control_url;
  options.copies_are_here = std::all_of(plan_.hosts.begin(), plan_.hosts.end(),
                                        [](const auto& host) { return host.loopback; });
  options.stall_timeout = std::max(plan_.settings.network.stall_timeout, Milliseconds{30'000});
  options.copies = shared_.copies;
  options.at_work = [&pulse = shared_.pulse] { pulse.beat(std::chrono::steady_clock::now()); };
  if (!plan_.settings.delivered_dir.empty()) {
    options.delivered = [folder = plan_.settings.delivered_dir,
                         run_id = plan_.client->options().run_id] {
      return DeliveredFiles::scan(folder, run_id);
    };
  }
  verifier_ = std::make_unique<Verifier>(pulse_, authorizer_, *plan_.client, std::move(options));
  verifier_->run([this] { return next_unjudged(); },
                 [this](const UploadResult& result) { judged(result); },
                 [this] {
                   verified_by_ = verifier_->method();
                   clean_up();
                 });
}

void Worker::clean_up() {
  if (!plan_.settings.cleanup) {
    stop(std::nullopt);
    return;
  }
  asker_ = std::make_unique<Asker>(pulse_, authorizer_, *plan_.client,
                                   plan_.settings.network.stall_timeout);
  cleanup_ = std::make_unique<Cleanup>(*asker_, *plan_.client);
  auto next = [this, at = std::uint64_t{0}]() mutable -> std::optional<std::string> {
    while (at < schedule_.started()) {
      const auto result = shared_.results.get(own_.first + at++ * own_.stride);
      if (result && !result->url.empty()) return result->url;
    }
    return std::nullopt;
  };
  cleanup_->run(std::move(next), [this] { stop(std::nullopt); });
}

void Worker::stop(const std::optional<Cause>& cause) {
  // What nobody looked at, or not to the end.
  looked_at_ = 0;
  while (auto result = next_unjudged()) {
    result->state = UploadState::unverified;
    if (!result->cause) result->cause = cause;
    judged(*result);
  }
  engine_.stop();
}

void Worker::keep(UploadResult result) {
  hooks_.ended(result);
  const bool unseen = result.state == UploadState::unverified;
  if (!unseen && result.state != UploadState::uploaded) {
    stats_.add(result);
  } else if (plan_.settings.verify == VerifyMethod::none) {
    result.state = UploadState::unverified;
    stats_.add(result);
  } else {
    result.state = UploadState::uploaded;  // that is: yet to be judged
    ++unjudged_;
  }
  shared_.results.put(result);
}

std::optional<UploadResult> Worker::next_unjudged() {
  while (unjudged_ > 0 && looked_at_ < schedule_.started()) {
    auto result = shared_.results.get(own_.first + looked_at_++ * own_.stride);
    if (result && result->state == UploadState::uploaded) return result;
  }
  return std::nullopt;
}

void Worker::judged(const UploadResult& result) {
  --unjudged_;
  stats_.add(result);
  shared_.results.put(result);
  if (result.state == UploadState::verified) {
    with(hooks_.progress, [](Progress& p) { ++p.verified; });
  }
}

}  // namespace loadgen
