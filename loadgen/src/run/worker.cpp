#include "run/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace loadgen {
namespace {
constexpr Milliseconds tick_time{100};
}  // namespace

Worker::Worker(const RunPlan& plan, const RunHooks& hooks, Shared& shared, std::uint64_t first,
               std::uint64_t stride)
    : plan_(plan),
      hooks_(hooks),
      shared_(shared),
      first_(first == 0),
      engine_(plan.engine),
      pulse_(engine_, shared.pulse),
      crowd_(
          plan, shared, *hooks.progress, engine_, pulse_, first, stride,
          {[this](UploadResult result) { keep(std::move(result)); }, [this] { maybe_verify(); }}),
      tally_(plan.scenario.groups.size(), plan.scenario.phases.size()),
      looked_at_(crowd_) {
  for (const auto& host : plan.hosts) engine_.pin(host);
}

std::uint64_t Worker::removed() const {
  std::uint64_t all = 0;
  for (const auto& cleanup : cleanups_) all += cleanup->removed();
  return all;
}

std::uint64_t Worker::left_behind() const {
  std::uint64_t all = 0;
  for (const auto& cleanup : cleanups_) all += cleanup->left_behind();
  return all;
}

void Worker::run() {
  engine_.after(Milliseconds{0}, [this] { crowd_.fill(); });
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
  if (first_) {
    if (const auto second = shared_.seconds.look(now)) {
      hooks_.second(*second);
      if (plan_.told_in_full) shared_.happened.push_back(*second);
    }
  }
  get_on(now);
  const int level = hooks_.interrupted();
  if (level >= 1 && !closed_) {
    closed_ = true;
    crowd_.close();
    maybe_verify();
  }
  if (level >= 2) {
    break_off(std::nullopt);
    return;
  }
  const bool busy = crowd_.busy() || verifying_;
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
  hooks_.progress->sent_bytes += more.value;
}

void Worker::break_off(const std::optional<Cause>& cause) {
  crowd_.break_off(cause);
  if (!verifying_) count_not_started();
  if (!verifiers_.empty()) verified_by_ = verifiers_.back()->method();
  stop(cause);
}

void Worker::count_not_started() {
  crowd_.each_not_started(
      [this](Time due) { tally_.not_started(plan_.roster.phase_at(due - shared_.start)); });
}

void Worker::maybe_verify() {
  if (verifying_) return;
  if (!crowd_.over()) {
    // An open loop may be waiting for the end of its duration only.
    if (!crowd_.waits()) engine_.after(tick_time, [this] { maybe_verify(); });
    return;
  }
  verifying_ = true;
  count_not_started();
  if (plan_.settings().verify == VerifyMethod::none) {
    clean_up(0);
    return;
  }
  hooks_.progress->verifying = true;
  verify(0);
}

void Worker::verify(std::size_t group) {
  if (group == plan_.groups.size()) {
    clean_up(0);
    return;
  }
  shared_.pulse.beat(engine_.now());
  looked_at_ = Crowd::Begun(crowd_);
  const GroupPlan& of = plan_.groups[group];
  const Settings& settings = plan_.settings();
  Verifier::Options options;
  options.method = settings.verify;
  options.control_url = of.control_url;
  options.copies_are_here = std::all_of(plan_.hosts.begin(), plan_.hosts.end(),
                                        [](const auto& host) { return host.loopback; });
  options.stall_timeout = std::max(of.settings->network.stall_timeout, Milliseconds{30'000});
  options.copies = shared_.copies;
  options.at_work = [&pulse = shared_.pulse] { pulse.beat(std::chrono::steady_clock::now()); };
  if (!settings.delivered_dir.empty()) {
    options.delivered = [folder = settings.delivered_dir, run_id = of.client->options().run_id] {
      return DeliveredFiles::scan(folder, run_id);
    };
  }
  verifiers_.push_back(std::make_unique<Verifier>(pulse_, crowd_.authorizer(group, 0), *of.client,
                                                  std::move(options)));
  verifiers_.back()->run([this, group] { return next_unjudged(group); },
                         [this](const UploadResult& result) { judged(result); },
                         [this, group] {
                           const auto by = verifiers_.back()->method();
                           if (by != VerifyMethod::automatic || group == 0) verified_by_ = by;
                           // Not from within the verifier.
                           engine_.after(Milliseconds{0}, [this, group] { verify(group + 1); });
                         });
}

void Worker::clean_up(std::size_t group) {
  if (!plan_.settings().cleanup || group == plan_.groups.size()) {
    stop(std::nullopt);
    return;
  }
  const GroupPlan& of = plan_.groups[group];
  askers_.push_back(std::make_unique<Asker>(pulse_, crowd_.authorizer(group, 0), *of.client,
                                            of.settings->network.stall_timeout));
  cleanups_.push_back(std::make_unique<Cleanup>(*askers_.back(), *of.client));
  auto next = [this, group, at = Crowd::Begun(crowd_)]() mutable -> std::optional<std::string> {
    while (const auto begun = at.next()) {
      if (begun->group != group) continue;
      const auto result = shared_.results.get(begun->index);
      if (result && !result->url.empty()) return result->url;
    }
    return std::nullopt;
  };
  cleanups_.back()->run(std::move(next), [this, group] {
    engine_.after(Milliseconds{0}, [this, group] { clean_up(group + 1); });
  });
}

void Worker::stop(const std::optional<Cause>& cause) {
  // What nobody looked at, or not to the end.
  looked_at_ = Crowd::Begun(crowd_);
  while (auto result = next_unjudged(std::nullopt)) {
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
    tally_.add(result);
  } else if (plan_.settings().verify == VerifyMethod::none) {
    result.state = UploadState::unverified;
    tally_.add(result);
  } else {
    result.state = UploadState::uploaded;  // that is: yet to be judged
    ++unjudged_;
  }
  shared_.results.put(result);
}

std::optional<UploadResult> Worker::next_unjudged(std::optional<std::size_t> group) {
  while (unjudged_ > 0) {
    const auto begun = looked_at_.next();
    if (!begun) break;
    if (group && begun->group != *group) continue;
    auto result = shared_.results.get(begun->index);
    if (result && result->state == UploadState::uploaded) return result;
  }
  return std::nullopt;
}

void Worker::judged(const UploadResult& result) {
  --unjudged_;
  tally_.add(result);
  shared_.results.put(result);
  if (result.state == UploadState::verified) ++hooks_.progress->verified;
}

}  // namespace loadgen
