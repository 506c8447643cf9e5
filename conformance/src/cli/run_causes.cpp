// The part of RunSession that tells whose fault it is.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "cli/run_session.hpp"
#include "target/prober.hpp"

namespace conformance {
namespace {

using Kind = transport::Failure::Kind;

/// In all, for a target that is busy; and how often it may die and be waited for.
constexpr Milliseconds most_waiting{60'000};
constexpr std::size_t most_deaths = 8;
/// With less time left nothing is tried: silence would then prove nothing.
constexpr Milliseconds least_for_a_trial{500};

Outcome not_run(const std::string& why) { return {Outcome::Kind::blocked, {}, "not run: " + why}; }
Outcome gone() { return not_run("the target is gone: it takes no connections any more"); }

/// A row that is about this status does not run again because of it.
bool is_about(const Requirement& row, int status) {
  const std::string number = std::to_string(status);
  return row.text.find(number) != std::string::npos || row.test.find(number) != std::string::npos;
}

}  // namespace

Milliseconds RunSession::time_to_end() const {
  constexpr Milliseconds at_most{20'000};
  return std::min(plan_.command->run_timeout / 5, at_most);
}

Milliseconds RunSession::time_for_rows() const {
  return std::max(plan_.time_left() - time_to_end(), Milliseconds{0});
}

bool RunSession::knock() const {
  transport::Client client(plan_.session->client);
  transport::Request request;
  request.method = "OPTIONS";
  request.url = plan_.target->url;
  request.timeout = Milliseconds{2000};
  const transport::Exchange seen = client.send(request);
  return seen.response || (seen.failure && seen.failure->kind == Kind::timeout);
}

bool RunSession::is_back() {
  const Milliseconds patience = std::min(plan_.session->patience, time_for_rows());
  const bool back = comes_back([this] { return knock(); }, patience, checks_interrupted);
  if (back) plan_.session->watch.up();
  return back;
}

std::optional<Outcome> RunSession::hopeless() {
  Session& session = *plan_.session;
  if (!session.watch.down() && !session.credentials_refused()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (given_up_) return given_up_;
  if (session.watch.down()) {
    death_ = Death{session.watch.suspects(), false, false};
    death_->came_back = session.watch.deaths() < most_deaths && is_back();
    if (!death_->came_back) return given_up_ = gone();
  }
  if (session.credentials_refused()) {
    TargetOptions options = plan_.target_options;
    options.deadline = std::chrono::steady_clock::now() + time_to_end() / 2;
    Prober prober(options, session.credentials);
    std::vector<std::string> made;
    const auto trial = plan_.target->tried(*plan_.target->foundations().front(), prober, made);
    for (const std::string& upload : made) session.created(upload);
    if (trial && trial->broken()) {
      early_.push_back(*trial);
      const std::string why =
          "refuses the credentials that it took before (401): they expired or were revoked";
      given_up_ = not_run("the target " + why);
      plan_.report.stopped = RunReport::Stopped{
          ExitCode::unreachable,
          fmt::format("{}: {}; give fresh ones with --token-env, or --username-env and "
                      "--password-env, whose tokens are renewed",
                      redact::shown_url(plan_.target->url), why)};
      return given_up_;
    }
    session.credentials_taken(true);
  }
  return std::nullopt;
}

bool RunSession::unsure(const CaseResult& result) const {
  const auto kind = result.outcome.kind;
  const bool broken = kind == Outcome::Kind::broken || kind == Outcome::Kind::broken_must;
  if (kind != Outcome::Kind::blocked && !broken) return false;
  if (result.met.unreachable) return true;
  return kind == Outcome::Kind::blocked && result.met.busy &&
         !is_about(*result.row, result.met.busy->status);
}

bool RunSession::again(const CaseResult& first) {
  if (first.met.unreachable) {
    static_cast<void>(hopeless());
    // Where the target never died in this run, the first verdict stays.
    return death_ && death_->came_back && !given_up_ && after_death_ < most_deaths;
  }
  const Milliseconds pause = std::max(first.met.busy->pause, Milliseconds{100});
  if (waited_ + pause > most_waiting || pause > time_for_rows()) return false;
  waited_ += pause;
  ++ran_again_;
  const auto end = std::chrono::steady_clock::now() + pause;
  while (std::chrono::steady_clock::now() < end && !checks_interrupted()) {
    std::this_thread::sleep_for(Milliseconds{50});
  }
  return true;
}

/// The row ran alone: if the target is gone now, it died of this row.
void RunSession::ran_again(const CaseResult& second) {
  if (!second.met.unreachable || knock()) return;
  Death death;
  death.alone = true;
  for (Watch::Suspect& suspect : plan_.session->watch.suspects()) {
    if (suspect.row == second.row->id) death.suspects.push_back(std::move(suspect));
  }
  if (death.suspects.empty()) death.suspects.push_back({second.row->id, "what this row sends"});
  ++after_death_;
  death.came_back = is_back();
  if (!death.came_back) given_up_ = gone();
  if (death_ && death_->alone) {
    auto& all = death.suspects;
    all.insert(all.begin(), death_->suspects.begin(), death_->suspects.end());
  }
  death_ = std::move(death);
}

void RunSession::find_causes() {
  RunReport& report = plan_.report;
  if (ran_again_ > 0) {
    report.remarks.push_back(fmt::format(
        "{} {} ran again, alone, as the target was busy (423, 429 or 503); waited for it: {}",
        ran_again_, ran_again_ == 1 ? "row" : "rows", ::to_string(waited_)));
  }
  Session& session = *plan_.session;
  const auto unreachable = [](const Judgement& j) { return j.red && j.result.met.unreachable; };
  const auto& all = report.judgements;
  if (!death_ && std::any_of(all.begin(), all.end(), unreachable) && !knock()) {
    death_ = Death{session.watch.suspects(), false, false};
  }
  Tried tried;
  tried.death = death_;
  tried.trials = early_;
  tried.extensions = plan_.command->system->extensions;
  for (const Case& c : rows_.cases) tried.not_offered += c.skip && !c.check.needs.empty() ? 1 : 0;
  const bool asks = !report.interrupted && !report.stopped && !(death_ && !death_->came_back);
  TargetOptions options = plan_.target_options;
  // The other half is for deleting what was made.
  options.deadline =
      std::chrono::steady_clock::now() + std::min(time_to_end() / 2, plan_.time_left());
  Prober prober(options, session.credentials);
  std::vector<std::string> made;
  for (const Foundation* foundation : suspected(report.judgements, plan_.target->foundations())) {
    const auto known = [&](const Trial& trial) { return trial.foundation == foundation; };
    if (!asks || std::any_of(tried.trials.begin(), tried.trials.end(), known)) continue;
    if (prober.time_for_one() < least_for_a_trial) break;
    auto trial = plan_.target->tried(*foundation, prober, made);
    if (trial) tried.trials.push_back(std::move(*trial));
  }
  for (const std::string& upload : made) session.created(upload);
  report.causes = causes_of(report.judgements, tried);
  for (const Cause& cause : report.causes) {
    for (const std::size_t row : cause.rows) report.judgements[row].cause = cause.name;
  }
}

}  // namespace conformance
