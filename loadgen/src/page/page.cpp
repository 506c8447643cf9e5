#include "page/page.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>

#include "html/plot.hpp"
#include "page/findings.hpp"

namespace loadgen {
namespace {

using html::Align;
using html::Markup;
using html::Table;
using html::tag;
using html::Tone;

Tone tone_of(const Results& results) {
  switch (results.exit_code()) {
    case ExitCode::good:
      return results.stats.unverified > 0 || results.stats.not_started > 0 ? Tone::warning
                                                                           : Tone::good;
    case ExitCode::interrupted:
      return results.stats.failed + results.stats.lost + results.stats.wrong > 0 ? Tone::bad
                                                                                 : Tone::warning;
    default:
      return Tone::bad;
  }
}

std::string when(const Results& results) {
  const std::time_t at = std::chrono::duration_cast<std::chrono::seconds>(results.begun).count();
  std::tm utc{};
  ::gmtime_r(&at, &utc);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", utc);
}

Markup lead_of(const Results& results) {
  const Stats& s = results.stats;
  Markup all;
  if (s.started > 0) {
    all += html::figures({
        {"uploads", fmt::format("{}", s.started)},
        {"verified", fmt::format("{}", s.verified)},
        {"failed or lost", fmt::format("{}", s.failed + s.lost + s.wrong)},
        {"goodput", fmt::format("{} MiB/s", html::number_text(s.goodput_mib_s()))},
        {"end to end, p50", latency_text(s.end_to_end.percentile_ms(50))},
        {"end to end, p99", latency_text(s.end_to_end.percentile_ms(99))},
    });
  }
  std::vector<std::pair<std::string, Markup>> facts;
  if (!results.description.empty()) facts.emplace_back("scenario", results.description);
  facts.emplace_back("target", results.target);
  if (!results.run_id.empty()) {
    facts.emplace_back(
        "run", fmt::format("{}, begun {}, seed {}", results.run_id, when(results), results.seed));
  }
  if (s.started > 0) {
    facts.emplace_back(
        "load", fmt::format("{} acknowledged in {}, in {} requests", to_string(s.acknowledged),
                            html::time_text(s.elapsed_s()), s.requests));
    facts.emplace_back("verified by",
                       s.verified > 0 ? std::string(to_string(results.verified_by)) : "nothing");
  }
  return all + html::facts(facts);
}

Markup found(const Results& results) {
  Markup all;
  for (const Finding& one : findings_of(results)) all += html::note(one.tone, one.text);
  for (const auto& condition : results.ending.conditions_hit) {
    all += html::note(Tone::bad, "A --fail-if condition holds: " + condition + ".");
  }
  if (results.ending.gave_up) {
    all += html::note(Tone::bad, "The run was ended, as it did not get on (--give-up).");
  }
  for (const auto& note : results.notes) {
    all += html::note(Tone::warning, "Not as it was told: " + note);
  }
  if (!results.stats.causes.empty()) {
    Table table{"Causes", {{"cause"}, {"uploads", Align::number}, {"for example"}}, {}};
    std::vector<std::pair<std::string, CauseCount>> causes(results.stats.causes.begin(),
                                                           results.stats.causes.end());
    std::ranges::stable_sort(causes, std::greater{},
                             [](const auto& cause) { return cause.second.count; });
    constexpr std::size_t most = 50;
    for (std::size_t i = 0; i < std::min(causes.size(), most); ++i) {
      table.rows.push_back({causes[i].first, fmt::format("{}", causes[i].second.count),
                            tag("code", causes[i].second.example.substr(0, 300))});
    }
    all += html::table(table);
    if (causes.size() > most) {
      all += html::paragraph(fmt::format("{} more are in results.json.", causes.size() - most));
    }
  }
  return all;
}

void put_row(Table& table, const std::string& name, const Stats& s, const Rules& rules,
             double longest) {
  const Histogram& h = s.end_to_end;
  // A logarithmic axis from a millisecond on: latencies are factors apart.
  const auto at = [&](double ms) {
    return std::log(std::max(ms, 1.)) / std::log(std::max(longest, 2.));
  };
  const double max = static_cast<double>(h.max().count()) / 1000;
  const auto text = [&](double ms) { return h.count() > 0 ? latency_text(ms) : "-"; };
  table.rows.push_back({name, fmt::format("{}", s.started), fmt::format("{}", bad_of(s, rules)),
                        to_string(s.acknowledged), text(h.percentile_ms(50)),
                        text(h.percentile_ms(90)), text(h.percentile_ms(99)), text(max),
                        h.count() > 0
                            ? html::span(at(h.percentile_ms(50)), at(h.percentile_ms(99)), at(max))
                            : Markup(),
                        fmt::format("{}", s.late_starts), fmt::format("{}", s.not_started)});
}

Table table_of(const std::string& caption, const char* what) {
  return {caption,
          {{what},
           {"uploads", Align::number},
           {"bad", Align::number},
           {"acknowledged", Align::number},
           {"p50", Align::number},
           {"p90", Align::number},
           {"p99", Align::number},
           {"max", Align::number},
           {"p50, p99, max (logarithmic)"},
           {"late", Align::number},
           {"unmet", Align::number}},
          {}};
}

Markup latencies(const Results& results) {
  const double longest = static_cast<double>(results.stats.end_to_end.max().count()) / 1000;
  Markup all = html::paragraph(
      "End to end: from when an upload was due to its last byte. Late started 100 ms or more after "
      "that; unmet were due and never started. Bars go from p50 to p99, and a stroke "
      "marks the longest; their axis is logarithmic, from 1 ms to " +
      latency_text(std::max(longest, 2.)) + ".");
  Table phases = table_of("Latency by phase", "phase");
  for (const auto& phase : results.phases) {
    put_row(phases, phase.name, phase.stats, results.rules, longest);
  }
  put_row(phases, "whole run", results.stats, results.rules, longest);
  all += html::table(phases);
  if (results.groups.size() > 1) {
    Table groups = table_of("Latency by group of partners", "partners");
    for (const auto& group : results.groups) {
      put_row(groups, group.name, group.stats, results.rules, longest);
    }
    all += html::table(groups);
  }
  Table kinds{"What the time of an upload is made of",
              {{"latency"},
               {"count", Align::number},
               {"mean", Align::number},
               {"p50", Align::number},
               {"p90", Align::number},
               {"p99", Align::number},
               {"max", Align::number},
               {"what it is"}},
              {}};
  const Stats& s = results.stats;
  const auto put = [&](const char* name, const Histogram& h, const char* what) {
    if (h.count() == 0) return;
    kinds.rows.push_back({name, fmt::format("{}", h.count()), latency_text(h.mean_ms()),
                          latency_text(h.percentile_ms(50)), latency_text(h.percentile_ms(90)),
                          latency_text(h.percentile_ms(99)),
                          latency_text(static_cast<double>(h.max().count()) / 1000), what});
  };
  put("create", s.create, "from the start to the URL of the upload");
  put("upload", s.upload, "from there to the last byte, with losses and resumes");
  put("resume", s.resume, "from noticing a loss to knowing the offset");
  put("service", s.service, "from the start to the last byte");
  put("end to end", s.end_to_end, "the same from when it was due");
  put("deliver", s.deliver, "from the last byte to a delivery");
  put("start lag", s.start_lag, "of this machine: how late uploads started");
  put("loop lag", s.loop_lag, "of this machine: how late its timers fired");
  return all + html::table(kinds);
}

Markup waste_of(const Results& results) {
  const Stats& s = results.stats;
  const auto share = [](Bytes part, Bytes whole) {
    return whole.value > 0 ? static_cast<double>(part.value) / static_cast<double>(whole.value) : 0;
  };
  const Markup facts = html::facts(
      {{"cuts by the network",
        s.cuts > 0 ? fmt::format("{}, of them {} silent", s.cuts, s.silent_cuts) : "none"},
       {"retries", fmt::format("{}", s.retries)},
       {"resumes", fmt::format("{}", s.resumes)},
       {"begun again", fmt::format("{}", s.new_uploads)},
       {"acknowledged, then denied", to_string(s.rolled_back)},
       {"acknowledged, never sent", to_string(s.never_sent)}});
  if (s.waste().value == 0) {
    return html::paragraph(
               fmt::format("{} were sent, and none of it in vain.", to_string(s.sent))) +
           facts;
  }
  Markup all = html::paragraph(
      fmt::format("{} were sent, of which the server has {}: {} ({:.1f} %) were in vain.",
                  to_string(s.sent), to_string(s.sent - std::min(s.sent, s.waste())),
                  to_string(s.waste()), 100 * share(s.waste(), s.sent)));
  Table how{"Bytes in vain, by how the request that brought them ended",
            {{"ended"}, {"bytes", Align::number}, {"share of waste", Align::number}, {"drawn"}},
            {}};
  Bytes known;
  for (const Bytes bytes : s.in_vain) known += bytes;
  for (std::size_t i = 0; i < attempt_ends; ++i) {
    if (s.in_vain[i].value == 0) continue;
    const double part = share(s.in_vain[i], known);
    how.rows.push_back({in_words(static_cast<AttemptEnd>(i)), to_string(s.in_vain[i]),
                        fmt::format("{:.1f} %", 100 * part), html::bar(part)});
  }
  if (!how.rows.empty()) all += html::table(how);
  const auto parts = [&](const char* caption, const char* what, const auto& list) {
    if (list.size() < 2) return;
    Table table{caption,
                {{what},
                 {"sent", Align::number},
                 {"in vain", Align::number},
                 {"of what it sent", Align::number},
                 {"share of waste", Align::number},
                 {"drawn"}},
                {}};
    for (const auto& part : list) {
      const double of_all = share(part.stats.waste(), s.waste());
      table.rows.push_back(
          {part.name, to_string(part.stats.sent), to_string(part.stats.waste()),
           fmt::format("{:.1f} %", 100 * share(part.stats.waste(), part.stats.sent)),
           fmt::format("{:.1f} %", 100 * of_all), html::bar(of_all)});
    }
    all += html::table(table);
  };
  parts("Bytes in vain, by group of partners", "partners", results.groups);
  parts("Bytes in vain, by phase", "phase", results.phases);
  return all + facts;
}

/// What the partners of a group have for a setting, named by its flag; nullopt: it is not told.
std::optional<std::string> setting_of(const GroupResults& group, std::string name) {
  if (name == "system") return group.system;
  if (name == "network") return group.network;
  if (name == "payload") return group.payload;
  if (name == "size") return group.size;
  if (!group.settings) return std::nullopt;
  // --concurrency is for the partners that phases make arrive; a group of its own has a count.
  if (name == "concurrency") name = "count";
  std::ranges::replace(name, '-', '_');
  const auto found =
      std::ranges::find(*group.settings, name, &std::pair<std::string, std::string>::first);
  if (found == group.settings->end()) return std::nullopt;
  return found->second;
}

/// Whether no group has the value that the flags gave.
bool said_by_groups(const Results& results, const std::string& name, const std::string& value) {
  return !results.groups.empty() && std::ranges::all_of(results.groups, [&](const auto& group) {
    const auto own = setting_of(group, name);
    return own && (*own != value || name == "concurrency");
  });
}

/// "stall_timeout 4s, files 4".
std::string rest_of(const GroupResults& group) {
  std::string all;
  for (const auto& [name, value] : group.settings.value()) {
    if (name == "size") continue;  // has a column
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", name, value);
  }
  return all;
}

Markup settings_of(const Results& results) {
  Table settings{"Settings, as they were in the end", {{"flag"}, {"value"}}, {}};
  for (const auto& [name, value] : results.settings) {
    settings.rows.push_back({"--" + name, said_by_groups(results, name, value)
                                              ? Markup("as each group of partners has it (below)")
                                              : tag("code", value)});
  }
  Markup all = html::fold(fmt::format("{} settings", settings.rows.size()), html::table(settings));
  const auto told = [](const GroupResults& group) { return group.settings.has_value(); };
  if (results.groups.size() > 1 || std::ranges::any_of(results.groups, told)) {
    Table groups{
        "Groups of partners",
        {{"partners"}, {"system"}, {"network"}, {"payload"}, {"size"}, {"region"}, {"and"}},
        {}};
    for (const auto& group : results.groups) {
      groups.rows.push_back({group.name, group.system, group.network, group.payload, group.size,
                             group.region.value_or("-"), told(group) ? rest_of(group) : "-"});
    }
    all += html::table(groups);
  }
  if (results.phases.size() > 1) {
    Table phases{
        "Phases", {{"phase"}, {"kind"}, {"from", Align::number}, {"lasts", Align::number}}, {}};
    for (const auto& phase : results.phases) {
      const auto seconds = [](Milliseconds time) {
        return html::time_text(static_cast<double>(time.count()) / 1000);
      };
      phases.rows.push_back({phase.name, std::string(to_string(phase.kind)), seconds(phase.begin),
                             phase.lasts ? seconds(*phase.lasts) : "to the end"});
    }
    all += html::table(phases);
  }
  return all +
         html::facts({{"dex-loadgen", results.version},
                      {"format of results.json", fmt::format("{}", results_format)},
                      {"digest of the cuts", results.stats.cuts > 0
                                                 ? fmt::format("{:016x}", results.stats.cuts_digest)
                                                 : "none: there were no cuts"}});
}

/// What the scenario did, which the plots below have as bands.
Markup events_of(const Results& results) {
  if (results.events.empty()) return {};
  Table events{"Events of the scenario",
               {{"event"},
                {"uploads that were due or under way", Align::number},
                {"slowest of them", Align::number}},
               {}};
  for (const auto& event : results.events) {
    const bool met = event.toll && event.toll->uploads > 0;
    events.rows.push_back(
        {event_text(event), event.toll ? fmt::format("{}", event.toll->uploads) : "not known",
         met ? latency_text(static_cast<double>(event.toll->slowest.count()) / 1000) : "-"});
  }
  return html::table(events);
}

}  // namespace

std::string report_page(const Results& results) {
  html::Page page;
  page.title =
      results.run_id.empty() ? "dex-loadgen: no run" : "dex-loadgen: run " + results.run_id;
  page.tone = tone_of(results);
  page.verdict = results.verdict();
  page.lead = lead_of(results);
  page.made_by = "dex-loadgen " + results.version;
  if (results.stats.started > 0) {
    page.sections.push_back({"found", "What was found", found(results)});
    page.sections.push_back(
        {"time", "Over time", events_of(results) + series_of(results, "time-")});
    page.sections.push_back({"latency", "Latency", latencies(results)});
    page.sections.push_back({"waste", "Where the waste went", waste_of(results)});
    page.sections.push_back({"uploads", "Single uploads", stories_of(results, "uploads-")});
  }
  page.sections.push_back({"settings", "Settings and versions", settings_of(results)});
  return html::document(page);
}

}  // namespace loadgen
