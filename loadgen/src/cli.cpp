#include "cli.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "compare/command.hpp"
#include "files/output.hpp"
#include "find_max/command.hpp"
#include "merge/merge.hpp"
#include "merge/shard_file.hpp"
#include "network/network.hpp"
#include "page/page.hpp"
#include "payload/payload.hpp"
#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "redact/secrets.hpp"
#include "report/live.hpp"
#include "report/metrics.hpp"
#include "report/progress.hpp"
#include "report/report.hpp"
#include "results/json.hpp"
#include "run/run.hpp"
#include "scenario/file.hpp"
#include "scenario/forecast.hpp"
#include "scenario/resolved.hpp"
#include "scenario/roster.hpp"
#include "scenario/scenario.hpp"
#include "scenario/values.hpp"
#include "schemas/schemas.hpp"
#include "settings/flags.hpp"

namespace loadgen {
namespace {

int code(ExitCode c) { return static_cast<int>(c); }

/// Masks the secrets that are known by then, and makes control characters harmless.
Error shown(Error error, const redact::Secrets& secrets) {
  if (error.where.find("://") != std::string::npos) error.where = redact::shown_url(error.where);
  for (std::string* part : {&error.where, &error.what, &error.hint}) {
    *part = redact::printable(secrets.mask(*part), redact::Lines::kept);
  }
  return error;
}

void complain(const Error& error, const redact::Secrets& secrets) {
  fmt::print(stderr, "dex-loadgen: {}\n", shown(error, secrets).line());
}

int usage_error(const Error& error, const redact::Secrets& secrets = {}) {
  complain(error, secrets);
  return code(ExitCode::usage);
}

/// Points to --help where the error names no place.
Error with_help(Error error) {
  if (!error.where.empty()) return error;
  error.hint += (error.hint.empty() ? "" : "; ") + std::string("see dex-loadgen --help");
  return error;
}

/// Every loop reads it; volatile sig_atomic_t is safe only within one thread.
std::atomic<int> signals_seen{0};
static_assert(std::atomic<int>::is_always_lock_free, "a handler of signals may not wait");
void on_signal(int) {
  if (signals_seen < 2) ++signals_seen;
}

/// Turns an exception into a RunError, so that the report tells it as well.
RunResult<RunReport> run_or_say_why(const std::shared_ptr<const Scenario>& scenario,
                                    const RunHooks& hooks) {
  try {
    return run(scenario, hooks);
  } catch (const std::exception& e) {
    return tl::unexpected(RunError{ExitCode::interrupted, Error{"", e.what(), ""}});
  }
}

/// Writes --report and returns the exit code: that of the run, but never 0 without its report.
int reported(const RunReport& report, LiveReport* live, const std::optional<Error>& unwritten) {
  const ExitCode outcome = report.exit_code();
  if (report.settings.report.empty()) return code(outcome);
  const auto incomplete = [&](const Error& error) {
    complain(error, report.secrets);
    return code(outcome == ExitCode::good ? ExitCode::interrupted : outcome);
  };
  if (const auto written = write_report(report, report.settings.report); !written) {
    return incomplete(written.error());
  }
  if (unwritten) return incomplete(*unwritten);
  if (live != nullptr) {
    if (const auto written = live->finish(); !written) return incomplete(written.error());
  }
  if (report.is_part() && !report.stopped) {
    const auto written = write_shard_file(report, report.settings.report);
    if (!written) return incomplete(written.error());
  }
  if (!report.stopped) std::cout << "report in " << report.settings.report << "\n";
  return code(outcome);
}

/// A line for each of the user's own files that changed since the run began, `most` lines at most.
/// Reports say nothing of these files.
void tell_of_files(const Scenario& scenario, const redact::Secrets& secrets) {
  constexpr std::size_t most = 10;
  std::set<const OwnFiles*> told;
  for (const Group& group : scenario.groups) {
    const OwnFiles* const own = group.settings.payload.own.get();
    if (own == nullptr || !told.insert(own).second) continue;
    const auto troubles = own->troubles();
    for (std::size_t i = 0; i < std::min(most, troubles.size()); ++i) {
      complain(troubles[i], secrets);
    }
    if (troubles.size() > most) {
      complain({"--file", fmt::format("so it is with {} more", troubles.size() - most), ""},
               secrets);
    }
  }
}

/// Says what a run would do, and sends nothing.
int do_plan(Scenario scenario) {
  // A plan does not depend on the target, so any URL will do.
  if (scenario.settings.url.empty()) scenario.settings.url = "http://127.0.0.1:8080/files";
  if (const auto done = complete(scenario); !done) return usage_error(done.error());
  std::cout << to_string(forecast(scenario), scenario);
  return code(ExitCode::good);
}

/// A shard without a report could not be merged into the whole run.
Result<void> check_shard(const Scenario& scenario) {
  if (!scenario.shard || !scenario.settings.report.empty()) return {};
  return failure("--shard", "needs a report, which 'dex-loadgen merge' puts together",
                 "give --report DIR, another one for each shard");
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // Under nohup, which ignores SIGHUP, the end of the terminal does not end the run.
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
}

/// `metrics_at`: HOST:PORT to serve metrics at; empty: none are served.
int do_run(Scenario given, const std::string& metrics_at) {
  if (const auto good = check_shard(given); !good) return usage_error(good.error());
  if (given.shard) {
    // Now, as the files that the scenario names may change while it runs.
    given.document = resolved(given);
    given.flags.clear();
  }
  if (const auto done = complete(given); !done) return usage_error(done.error());
  const auto scenario = std::make_shared<const Scenario>(std::move(given));
  const Settings& settings = scenario->settings;

  catch_signals();

  // Before the load: a report that cannot be written must not cost one.
  if (!settings.report.empty()) {
    if (const auto good = check_report(settings.report); !good) return usage_error(good.error());
    forget_shard_file(settings.report);
  }

  Progress progress(scenario->groups.size());
  RunHooks hooks;
  hooks.progress = &progress;
  std::atomic<bool> loading{false};
  hooks.interrupted = [&loading] {
    const int seen = signals_seen;
    if (seen == 1 && loading.exchange(false)) {
      fmt::print(stderr,
                 "{}dex-loadgen: interrupted: nothing more starts, and what is in flight is "
                 "waited for; a second time ends it at once\n",
                 ::isatty(STDERR_FILENO) != 0 ? "\n" : "");
    }
    return seen;
  };
  RunMetrics metrics(progress, *scenario);
  std::unique_ptr<MetricsServer> server;
  if (!metrics_at.empty()) {
    auto opened = MetricsServer::open(metrics_at, [&metrics] { return metrics.text(); });
    if (!opened) return usage_error(opened.error());
    server = std::move(*opened);
    fmt::print(stderr, "metrics at {}\n", server->url());
  }
  std::unique_ptr<LiveReport> live;
  std::optional<Error> unwritten;  // of what is written while the run goes on
  hooks.waits = [](http::TimePoint at) {
    fmt::print(stderr, "ready; starts at {}\n", http::format_rfc3339(at));
  };
  hooks.begun = [&](const std::string& run_id, const std::string& url, Time begin) {
    fmt::print(stderr, "run {} to {}\n", run_id, hooks.secrets.mask(redact::shown_url(url)));
    loading = true;
    metrics.begun(run_id);
    if (settings.report.empty()) return;
    auto opened = LiveReport::open(settings.report, *scenario);
    if (!opened) {
      unwritten = std::move(opened.error());
      return;
    }
    live = std::move(*opened);
    live->begin(begin, hooks.secrets);
  };
  hooks.ended = [&](const UploadResult& upload) {
    if (server) metrics.ended(upload);
    if (live) live->ended(upload);
  };
  hooks.second = [&live](const Second& second) {
    if (live) live->second(second);
  };
  if (settings.verify == VerifyMethod::none) {
    fmt::print(stderr, "dex-loadgen: --verify none: uploads will NOT be verified\n");
  }
  RunResult<RunReport> report;
  {
    const ProgressLine line(progress, Roster(*scenario).uploads(),
                            pace_of(::isatty(STDERR_FILENO) != 0), stderr);
    report = run_or_say_why(scenario, hooks);
  }
  if (!report) {
    complain(report.error().error, hooks.secrets);
    if (report.error().code == ExitCode::usage) return code(ExitCode::usage);
    RunReport stopped;
    stopped.settings = settings;
    stopped.scenario = scenario;
    stopped.secrets = hooks.secrets;
    stopped.stopped = RunError{report.error().code, shown(report.error().error, hooks.secrets)};
    return reported(stopped, nullptr, std::nullopt);
  }
  tell_of_files(*scenario, hooks.secrets);
  std::cout << terminal_summary(*report);
  return reported(*report, live.get(), unwritten);
}

struct PageFlags {
  std::string results;  ///< a file, or a folder of --report
  std::string out;
};

/// Makes the page of results again: of those that another machine made, say.
int write_page(const PageFlags& flags) {
  if (flags.results.empty()) {
    return usage_error({"report", "a results.json is needed, or its folder", ""});
  }
  const auto results = read_results(flags.results);
  if (!results) return usage_error(results.error());
  std::error_code ignored;
  const std::filesystem::path given(flags.results);
  const auto folder = std::filesystem::is_directory(given, ignored) ? given : given.parent_path();
  const std::string out = flags.out.empty() ? (folder / "report.html").string() : flags.out;
  if (const auto written = files::replace("--out", out, report_page(*results)); !written) {
    return usage_error(written.error());
  }
  std::cout << results->verdict() << "\npage in " << out << "\n";
  return code(ExitCode::good);
}

struct MergeFlags {
  std::vector<std::string> folders;  ///< the output folder, then those of the shards
  std::vector<Criterion> fail_if;
};

int do_merge(const MergeFlags& flags) {
  if (flags.folders.size() < 2 || std::ranges::count(flags.folders, "") > 0) {
    return usage_error({"merge", "takes a folder to write to, and those of the shards",
                        "as in dex-loadgen merge OUT SHARD..."});
  }
  const std::string& out = flags.folders.front();
  auto merged = merge({flags.folders.begin() + 1, flags.folders.end()}, out, flags.fail_if);
  if (!merged) return usage_error(merged.error());
  if (const auto good = check_report(out); !good) return usage_error(good.error());
  forget_shard_file(out);
  std::optional<Error> unwritten;
  std::unique_ptr<LiveReport> live;
  if (auto opened = LiveReport::open(out, *merged->scenario)) {
    live = std::move(*opened);
    for (const Second& second : merged->seconds) live->second(second);
  } else {
    unwritten = std::move(opened.error());
  }
  std::cout << terminal_summary(*merged);
  return reported(*merged, live.get(), unwritten);
}

int list_networks() {
  for (const auto& network : built_in_networks()) {
    fmt::print("{:<14}{}\n", network.name, network.description);
  }
  return 0;
}

int do_find_max(const FindMaxCommand& command) {
  for (const auto& note : command.notes) fmt::print(stderr, "dex-loadgen: {}\n", note);
  catch_signals();
  const auto searched = run_find_max(command, [] { return int{signals_seen}; });
  if (!searched) return usage_error(searched.error());
  std::cout << searched->text;
  const ExitCode outcome = searched->found.exit_code();
  if (searched->written) return code(outcome);
  complain(searched->written.error(), searched->found.secrets);
  return code(outcome == ExitCode::good ? ExitCode::interrupted : outcome);
}

int do_compare(const CompareCommand& command) {
  const auto compared = run_compare(command);
  if (!compared) return usage_error(compared.error());
  std::cout << compared->text;
  if (!compared->written) {
    complain(compared->written.error(), {});
    return code(ExitCode::interrupted);
  }
  return code(compared->worse ? ExitCode::bad_run : ExitCode::good);
}

struct PayloadFlags {
  Content kind = PayloadKind::hl7;
  Bytes size{1U << 20U};
  std::uint64_t seed = 1;
  std::uint64_t upload = 0;
  std::string out;
};

std::vector<settings::Setting<PayloadFlags>> payload_table() {
  const auto stored = [](auto parse, auto member) {
    return settings::parsed(
        parse, [member](PayloadFlags& flags, auto value) { flags.*member = std::move(value); });
  };
  const auto as_is = [](const std::string& text) -> Result<std::string> { return text; };
  const auto any = settings::whole_number(0, UINT64_MAX);
  return {
      {{"kind", "KIND",
        "random | hl7 | csv | fastq | fastq-gz | fastq-pair | fastq-gz-pair | "
        "compressible[:0.3] | constant [hl7]"},
       stored(parse_content, &PayloadFlags::kind)},
      {{"size", "SIZE", "size of the file [1MiB]"}, stored(parse_bytes, &PayloadFlags::size)},
      {{"seed", "N", "as of a run [1]"}, stored(any, &PayloadFlags::seed)},
      {{"upload", "N", "which upload of the run [0]"}, stored(any, &PayloadFlags::upload)},
      {{"out", "FILE", "file to write [standard output]"}, stored(as_is, &PayloadFlags::out)},
  };
}

int write_payload(const PayloadFlags& flags) {
  if (flags.size < smallest(flags.kind.kind)) {
    return usage_error({"--size",
                        fmt::format("a {} file has at least {} bytes", to_string(flags.kind),
                                    smallest(flags.kind.kind).value),
                        ""});
  }
  std::FILE* file = flags.out.empty() ? stdout : std::fopen(flags.out.c_str(), "wb");
  if (file == nullptr) {
    return usage_error({"--out", fmt::format("{} cannot be written", quote(flags.out)), ""});
  }
  const Payload payload(flags.kind, flags.seed, flags.upload, flags.size);
  std::vector<std::byte> buffer(256U << 10U);
  bool good = true;
  for (Bytes at; good && at < flags.size;) {
    const std::size_t count = payload.read(at, buffer);
    good = std::fwrite(buffer.data(), 1, count, file) == count;
    at += Bytes{count};
  }
  good = std::fflush(file) == 0 && good;
  if (file != stdout) good = std::fclose(file) == 0 && good;
  if (!good) {
    fmt::print(stderr, "dex-loadgen: the payload could not be written to the end\n");
    return code(ExitCode::interrupted);
  }
  return 0;
}

}  // namespace

int command_line(int argc, char** argv) {
  CLI::App app{
      "Uploads to a tus or DEX server the way partners on bad networks do, and says what came "
      "of it."};
  app.name("dex-loadgen");
  app.set_version_flag("--version", fmt::format("dex-loadgen {}", harness_version()));
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  schemas::add_flag(app, "Options", {"scenario", "network", "hosts", "results"});
  app.footer(
      "Exit codes: 0 good, 1 uploads failed, were lost or unverified (or a --fail-if held), 2 "
      "usage,\n"
      "3 target unreachable or credentials refused, 4 interrupted, or output that could not be "
      "written.");

  CLI::App* run_command = app.add_subcommand("run", "Run uploads against a target");
  Scenario scenario;
  std::vector<std::string> notes;
  // Flags win over the file, wherever it stands on the line.
  settings::add_word(*run_command,
                     {"scenario", "SCENARIO.json", "who uploads what, when; flags win over it"},
                     [&](const std::string& file) -> Result<void> {
                       if (file.empty()) return {};
                       return apply_scenario(scenario, file, notes);
                     });
  bool plan = false;
  settings::add_flag(*run_command,
                     {"plan", "", "say what would be done and what it needs, and send nothing"},
                     [&](const std::string&) -> Result<void> {
                       plan = true;
                       return {};
                     });
  settings::add_flag(*run_command,
                     {"scale", "F", "so many times the partners of the scenario, as in 0.05 [1]"},
                     [&](const std::string& text) {
                       return parse_factor(text).map([&](double by) { scenario.scale = by; });
                     });
  std::string metrics_at;
  settings::add_flag(
      *run_command,
      {"metrics", "HOST:PORT", "figures for Prometheus while it runs, as in 127.0.0.1:9100"},
      [&](const std::string& text) -> Result<void> {
        metrics_at = text;
        return {};
      });
  for (const Setting& setting : settings_table()) {
    settings::add_flag(*run_command, setting, [&](const std::string& text) {
      return apply_flag(scenario, setting, text);
    });
  }
  run_command->footer(
      "Examples:\n"
      "  dex-loadgen run --url http://127.0.0.1:8080/files --uploads 200 --concurrency 50\n"
      "  dex-loadgen run --url http://127.0.0.1:8080/files --network flaky --payload hl7 --seed 7\n"
      "  dex-loadgen run --url http://127.0.0.1:1080/files --system tus --rate 20/s --duration 60s "
      "\\\n"
      "      --size lognormal:median=2MiB,sigma=1.2 --fail-if 'end_to_end_p99_ms>2000' --report "
      "out\n"
      "Ctrl-C starts nothing more and waits for what is in flight; a second one stops at once.");

  const auto compare_command = add_compare(app);
  const auto find_max_command = add_find_max(app);
  settings::add_flag(
      *run_command,
      {"shard", "I/N", "do this part of the run, as one of N machines, the first of which is 1/N"},
      [&](const std::string& text) {
        return parse_shard(text).map([&](Shard shard) { scenario.shard = shard; });
      });
  settings::add_flag(
      *run_command,
      {"start-at", "TIME", "begin then, as in 2026-11-29T17:00:00Z or +30s [when it is ready]"},
      [&](const std::string& text) {
        return parse_start(text, std::chrono::system_clock::now()).map([&](auto at) {
          scenario.start_at = at;
        });
      });

  CLI::App* merge_command =
      app.add_subcommand("merge", "Put the reports of shards together, and judge the whole");
  MergeFlags merging;
  merge_command
      ->add_option("folders", merging.folders, "folder to write to, and each shard's --report")
      ->type_name("OUT SHARD");
  settings::add_flag(*merge_command,
                     {"fail-if", "EXPR", "a condition that fails the whole, besides the run's",
                      "Options", "", settings::Times::often},
                     [&](const std::string& text) {
                       return Criterion::parse(text).map([&](Criterion criterion) {
                         merging.fail_if.push_back(std::move(criterion));
                       });
                     });
  merge_command->footer(
      "Example, of two machines with the same scenario, seed and flags:\n"
      "  dex-loadgen run FILE --url URL --shard 1/2 --start-at 2026-11-29T17:00:00Z --report one\n"
      "  dex-loadgen run FILE --url URL --shard 2/2 --start-at 2026-11-29T17:00:00Z --report two\n"
      "  dex-loadgen merge all one two");

  const CLI::App* networks = app.add_subcommand("networks", "List the built-in networks");

  CLI::App* page_command = app.add_subcommand("report", "Make report.html of a results.json again");
  PageFlags page;
  settings::add_word(*page_command,
                     {"results", "RESULTS", "results.json, or the folder of --report that has it"},
                     [&](const std::string& file) -> Result<void> {
                       page.results = file;
                       return {};
                     });
  settings::add_flag(*page_command,
                     {"out", "FILE", "page to write [report.html beside the results]"},
                     [&](const std::string& file) -> Result<void> {
                       page.out = file;
                       return {};
                     });

  CLI::App* payload_command = app.add_subcommand("payload", "Write the bytes of one upload");
  PayloadFlags payload;
  settings::add_flags(*payload_command, payload_table(), payload);

  const auto parsed = settings::parse(app, {argv + 1, argv + argc});
  if (!parsed) return usage_error(with_help(parsed.error()));
  if (*parsed) {
    std::cout << **parsed;
    return 0;
  }
  try {
    if (run_command->parsed()) {
      for (const auto& note : notes) fmt::print(stderr, "dex-loadgen: {}\n", note);
      return plan ? do_plan(std::move(scenario)) : do_run(std::move(scenario), metrics_at);
    }
    if (asked_for(*find_max_command)) return do_find_max(*find_max_command);
    if (asked_for(*compare_command)) return do_compare(*compare_command);
    if (merge_command->parsed()) return do_merge(merging);
    if (networks->parsed()) return list_networks();
    if (page_command->parsed()) return write_page(page);
    return write_payload(payload);
  } catch (const std::exception& e) {
    fmt::print(stderr, "dex-loadgen: {}\n", e.what());
    return code(ExitCode::interrupted);
  }
}

}  // namespace loadgen
