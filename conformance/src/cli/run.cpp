#include "cli/run.hpp"

#include <unistd.h>

#include "cli/complaint.hpp"
#include "cli/run_plan.hpp"
#include "cli/run_session.hpp"
#include "cli/wait.hpp"
#include "report/masked.hpp"

namespace conformance {
namespace {

void write_reports(RunPlan& plan, std::ostream& err) {
  plan.report.duration =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - plan.start);
  plan.report = masked(std::move(plan.report), plan.secrets);
  RunReport& report = plan.report;
  if (plan.against && !report.stopped && !report.interrupted) {
    report.against = compared(plan.command->against, *plan.against, recorded_rows(report));
  }
  Reports::Known known;
  if (plan.baseline) known.baseline = &*plan.baseline;
  known.asked.judge = judging_arguments(plan.command->arguments, plan.systems, plan.secrets);
  known.asked.command = "dex-conformance run --url " + shell_quoted(report.target.url);
  for (const std::string& word : known.asked.judge) known.asked.command += " " + shell_quoted(word);
  known.telling = {{rerun_line(plan.command->arguments, plan.systems, plan.secrets),
                    rerun_line_alone(plan.command->arguments, plan.systems, plan.secrets)},
                   plan.systems,
                   known.asked.command};
  plan.reports->write(report, known, err);
}

/// Reports a run that was stopped before its end.
int stop(RunPlan& plan, const NotPlanned& why, std::ostream& err) {
  plan.report.stopped = RunReport::Stopped{why.code, shown(why.error, plan.secrets).line()};
  const int code = complain({err, plan.secrets}, why.error, why.code);
  write_reports(plan, err);
  return code;
}

}  // namespace

int run(const RunCommand& command, Systems systems, std::ostream& out, std::ostream& err) {
  const redact::Secrets secrets = secrets_of(command.arguments, systems);
  auto plan = plan_run(command, systems, secrets);
  if (!plan) return complain({err, secrets}, plan.error().error, plan.error().code);

  if (auto there = wait_for_target(*plan, err); !there) {
    return stop(*plan, {ExitCode::unreachable, there.error()}, err);
  }
  RunSession session(*plan);
  if (auto ok = session.open(); !ok) return stop(*plan, ok.error(), err);
  TerminalStyle style = style_for(STDOUT_FILENO);
  style.notes = command.notes;
  style.all = command.all;
  style.rerun = rerun_line(command.arguments, systems, secrets);
  style.rerun_alone = rerun_line_alone(command.arguments, systems, secrets);
  TerminalReport terminal(out, style);
  if (auto ok = session.judge(terminal); !ok) {
    return stop(*plan, {ExitCode::harness, ok.error()}, err);
  }
  session.close();

  write_reports(*plan, err);
  terminal.end(plan->report);
  return static_cast<int>(exit_code(plan->report));
}

}  // namespace conformance
