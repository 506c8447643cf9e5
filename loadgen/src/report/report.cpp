#include "report/report.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "files/output.hpp"
#include "page/page.hpp"
#include "protocol/http/date.hpp"
#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "report/of_run.hpp"
#include "report/uploads_csv.hpp"
#include "results/json.hpp"
#include "stats/criterion.hpp"
#include "transport/exchange.hpp"

namespace loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* summary_file = "summary.json";
constexpr const char* uploads_file = "uploads.csv";
constexpr const char* results_file = "results.json";
constexpr const char* page_file = "report.html";
// Written by LiveReport.
constexpr const char* seconds_file = "seconds.csv";

std::array<std::pair<const char*, const Histogram*>, 8> latencies(const Stats& s) {
  return {{{"create", &s.create},
           {"upload", &s.upload},
           {"resume", &s.resume},
           {"service", &s.service},
           {"end to end", &s.end_to_end},
           {"deliver", &s.deliver},
           {"start lag", &s.start_lag},
           {"loop lag", &s.loop_lag}}};
}

std::string milliseconds(double value) {
  if (value >= 10'000) return fmt::format("{:.1f} s", value / 1000);
  return value >= 100 ? fmt::format("{:.0f} ms", value) : fmt::format("{:.1f} ms", value);
}

std::string hex(std::uint64_t value) { return fmt::format("{:016x}", value); }

/// Servers may repeat what they were sent, by its value or by its name. A storage that refuses a
/// URL tells its signature, and whoever has that may do what the URL is for.
std::string masked(const RunReport& report, const std::string& text) {
  return report.secrets.mask(transport::redact(text));
}

/// Without secrets, and without what steers a terminal.
std::string shown(const RunReport& report, const std::string& text) {
  return redact::printable(masked(report, text));
}

/// One line, with line feeds and the like as in errors.
std::string line_of(const RunReport& report, const std::string& text) {
  const Error error{"", redact::printable(masked(report, text), redact::Lines::kept), ""};
  return error.line();
}

std::string shown_url(const RunReport& report) {
  return shown(report, redact::shown_url(report.settings.url));
}

std::string verdict(const RunReport& report) {
  const std::string text = verdict_of(report.stats, rules_of(report.settings), report.ending());
  return report.stopped ? shown(report, text) : text;
}

std::uint64_t bad_of(const RunReport& report, const Stats& s) {
  return loadgen::bad_of(s, rules_of(report.settings));
}

// Head and rows have at most 80 columns.
void head_of_table(std::string& out, const char* what) {
  fmt::format_to(std::back_inserter(out), "\n{:<16}{:>8}{:>8}{:>5}{:>11}{:>10}{:>9}{:>6}{:>6}\n",
                 what, "uploads", "good", "bad", "acked", "p50", "p99", "late", "unmet");
}

/// "-" where nothing has ended.
std::string shown_percentile(const Histogram& times, double percent) {
  return times.count() == 0 ? "-" : milliseconds(times.percentile_ms(percent));
}

void row_of_table(std::string& out, const std::string& name, const Stats& s, std::uint64_t bad) {
  fmt::format_to(std::back_inserter(out), "{:<16}{:>8}{:>8}{:>5}{:>11}{:>10}{:>9}{:>6}{:>6}\n",
                 name, s.started, s.started - std::min(bad, s.started), bad,
                 to_string(s.acknowledged), shown_percentile(s.end_to_end, 50),
                 shown_percentile(s.end_to_end, 99), s.late_starts, s.not_started);
}

/// What each group of partners, and each phase, came to; nothing where there is only one.
std::string tables(const RunReport& report) {
  std::string out;
  if (!report.scenario) return out;
  const Scenario& scenario = *report.scenario;
  if (scenario.groups.size() > 1) {
    head_of_table(out, "partners");
    for (std::size_t i = 0; i < scenario.groups.size(); ++i) {
      const Stats& of = report.tally.group(i);
      row_of_table(out, scenario.groups[i].name, of, bad_of(report, of));
    }
  }
  if (scenario.phases.size() > 1) {
    head_of_table(out, "phase");
    for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
      const Stats& of = report.tally.phase(i);
      row_of_table(out, scenario.phases[i].name, of, bad_of(report, of));
    }
  }
  if (out.empty()) return out;
  return out +
         "(p50, p99: end to end, from when an upload was due to its last byte; late: it started\n"
         "100 ms or more after that; unmet: it was due and never started)\n";
}

/// "network flaky  payload hl7", or how many groups of partners have one each.
std::string what_ran(const RunReport& report) {
  const std::size_t groups = report.scenario ? report.scenario->groups.size() : 1;
  if (groups > 1) {
    const double scale = report.scenario->scale;
    return fmt::format("{} groups of partners{}", groups,
                       scale == 1 ? "" : fmt::format("  --scale {:g}", scale));
  }
  const Settings& s = report.scenario ? report.scenario->groups.front().settings : report.settings;
  return fmt::format("network {}  payload {}", s.network.name, to_string(s.payload));
}

/// Of files of one's own nothing is told but what each upload had to send.
std::string size_of(const Settings& settings) {
  return settings.payload.own ? "of the files" : settings.size.text();
}

/// "3, of 1203, 1187 and 1210 uploads".
std::string shown_parts(const RunReport& report) {
  std::string uploads;
  for (const PartOfRun& part : report.parts) {
    if (!uploads.empty()) uploads += &part == &report.parts.back() ? " and " : ", ";
    uploads += fmt::format("{}", part.uploads);
  }
  return fmt::format("{}, of {} uploads", report.parts.size(), uploads);
}

}  // namespace

std::string terminal_summary(const RunReport& report) {
  const Stats& s = report.stats;
  std::string out = verdict(report) + "\n\n";
  auto to = std::back_inserter(out);
  if (report.scenario && !report.scenario->description.empty()) {
    fmt::format_to(to, "scenario   {}\n", line_of(report, report.scenario->description));
  }
  fmt::format_to(to, "run        {}  seed {}  {}\n", report.run_id, report.settings.seed,
                 what_ran(report));
  fmt::format_to(to, "target     {}\n", shown_url(report));
  if (!report.parts.empty()) fmt::format_to(to, "shards     {}\n", shown_parts(report));
  fmt::format_to(to, "uploads    {} started: {} verified, {} unverified, {} lost, {} failed",
                 s.started, s.verified, s.unverified, s.lost, s.failed);
  if (s.wrong > 0) fmt::format_to(to, ", {} wrong", s.wrong);
  if (s.interrupted > 0) fmt::format_to(to, ", {} interrupted", s.interrupted);
  if (s.not_started > 0) fmt::format_to(to, "; {} were due but could not start", s.not_started);
  std::string by = fmt::format("by {}", to_string(report.verified_by));
  if (report.settings.verify == VerifyMethod::none) {
    by = "NOTHING: --verify none was given, no byte was looked at";
  } else if (s.verified == 0) {
    by = "nothing";
  }
  fmt::format_to(to, "\nverified   {}\n", by);
  fmt::format_to(to, "goodput    {:.1f} MiB/s acknowledged ({} in {:.2f} s)\n", s.goodput_mib_s(),
                 to_string(s.acknowledged), s.elapsed_s());
  fmt::format_to(
      to, "sent       {}, of it {} in vain ({:.1f} %)\n", to_string(s.sent), to_string(s.waste()),
      s.sent.value > 0
          ? 100 * static_cast<double>(s.waste().value) / static_cast<double>(s.sent.value)
          : 0.0);
  if (s.rolled_back.value > 0) {
    fmt::format_to(to, "           {} were acknowledged once and denied later\n",
                   to_string(s.rolled_back));
  }
  if (s.never_sent.value > 0) {
    fmt::format_to(to, "           {} were acknowledged and had not been sent\n",
                   to_string(s.never_sent));
  }
  fmt::format_to(to, "cuts       {} ({} silent), digest {}\n", s.cuts, s.silent_cuts,
                 hex(s.cuts_digest));
  fmt::format_to(to, "recovery   {} retries, {} resumes, {} begun again\n", s.retries, s.resumes,
                 s.new_uploads);
  if (s.second_writers > 0) {
    fmt::format_to(
        to, "writers    {} times two at once: {} refused (409, 423), {} both let in, {} else\n",
        s.second_writers, s.second_refused, s.second_accepted,
        s.second_writers - s.second_refused - s.second_accepted);
  }
  if (s.redeliveries > 0) {
    fmt::format_to(to, "deliveries {} asked for again after a failure\n", s.redeliveries);
  }
  if (report.settings.cleanup) {
    fmt::format_to(to, "cleanup    {} removed, {} left behind\n", report.removed,
                   report.left_behind);
  }
  out += tables(report);
  fmt::format_to(to, "\n{:<12}{:>8}{:>11}{:>11}{:>11}{:>11}\n", "latency", "count", "p50", "p90",
                 "p99", "max");
  for (const auto& [name, h] : latencies(s)) {
    if (h->count() == 0) continue;
    fmt::format_to(to, "{:<12}{:>8}{:>11}{:>11}{:>11}{:>11}\n", name, h->count(),
                   milliseconds(h->percentile_ms(50)), milliseconds(h->percentile_ms(90)),
                   milliseconds(h->percentile_ms(99)),
                   milliseconds(static_cast<double>(h->max().count()) / 1000));
  }
  if (!report.notes.empty()) out += "\nnot as it was told\n";
  for (const auto& note : report.notes) fmt::format_to(to, "  {}\n", line_of(report, note));
  if (!s.causes.empty()) {
    out += "\nwhat went wrong\n";
    for (const auto& [what, cause] : s.causes) {
      fmt::format_to(to, "{:>8}  {}", cause.count, line_of(report, what));
      if (!cause.example.empty()) {
        fmt::format_to(to, "  e.g. {}", line_of(report, cause.example));
      }
      out += '\n';
    }
  }
  fmt::format_to(to, "\n{}\n", verdict(report));
  return out;
}

namespace {

Json summary_of(const Stats& stats) {
  Json summary;
  for (const auto& [name, value] : summary_fields(stats)) {
    if (value == std::floor(value) && std::abs(value) < 9e15) {
      summary[name] = static_cast<std::int64_t>(value);
    } else {
      summary[name] = value;
    }
  }
  return summary;
}

}  // namespace

std::string summary_json(const RunReport& report) {
  const Stats& s = report.stats;
  Json root;
  root["tool"] = "dex-loadgen";
  root["version"] = harness_version();
  root["run_id"] = report.run_id;
  root["target"] = shown_url(report);
  if (report.is_part()) root["shard"] = to_string(*report.scenario->shard);
  for (const PartOfRun& part : report.parts) {
    root["shards"].push_back({{"shard", to_string(part.shard)},
                              {"run_id", part.run_id},
                              {"target", part.target},
                              {"began", http::format_rfc3339(part.began)},
                              {"uploads", part.uploads}});
  }
  root["system"] = report.settings.system->name;
  root["seed"] = report.settings.seed;
  root["network"] = report.settings.network.name;
  root["payload"] = to_string(report.settings.payload);
  root["size"] = size_of(report.settings);
  root["concurrency"] = *report.settings.concurrency;
  root["rate_per_s"] = report.settings.rate;
  root["verify"] = to_string(report.settings.verify);
  root["verified_by"] = to_string(report.verified_by);
  root["exit_code"] = static_cast<int>(report.exit_code());
  root["verdict"] = verdict(report);
  root["gave_up"] = report.gave_up;
  root["removed"] = report.removed;
  root["left_behind"] = report.left_behind;
  root["notes"] = Json::array();
  for (const auto& note : report.notes) root["notes"].push_back(masked(report, note));
  root["conditions_hit"] = report.conditions_hit;
  // 64 bits do not survive a JSON number everywhere.
  root["cuts_digest"] = hex(s.cuts_digest);
  root["summary"] = summary_of(s);
  if (report.scenario) {
    const Scenario& scenario = *report.scenario;
    Json& groups = root["groups"] = Json::array();
    for (std::size_t i = 0; i < scenario.groups.size(); ++i) {
      const Group& group = scenario.groups[i];
      groups.push_back({{"name", group.name},
                        {"system", group.settings.system->name},
                        {"network", group.settings.network.name},
                        {"payload", to_string(group.settings.payload)},
                        {"size", size_of(group.settings)},
                        {"summary", summary_of(report.tally.group(i))}});
    }
    Json& phases = root["phases"] = Json::array();
    for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
      const Phase& phase = scenario.phases[i];
      Json one{{"name", phase.name}, {"kind", to_string(phase.kind)}};
      if (phase.lasts) one["lasts_ms"] = phase.lasts->count();
      one["summary"] = summary_of(report.tally.phase(i));
      phases.push_back(std::move(one));
    }
  }
  Json& causes = root["causes"] = Json::array();
  for (const auto& [what, cause] : s.causes) {
    causes.push_back({{"cause", masked(report, what)},
                      {"count", cause.count},
                      {"example", masked(report, cause.example)}});
  }
  Json& histograms = root["histograms"] = Json::object();
  for (const auto& [name, h] : latencies(s)) {
    std::string key = name;
    for (char& c : key) c = c == ' ' ? '_' : c;
    Json buckets = Json::array();
    for (const auto& [upper, count] : h->buckets()) buckets.push_back({upper, count});
    histograms[key] = {{"count", h->count()}, {"mean_ms", h->mean_ms()}, {"buckets_us", buckets}};
  }
  // A server's bytes may stand in an example; they need not be UTF-8, and must not steer the
  // terminal of whoever looks at the file.
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

void uploads_csv(const RunReport& report, const std::function<void(std::string_view)>& put) {
  constexpr std::size_t piece = 256U << 10U;
  std::string text = uploads_csv_head();
  report.each_upload([&](const UploadResult& upload) {
    text += uploads_csv_line(upload, report.begin, report.secrets);
    if (text.size() < piece) return;
    put(text);
    text.clear();
  });
  put(text);
}

Result<void> check_report(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return failure("--report", fmt::format("{}: {}", quote(folder), error.message()));
  for (const char* name : {summary_file, uploads_file, seconds_file, results_file, page_file}) {
    const auto path = std::filesystem::path(folder) / name;
    if (const auto file = files::Output::open("--report", path.string()); !file) {
      return tl::unexpected(file.error());
    }
  }
  return {};
}

Result<void> write_report(const RunReport& report, const std::string& folder) {
  // The summary last: where it is new, all is.
  const std::filesystem::path path(folder);
  const files::Pieces uploads = [&](const auto& put) { uploads_csv(report, put); };
  if (auto written = files::replace("--report", path / uploads_file, uploads); !written) {
    return written;
  }
  const Results results = results_of(report);
  if (auto written = files::replace("--report", path / results_file, results_json(results));
      !written) {
    return written;
  }
  if (auto written = files::replace("--report", path / page_file, report_page(results)); !written) {
    return written;
  }
  return files::replace("--report", path / summary_file, summary_json(report));
}

}  // namespace loadgen
