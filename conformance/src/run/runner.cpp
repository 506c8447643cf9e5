#include "run/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>

#include "protocol/units.hpp"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;

/// What a case's thread and the slot that waits for it share; outlives whichever ends first.
struct Attempt {
  MakeContext make;
  Case the_case;
  Clock::time_point deadline;
  std::shared_ptr<Evidence> evidence = std::make_shared<Evidence>();
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Outcome> outcome;
};

/// A server's field may be as long as a head; a reader needs only its beginning.
void shorten(std::string& text) {
  constexpr std::size_t enough = 4096;
  if (text.size() <= enough) return;
  const std::size_t all = text.size();
  text.resize(enough);
  text += fmt::format("... ({} bytes)", all);
}

Outcome error(std::string what) { return {Outcome::Kind::error, {}, std::move(what)}; }

/// Only while it reads a raw connection may a check wait for the target beyond its time; anything
/// else is a fault of the harness.
Outcome not_ended(Milliseconds time, bool by_hand) {
  const std::string what = fmt::format("did not end within {} (--case-timeout)", ::to_string(time));
  if (!by_hand) return error(what);
  return {Outcome::Kind::blocked, "answers in time", what + ", waiting on a raw connection"};
}

Outcome judge(const Attempt& attempt) {
  try {
    const auto context = attempt.make(*attempt.the_case.row, attempt.evidence, attempt.deadline);
    return attempt.the_case.check.run(*context);
  } catch (const Stop& stop) {
    return stop.outcome;
  } catch (const std::exception& e) {
    return error(fmt::format("the check threw: {}", e.what()));
  } catch (...) {
    return error("the check threw something that is no std::exception");
  }
}

/// Without this an outage would be told as a list of broken rules. A baseline cannot hide it: what
/// is blocked is red.
Outcome unless_turned_away(Outcome outcome, const Evidence& evidence) {
  const bool broken =
      outcome.kind == Outcome::Kind::broken || outcome.kind == Outcome::Kind::broken_must;
  if (!broken) return outcome;
  if (const auto what = evidence.turned_away()) {
    outcome.kind = Outcome::Kind::blocked;
    outcome.got +=
        fmt::format("; not judged, a gateway or an overloaded server answered {}", *what);
  }
  return outcome;
}

}  // namespace

void Evidence::turned_away(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (!turned_away_) turned_away_ = what;
}

std::optional<std::string> Evidence::turned_away() const {
  const std::lock_guard lock(mutex_);
  return turned_away_;
}

void Evidence::spoke(std::string http) {
  const std::lock_guard lock(mutex_);
  spoken_.insert(std::move(http));
}

std::set<std::string> Evidence::spoken() const {
  const std::lock_guard lock(mutex_);
  return spoken_;
}

void Evidence::sent(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  ++traffic_.requests;
  traffic_.bytes += bytes;
}

void Evidence::made() {
  const std::lock_guard lock(mutex_);
  ++traffic_.uploads;
}

Traffic Evidence::traffic() const {
  const std::lock_guard lock(mutex_);
  return traffic_;
}

void Evidence::step(const Step& step) {
  const std::lock_guard lock(mutex_);
  met_.last_held = step.lacks.empty();
  if (met_.last_held) return;
  std::erase(met_.unheld, step);
  met_.unheld.push_back(step);
}

void Evidence::by_hand() {
  const std::lock_guard lock(mutex_);
  met_.by_hand = true;
}

void Evidence::unreachable() {
  const std::lock_guard lock(mutex_);
  met_.unreachable = true;
}

void Evidence::busy(Busy busy) {
  const std::lock_guard lock(mutex_);
  met_.busy = busy;
}

Evidence::Met Evidence::met() const {
  const std::lock_guard lock(mutex_);
  return met_;
}

void Evidence::add(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (full_) return;
  full_ = text.size() > most_evidence.value - text_.size();
  text_.append(text, 0, most_evidence.value - text_.size());
  if (full_) text_ += fmt::format("\n! cut: more than {}\n", ::to_string(most_evidence));
}

std::string Evidence::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

struct Runner::State {
  RunnerOptions options;
  MakeContext make;
  std::vector<Case> cases;
  std::vector<CaseResult> results;
  std::vector<char> have;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> finished{0};
  std::atomic<std::size_t> abandoned{0};
  std::atomic<bool> ending{false};
  std::vector<std::pair<std::size_t, CaseResult>> unsure;  ///< with their first verdict
  std::atomic<std::size_t> working{0};                     ///< slots
  Clock::time_point run_deadline;
  std::vector<std::thread> slots;

  [[nodiscard]] bool over() const { return ending || options.interrupted(); }

  void publish(std::size_t index, CaseResult result) {
    result.verdict = verdict_of(result.outcome, result.row->level);
    shorten(result.outcome.expected);
    shorten(result.outcome.got);
    {
      const std::lock_guard lock(mutex);
      results[index] = std::move(result);
      have[index] = 1;
      ++finished;
    }
    changed.notify_all();
  }

  [[nodiscard]] CaseResult run_one(std::size_t index);
  [[nodiscard]] CaseResult run_again(std::size_t index, CaseResult first);
  void work();
};

CaseResult Runner::State::run_one(std::size_t index) {
  const Case& the_case = cases[index];
  CaseResult result;
  result.row = the_case.row;
  const auto start = Clock::now();
  if (the_case.skip) {
    result.outcome = not_offered(*the_case.skip);
  } else if (over()) {
    result.ran = false;
    result.outcome = error("not run: the run was interrupted");
  } else if (start >= run_deadline) {
    result.ran = false;
    result.outcome = error("not run: the time of the run was up (--run-timeout)");
  } else if (auto why = options.hopeless()) {
    result.ran = false;
    result.outcome = std::move(*why);
  } else {
    const auto attempt = std::make_shared<Attempt>();
    attempt->make = make;
    attempt->the_case = the_case;
    attempt->deadline = std::min(start + options.case_timeout, run_deadline);
    std::thread thread([attempt] {
      Outcome outcome = unless_turned_away(judge(*attempt), *attempt->evidence);
      const std::lock_guard lock(attempt->mutex);
      attempt->outcome = std::move(outcome);
      attempt->done.notify_all();
    });
    const auto give_up = attempt->deadline + options.grace;
    std::unique_lock lock(attempt->mutex);
    while (!attempt->outcome && Clock::now() < give_up && !over()) {
      attempt->done.wait_for(lock, Milliseconds{50});
    }
    if (attempt->outcome) {
      result.outcome = *attempt->outcome;
      lock.unlock();
      thread.join();
    } else {
      lock.unlock();
      thread.detach();
      ++abandoned;
      const auto time = std::chrono::duration_cast<Milliseconds>(attempt->deadline - start);
      result.outcome = over() ? error("interrupted while it ran")
                              : not_ended(time, attempt->evidence->met().by_hand);
    }
    result.transcript = attempt->evidence->text();
    result.spoken = attempt->evidence->spoken();
    result.sent = attempt->evidence->traffic();
    result.met = attempt->evidence->met();
  }
  result.duration = std::chrono::duration_cast<Milliseconds>(Clock::now() - start);
  return result;
}

CaseResult Runner::State::run_again(std::size_t index, CaseResult first) {
  if (over() || Clock::now() >= run_deadline || !options.again(first)) return first;
  CaseResult second = run_one(index);
  if (!second.ran) return first;
  options.ran_again(second);
  constexpr std::string_view between = "# all that again, alone, when the others were done\n\n";
  second.transcript = first.transcript + std::string(between) + second.transcript;
  second.duration += first.duration;
  return second;
}

void Runner::State::work() {
  for (std::size_t i = next++; i < cases.size(); i = next++) {
    CaseResult result = run_one(i);
    result.verdict = verdict_of(result.outcome, result.row->level);
    if (result.ran && options.unsure(result)) {
      const std::lock_guard lock(mutex);
      unsure.emplace_back(i, std::move(result));
    } else {
      publish(i, std::move(result));
    }
  }
  if (--working > 0) return;
  // This slot is the last at work, so nobody else touches `unsure`.
  std::sort(unsure.begin(), unsure.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [index, first] : unsure) publish(index, run_again(index, std::move(first)));
}

Runner::Runner(RunnerOptions options, MakeContext make, std::vector<Case> cases)
    : state_(std::make_shared<State>()) {
  state_->options = std::move(options);
  state_->make = std::move(make);
  state_->cases = std::move(cases);
  state_->results.resize(state_->cases.size());
  state_->have.resize(state_->cases.size());
  state_->run_deadline = Clock::now() + state_->options.run_timeout;
  const std::size_t jobs = std::clamp<std::size_t>(state_->options.jobs, 1, 256);
  const std::size_t slots = std::min(jobs, state_->cases.size());
  state_->working = slots;
  for (std::size_t i = 0; i < slots; ++i) {
    state_->slots.emplace_back([state = state_.get()] { state->work(); });
  }
}

Runner::~Runner() {
  state_->ending = true;
  for (std::thread& slot : state_->slots) slot.join();
}

std::size_t Runner::size() const { return state_->cases.size(); }
std::size_t Runner::finished() const { return state_->finished; }
std::size_t Runner::abandoned() const { return state_->abandoned; }

const CaseResult& Runner::wait(std::size_t index, const std::function<void(std::size_t)>& waiting) {
  std::unique_lock lock(state_->mutex);
  while (state_->have.at(index) == 0) {
    state_->changed.wait(lock);
    if (!waiting) continue;
    const std::size_t finished = state_->finished;
    lock.unlock();
    waiting(finished);
    lock.lock();
  }
  return state_->results[index];
}

}  // namespace conformance
