#include "cli/run_session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "report/masked.hpp"
#include "run/cleanup.hpp"
#include "run/gtest_rows.hpp"
#include "run/live_context.hpp"
#include "target/prober.hpp"
#include "transport/client.hpp"

namespace conformance {
namespace {

std::atomic<bool> interrupted{false};
std::atomic<bool> checks_running{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is set by a signal handler");
std::atomic<bool> left_threads{false};

/// Deleting what a run made may take this long after its time is up, and after an interruption.
constexpr std::chrono::seconds cleanup_allowance{5};
constexpr std::chrono::seconds longest_cleanup{60};

/// An Error unless the target speaks HTTP/2 when it is asked in that.
Result<void> answers_in_http2(const std::string& url, const transport::ClientOptions& options) {
  transport::Request request;
  request.method = "OPTIONS";
  request.url = url;
  const auto seen = transport::Client(options).send(request);
  if (seen.response && seen.response->version == "HTTP/2") return {};
  return failure(url,
                 seen.response ? "answers in " + seen.response->version
                               : "gives no answer in HTTP/2: " + seen.failure->message,
                 "--http 1 judges it in HTTP/1.1");
}

}  // namespace

void interrupt_checks() noexcept {
  // There is nothing to report before the first check, and no patience after a second signal.
  if (!checks_running || interrupted.exchange(true)) _exit(static_cast<int>(ExitCode::harness));
}

bool checks_interrupted() noexcept { return interrupted; }

bool checks_left_behind() noexcept { return left_threads; }

std::optional<Error> RunSession::objection(const Discovered& found) {
  const RunCommand& command = *plan_.command;
  if (!command.system_given || !found.trials.empty()) {
    Prober prober(plan_.target_options, plan_.session->credentials);
    for (const System* other : plan_.systems) {
      if (other == command.system || other->recognises == nullptr) continue;
      const auto shown = other->recognises(prober, plan_.target->url);
      if (!shown) continue;
      return Error{
          "--system", fmt::format("{}, and would be judged as {}", *shown, command.system->name),
          fmt::format("give --system {}{}", other->name,
                      command.system_given
                          ? ", or --keep-going"
                          : fmt::format(", or --system {} to have it so", command.system->name))};
    }
  }
  return found.objection;
}

tl::expected<void, NotPlanned> RunSession::open() {
  const RunCommand& command = *plan_.command;
  RunReport& report = plan_.report;
  const bool http2 = command.http == transport::HttpVersion::http2;
  auto found = plan_.target->discover(plan_.session->credentials);
  if (!found) {
    Error error = found.error();
    if (http2) {
      if (!error.hint.empty()) error.hint += "; ";
      error.hint += "it is asked in HTTP/2 (--http)";
    }
    return tl::unexpected(NotPlanned{ExitCode::unreachable, std::move(error)});
  }
  for (const std::string& upload : found->created) plan_.session->created(upload);
  if (http2) {
    if (auto ok = answers_in_http2(plan_.target->url, plan_.session->client); !ok) {
      close();
      return tl::unexpected(NotPlanned{ExitCode::unreachable, ok.error()});
    }
    found->remarks.emplace_back("judged in HTTP/2, but for what needs a raw connection");
  }
  report.target = plan_.target->facts();
  report.remarks = found->remarks;
  if (auto against = objection(*found)) {
    if (!command.keep_going) {
      close();
      return tl::unexpected(NotPlanned{ExitCode::usage, *against});
    }
    report.remarks.push_back(against->line());
  } else if (!command.system_given) {
    report.remarks.push_back(
        fmt::format("judged as {}, as no --system is given and nothing shows "
                    "that it is another one",
                    command.system->name));
  }
  early_ = found->trials;
  auto rows = make_plan(plan_.catalogue, checks_of(plan_.systems), command.selection,
                        *command.system, *plan_.target);
  if (!rows) return tl::unexpected(NotPlanned{ExitCode::harness, rows.error()});
  rows_ = std::move(*rows);
  report.unchecked = rows_.unchecked;
  report.slow_left_out = rows_.slow_left_out;
  rules_.strict = command.strict;
  rules_.required = {command.required.begin(), command.required.end()};
  rules_.today = std::chrono::floor<std::chrono::days>(report.started);
  for (const std::string& extension : rules_.required) {
    const bool there =
        extension == integrity ? shows_bytes(report.target) : plan_.target->offers(extension);
    if (!there) report.missing_extensions.push_back(extension);
  }
  return {};
}

RunnerOptions RunSession::runner_options() {
  RunnerOptions running;
  running.jobs = plan_.command->jobs;
  running.case_timeout = plan_.command->case_timeout;
  running.run_timeout = time_for_rows();
  running.interrupted = [] { return interrupted.load(); };
  running.hopeless = [this] { return hopeless(); };
  running.unsure = [this](const CaseResult& result) { return unsure(result); };
  running.again = [this](const CaseResult& first) { return again(first); };
  running.ran_again = [this](const CaseResult& second) { ran_again(second); };
  return running;
}

Result<void> RunSession::judge(TerminalReport& terminal) {
  RunReport& report = plan_.report;
  terminal.begin(masked(report.target, plan_.secrets), report.run_id, cases());
  for (const std::string& remark : report.remarks) terminal.remark(plan_.secrets.mask(remark));

  std::vector<const Requirement*> rows;
  for (const Case& c : rows_.cases) rows.push_back(c.row);
  checks_running = true;
  Result<void> told = [&] {
    Runner runner(runner_options(), live_contexts(plan_.session), rows_.cases);
    auto in_order = run_as_gtest_rows(rows, [&](std::size_t index) -> const Judgement& {
      const CaseResult& result = runner.wait(
          index, [&](std::size_t finished) { terminal.progress(finished, runner.size()); });
      report.judgements.push_back(
          conformance::judge(masked(result, plan_.secrets), rows_.cases[index].check.needs,
                             plan_.baseline ? &*plan_.baseline : nullptr, rules_));
      terminal.judged(report.judgements.back());
      return report.judgements.back();
    });
    if (in_order) left_threads = runner.abandoned() > 0;
    return in_order;
  }();
  for (std::size_t n = 1; told && n < plan_.command->repeat; ++n) judge_again(terminal);
  return told;
}

void RunSession::judge_again(TerminalReport& terminal) {
  RunReport& report = plan_.report;
  Runner runner(runner_options(), live_contexts(plan_.session), rows_.cases);
  for (std::size_t i = 0; i < rows_.cases.size(); ++i) {
    const CaseResult& result =
        runner.wait(i, [&](std::size_t finished) { terminal.progress(finished, runner.size()); });
    Judgement& judgement = report.judgements[i];
    if (!result.ran) {
      ++report.repeat_lacks;
      continue;
    }
    const bool was_red = judgement.red;
    judgement = judged_again(std::move(judgement), masked(result, plan_.secrets),
                             rows_.cases[i].check.needs,
                             plan_.baseline ? &*plan_.baseline : nullptr, rules_);
    if (judgement.red && !was_red) terminal.judged(judgement);
  }
  if (runner.abandoned() > 0) left_threads = true;
}

void RunSession::close() {
  RunReport& report = plan_.report;
  report.interrupted = interrupted;
  find_causes();
  auto cleanup = remove_uploads(
      *plan_.session, plan_.command->jobs,
      report.interrupted
          ? cleanup_allowance
          : std::clamp<Milliseconds>(plan_.time_left(), cleanup_allowance, longest_cleanup));
  report.uploads_removed = cleanup.removed;
  report.uploads_left = std::move(cleanup.left);
  report.spoken = plan_.session->spoken();
}

}  // namespace conformance
