#include "find_max/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "files/output.hpp"
#include "find_max/page.hpp"
#include "find_max/told.hpp"
#include "redact/secrets.hpp"
#include "scenario/file.hpp"
#include "scenario/values.hpp"
#include "settings/flags.hpp"
#include "upload/read.hpp"

namespace loadgen {
namespace {

/// Settings that the search decides itself, so they are no flags here.
constexpr std::array<std::string_view, 4> of_the_search{"rate", "duration", "uploads", "report"};

/// "5%": of a rate.
Result<double> precision(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size() - (text.ends_with('%') ? 1 : 0);
  const auto [at, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || at != end || !(value >= 1) || value > 50) {
    return failure("", quote(text) + " is no percentage from 1 to 50", "as in 5%");
  }
  return value / 100;
}

std::vector<settings::Setting<FindMaxCommand>> table() {
  using settings::parsed;
  const auto rate = [](double SearchBounds::*into) {
    return parsed(parse_per_time,
                  [into](FindMaxCommand& c, double value) { c.options.bounds.*into = value; });
  };
  const auto time = [](Milliseconds FindMaxOptions::*into) {
    return parsed(positive_duration,
                  [into](FindMaxCommand& c, Milliseconds value) { c.options.*into = value; });
  };
  return {
      {{"from", "R/s", "the lowest rate, which is tried first [1/s]"}, rate(&SearchBounds::from)},
      {{"to", "R/s", "the highest rate that may be tried [100000/s]"}, rate(&SearchBounds::to)},
      {{"precision", "P%", "how far the lowest rate that is too much may be above the result [5%]"},
       parsed(precision,
              [](FindMaxCommand& c, double part) { c.options.bounds.precision = part; })},
      {{"step", "TIME", "how long each rate is held and counts [10s]"},
       time(&FindMaxOptions::step)},
      {{"warm-up", "TIME", "how long before that it is held and does not count [2s]"},
       time(&FindMaxOptions::warm_up)},
      {{"html", "FILE", "write the search as a page"},
       parsed(settings::not_empty,
              [](FindMaxCommand& c, std::string file) { c.html = std::move(file); })},
      {{"json", "FILE", "write the search for programs"},
       parsed(settings::not_empty,
              [](FindMaxCommand& c, std::string file) { c.json = std::move(file); })},
  };
}

}  // namespace

std::shared_ptr<FindMaxCommand> add_find_max(CLI::App& app) {
  auto command = std::make_shared<FindMaxCommand>();
  CLI::App* const added =
      app.add_subcommand("find-max", "Search the highest rate that meets the thresholds");
  command->app = added;
  // Flags win over the file, wherever it stands on the line.
  settings::add_word(*added, {"scenario", "SCENARIO.json", "who uploads what; flags win over it"},
                     [at = command.get()](const std::string& file) -> Result<void> {
                       if (file.empty()) return {};
                       return apply_scenario(at->scenario, file, at->notes);
                     });
  settings::add_flags(*added, table(), *command);
  for (const Setting& setting : settings_table()) {
    if (std::ranges::count(of_the_search, setting.name) > 0) continue;
    Setting shown = setting;
    if (setting.name == "fail-if") shown.help = "a threshold, as in 'end_to_end_p99_ms>2000'";
    settings::add_flag(*added, shown, [at = command.get(), &setting](const std::string& text) {
      return apply_flag(at->scenario, setting, text);
    });
  }
  added->footer(
      "A rate is good when no --fail-if holds, no upload ends badly, and uploads do not wait "
      "longer "
      "and longer.\n"
      "Exit codes: 0 found, 1 not even --from is good, 2 usage, 3 target unreachable or "
      "credentials "
      "refused,\n4 interrupted, or output that could not be written.\n"
      "Examples:\n"
      "  dex-loadgen find-max --url http://127.0.0.1:8080/files --fail-if "
      "'end_to_end_p99_ms>2000'\n"
      "  dex-loadgen find-max partners.json --url http://127.0.0.1:8080/files --from 20/s --to "
      "500/s \\\n"
      "      --precision 2% --step 30s --cleanup --json limit.json");
  return command;
}

bool asked_for(const FindMaxCommand& command) { return command.app->parsed(); }

Result<Searched> run_find_max(const FindMaxCommand& command, std::function<int()> interrupted) {
  const SearchBounds& bounds = command.options.bounds;
  if (bounds.to < bounds.from) return failure("--to", "is below --from");
  // What is wrong with the scenario is told before anything is sent.
  if (const auto good = at_rate(command.scenario, bounds.from, command.options); !good) {
    return tl::unexpected(good.error());
  }
  auto html = files::Output::open("--html", command.html);
  if (!html) return tl::unexpected(html.error());
  auto json = files::Output::open("--json", command.json);
  if (!json) return tl::unexpected(json.error());
  RunHooks hooks;
  hooks.interrupted = std::move(interrupted);
  std::size_t number = 0;
  const auto told = [&](const Step& step) {
    fmt::print(stderr, "step {:>2}: {}\n", ++number, line_of(step, hooks.secrets));
  };
  Searched done;
  done.found = find_max(command.options, by_runs(command.scenario, command.options, hooks), told);
  done.found.secrets = hooks.secrets;
  if (done.found.stopped && done.found.steps.empty() &&
      done.found.stopped->code == ExitCode::usage) {
    return tl::unexpected(done.found.stopped->error);
  }
  const std::string target = redact::shown_url(command.scenario.settings.url);
  done.text = terminal_text(done.found, target);
  if (html->wanted()) done.written = html->write(found_page(done.found, target));
  if (json->wanted()) {
    auto written = json->write(found_json(done.found, command.scenario, target));
    if (!written) done.written = std::move(written);
  }
  return done;
}

}  // namespace loadgen
