#include "run/worker.hpp"

#include <algorithm>
#include <utility>

namespace loadgen {
namespace {
constexpr Milliseconds interrupt_poll{100};

template <class F>
void with(Progress* progress, F change) {
  if (progress != nullptr) change(*progress);
}
}  // namespace

Worker::Worker(const RunPlan& plan, const RunHooks& hooks, ScheduleOptions schedule, Time start)
    : plan_(plan),
      hooks_(hooks),
      engine_(plan.engine),
      line_(engine_, plan.settings.network),
      authorizer_(line_.top(), plan.credentials),
      schedule_(schedule, start) {
  for (const auto& host : plan.hosts) engine_.pin(host);
}

void Worker::run() {
  engine_.after(Milliseconds{0}, [this] { fill(); });
  watch_interrupt();
  engine_.run();
}

void Worker::watch_interrupt() {
  const int level = hooks_.interrupted();
  if (level >= 1 && !closed_) {
    closed_ = true;
    schedule_.close(engine_.now());
    maybe_verify();
  }
  if (level >= 2) {
    for (const auto& [index, partner] : partners_) {
      results_.push_back(with_cuts(partner->upload->interrupted(), *partner));
    }
    not_started_ = schedule_.not_started(engine_.now());
    stop();
    return;
  }
  engine_.after(interrupt_poll, [this] { watch_interrupt(); });
}

void Worker::fill() {
  while (const auto start = schedule_.take(engine_.now())) begin(*start);
  if (const auto due = schedule_.next_due(); due && !due_timer_) {
    due_timer_ = true;
    const auto wait = std::chrono::ceil<Milliseconds>(*due - engine_.now());
    engine_.after(std::max(wait, Milliseconds{0}), [this] {
      due_timer_ = false;
      fill();
    });
  }
  maybe_verify();
}

void Worker::begin(const Schedule::Start& start) {
  const Bytes size = plan_.settings.size.size_of(plan_.settings.seed, start.upload);
  const std::uint64_t index = start.upload;
  Upload::Events events;
  events.uploaded = [this] {
    schedule_.ended();
    with(hooks_.progress, [](Progress& p) { --p.in_flight; });
    engine_.after(Milliseconds{0}, [this] { fill(); });
  };
  events.ended = [this, index] { ended(index); };
  events.acknowledged = [this](Bytes more) {
    with(hooks_.progress, [&](Progress& p) { p.acknowledged_bytes += more.value; });
  };
  CutPlan cuts(plan_.settings.network, plan_.settings.seed, index, size);
  auto partner = std::make_unique<Partner>(Partner{{line_.top(), std::move(cuts)}, nullptr});
  partner->upload = plan_.client->upload({partner->link, authorizer_, *plan_.client}, index, size,
                                         start.intended, std::move(events));
  Upload& started = *partner->upload;
  partners_.emplace(index, std::move(partner));
  with(hooks_.progress, [](Progress& p) {
    ++p.started;
    ++p.in_flight;
  });
  started.start();
}

UploadResult Worker::with_cuts(UploadResult result, const Partner& partner) {
  result.cuts = partner.link.happened();
  return result;
}

void Worker::ended(std::uint64_t index) {
  const auto found = partners_.find(index);
  results_.push_back(with_cuts(found->second->upload->result(), *found->second));
  const UploadResult& result = results_.back();
  with(hooks_.progress, [&](Progress& p) {
    p.cuts += result.cuts.size();
    ++(result.state == UploadState::uploaded ? p.uploaded : p.failed);
  });
  // Its own member function is still on the stack.
  auto keep = std::make_shared<std::unique_ptr<Partner>>(std::move(found->second));
  partners_.erase(found);
  engine_.after(Milliseconds{0}, [this, keep] { maybe_verify(); });
}

void Worker::maybe_verify() {
  if (verifying_ || !partners_.empty() || !schedule_.exhausted(engine_.now())) {
    // An open loop may be waiting for the end of its duration only.
    if (!verifying_ && partners_.empty() && !due_timer_ && !schedule_.next_due()) {
      engine_.after(interrupt_poll, [this] { maybe_verify(); });
    }
    return;
  }
  verifying_ = true;
  not_started_ = schedule_.not_started(engine_.now());
  if (plan_.settings.verify == VerifyMethod::none) {
    for (auto& result : results_) {
      if (result.state == UploadState::uploaded) result.state = UploadState::unverified;
    }
    stop();
    return;
  }
  with(hooks_.progress, [](Progress& p) { p.verifying = true; });
  Verifier::Options options;
  options.method = plan_.settings.verify;
  options.control_url = plan_.control_url;
  options.stall_timeout = std::max(plan_.settings.network.stall_timeout, Milliseconds{30'000});
  if (!plan_.settings.delivered_dir.empty()) {
    auto files = DeliveredFiles::scan(plan_.settings.delivered_dir, plan_.client->options().run_id);
    if (files) {
      options.delivered = std::move(*files);
    } else {
      for (auto& result : results_) {
        if (result.state != UploadState::uploaded) continue;
        result.state = UploadState::unverified;
        result.cause = Cause{"verify: cannot read the delivered files", files.error().line()};
      }
      stop();
      return;
    }
  }
  verifier_ = std::make_unique<Verifier>(engine_, authorizer_, *plan_.client, std::move(options));
  verifier_->run(results_, [this] {
    verified_by_ = verifier_->method();
    stop();
  });
}

void Worker::stop() { engine_.stop(); }

}  // namespace loadgen
