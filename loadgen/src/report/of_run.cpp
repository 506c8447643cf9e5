#include "report/of_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "results/specimens.hpp"
#include "transport/exchange.hpp"

namespace loadgen {
namespace {

/// Texts and times as results have them: masked, and counted from the start of the run.
class Told {
 public:
  explicit Told(const RunReport& report) : report_(report) {}

  [[nodiscard]] std::string text(const std::string& text) const {
    return redact::printable(report_.secrets.mask(transport::redact(text)));
  }
  [[nodiscard]] std::string url(const std::string& url) const {
    return text(redact::shown_url(url));
  }
  void text_in(std::string& text) const { text = this->text(text); }

  [[nodiscard]] Time since(Time time) const {
    const auto passed = std::chrono::floor<std::chrono::microseconds>(time - report_.begin);
    return Time{} + passed;
  }
  void since_in(Time& time) const { time = since(time); }
  void since_in(std::optional<Time>& time) const {
    if (time) time = since(*time);
  }

 private:
  const RunReport& report_;
};

Stats told(Stats stats, const Told& as) {
  as.since_in(stats.first_start);
  as.since_in(stats.last_end);
  std::map<std::string, CauseCount> causes;
  for (const auto& [what, cause] : stats.causes) {
    // Two may look alike when they are masked.
    auto& same = causes[as.text(what)];
    if (same.count == 0) same.example = as.text(cause.example);
    same.count += cause.count;
  }
  stats.causes = std::move(causes);
  return stats;
}

UploadResult told(UploadResult upload, const Told& as) {
  as.text_in(upload.name);
  if (!upload.url.empty()) upload.url = as.url(upload.url);
  if (upload.cause) {
    as.text_in(upload.cause->what);
    as.text_in(upload.cause->detail);
  }
  as.since_in(upload.intended);
  as.since_in(upload.started);
  for (auto* time :
       {&upload.possible, &upload.created, &upload.uploaded, &upload.ended, &upload.delivered}) {
    as.since_in(*time);
  }
  for (auto& attempt : upload.trace.attempts) {
    as.since_in(attempt.begin);
    as.since_in(attempt.end);
  }
  return upload;
}

std::string milliseconds(Milliseconds time) {
  if (time.count() % 1000 == 0) return fmt::format("{}s", time.count() / 1000);
  return fmt::format("{}ms", time.count());
}

/// As flags take them.
std::vector<std::pair<std::string, std::string>> settings_of(const Settings& s, const Told& as) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) all.emplace_back(name, as.text(value));
  };
  const auto number = [](const auto& value) { return value ? std::to_string(*value) : ""; };
  const auto flag = [](bool value) { return std::string(value ? "true" : ""); };
  put("url", redact::shown_url(s.url));
  put("system", s.system->name);
  put("uploads", number(s.uploads));
  put("duration", s.duration ? milliseconds(*s.duration) : "");
  put("concurrency", number(s.concurrency));
  put("rate", s.rate > 0 ? fmt::format("{}/s", s.rate) : "");
  put("arrival", s.rate > 0 ? (s.arrival == Arrival::poisson ? "poisson" : "constant") : "");
  put("connections", s.connections == Connections::own ? "own" : "kept");
  put("size", s.size.text());
  put("chunk", s.chunk.value > 0 ? fmt::format("{}", s.chunk.value) : "");
  put("payload", std::string(to_string(s.payload)));
  put("network", s.network.name);
  put("seed", std::to_string(s.seed));
  put("threads", std::to_string(s.threads));
  std::string delays;
  for (const auto delay : s.retry_delays) {
    delays += (delays.empty() ? "" : ",") + milliseconds(delay);
  }
  put("retry-delays", delays.empty() ? "none" : delays);
  put("verify", std::string(to_string(s.verify)));
  put("delivered-dir", s.delivered_dir);
  for (const auto& [name, values] : s.own) {
    for (const auto& value : values) put(name.c_str(), value.substr(0, 400));
  }
  put("oauth-url", s.username_env.empty() ? "" : redact::shown_url(s.oauth_url));
  put("username-env", s.username_env);
  put("password-env", s.password_env);
  put("token-env", s.token_env);
  put("ca-file", s.ca_file);
  put("client-cert", s.client_cert);
  for (const auto& criterion : s.fail_if) put("fail-if", criterion.text());
  if (s.allow_late.count > 0) put("allow-late", std::to_string(s.allow_late.count));
  if (s.allow_late.percent > 0) put("allow-late", fmt::format("{}%", s.allow_late.percent));
  put("allow-rollback", flag(s.allow_rollback));
  put("give-up", s.give_up.count() > 0 ? milliseconds(s.give_up) : "none");
  put("stall-timeout", milliseconds(s.network.stall_timeout));
  put("proxy", s.proxy.empty() ? "" : redact::shown_url(s.proxy));
  put("max-rate", s.max_rate.value > 0 ? to_string(s.max_rate) : "");
  put("max-bytes", s.max_bytes ? fmt::format("{}", s.max_bytes->value) : "");
  put("max-connections", number(s.max_connections));
  put("cleanup", flag(s.cleanup));
  return all;
}

std::string range(std::uint64_t least, std::uint64_t most) {
  return least == most ? fmt::format("{}", least) : fmt::format("{}-{}", least, most);
}

/// As scenarios have it.
std::vector<std::pair<std::string, std::string>> settings_of(const Scenario& scenario,
                                                             const Group& group, const Told& as) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) all.emplace_back(name, as.text(value));
  };
  const auto time = [](Milliseconds value) {
    return value.count() > 0 ? milliseconds(value) : std::string();
  };
  const Settings& s = group.settings;
  put("count", group.count ? std::to_string(*group.count) : "");
  put("weight", group.count ? "" : fmt::format("{}", group.weight));
  if (group.arrival != Arrival::closed) {
    put("arrival", group.arrival == Arrival::poisson ? "poisson" : "constant");
  }
  put("over", time(group.over));
  put("after", time(group.after));
  put("files", range(group.files.least, group.files.most));
  put("parallel", group.parallel > 1 ? std::to_string(group.parallel) : "");
  if (group.think.most.count() > 0) {
    put("think", group.think.least == group.think.most
                     ? milliseconds(group.think.least)
                     : milliseconds(group.think.least) + "-" + milliseconds(group.think.most));
  }
  put("size", s.size.text());
  put("chunk", s.chunk.value > 0 ? fmt::format("{}", s.chunk.value) : "");
  put("stall_timeout", milliseconds(s.network.stall_timeout));
  const auto region = std::ranges::find(scenario.regions, group.region, &Region::name);
  if (region != scenario.regions.end() && region->uplink.value > 0) {
    put("uplink", to_string(region->uplink));
  }
  return all;
}

void tell_scenario(const RunReport& report, const Told& told_as, Results& results) {
  const Scenario& scenario = *report.scenario;
  results.description = told_as.text(scenario.description);
  results.scale = scenario.scale;
  for (std::size_t i = 0; i < scenario.groups.size(); ++i) {
    const Settings& s = scenario.groups[i].settings;
    results.groups.push_back({told_as.text(scenario.groups[i].name), s.system->name,
                              told_as.text(s.network.name), std::string(to_string(s.payload)),
                              s.size.text(), told(report.tally.group(i), told_as),
                              told_as.text(scenario.groups[i].region)});
    if (scenario.file.empty()) continue;  // flags, which `settings` of the run tell
    results.groups.back().settings = settings_of(scenario, scenario.groups[i], told_as);
  }
  Milliseconds begin{0};
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    const Phase& phase = scenario.phases[i];
    results.phases.push_back({told_as.text(phase.name), phase.kind, begin, phase.lasts,
                              told(report.tally.phase(i), told_as)});
    begin += phase.lasts.value_or(Milliseconds{0});
  }
  for (const Event& event : scenario.events) {
    EventResults one{
        std::string(to_string(event.kind)), event.at, event.lasts, event.status, event.share, {},
        told_as.text(event.region),         Toll{}};
    for (const auto& group : event.groups) one.partners.push_back(told_as.text(group));
    results.events.push_back(std::move(one));
  }
}

void count(BucketCounts& counts, std::chrono::microseconds value) {
  const int bucket = Histogram::bucket_of(value);
  const auto at = std::ranges::lower_bound(counts, bucket, {}, &BucketCounts::value_type::first);
  if (at != counts.end() && at->first == bucket) {
    ++at->second;
  } else {
    counts.insert(at, {bucket, 1});
  }
}

/// Adds the latency of an upload that is over to the second in which it ended.
void tell_latency(const UploadResult& upload, Time begin, std::vector<SecondResults>& seconds) {
  const auto end = upload.uploaded ? upload.uploaded : upload.ended;
  const bool over =
      upload.state != UploadState::interrupted && upload.state != UploadState::running;
  if (!end || !over || *end < begin) return;
  using std::chrono::floor;
  const auto number =
      static_cast<std::uint64_t>(floor<std::chrono::seconds>(*end - begin).count()) + 1;
  const auto at = std::ranges::lower_bound(
      seconds, number, {}, [](const SecondResults& second) { return second.figures.number; });
  if (at == seconds.end()) return;
  count(at->end_to_end, floor<std::chrono::microseconds>(*end - upload.intended));
  count(at->service, floor<std::chrono::microseconds>(*end - upload.started));
}

/// Adds an upload that is over to the tolls of the events that it met.
void tell_tolls(const UploadResult& upload, Time begin, const Scenario& scenario,
                std::vector<EventResults>& events) {
  const auto end = upload.uploaded ? upload.uploaded : upload.ended;
  if (!end) return;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = scenario.events[i];
    const bool then = upload.intended - begin <= event.at + event.lasts && *end - begin > event.at;
    if (!then || !event.concerns(scenario.groups.at(upload.group))) continue;
    Toll& toll = *events[i].toll;
    ++toll.uploads;
    if (upload.retries > 0) ++toll.retried;
    const bool well = upload.state == UploadState::uploaded ||
                      upload.state == UploadState::verified ||
                      (upload.state == UploadState::unverified && !upload.cause);
    if (!well) ++toll.failed;
    toll.slowest = std::max(toll.slowest,
                            std::chrono::floor<std::chrono::microseconds>(*end - upload.intended));
  }
}

}  // namespace

Results results_of(const RunReport& report) {
  const Told told_as(report);
  const Settings& settings = report.settings;
  Results results;
  results.version = harness_version();
  results.run_id = report.run_id;
  results.target = told_as.url(settings.url);
  results.system = settings.system->name;
  results.seed = settings.seed;
  results.begun = std::chrono::floor<std::chrono::milliseconds>(report.begun.time_since_epoch());
  results.verified_by = report.verified_by;
  results.removed = report.removed;
  results.left_behind = report.left_behind;
  for (const auto& note : report.notes) results.notes.push_back(told_as.text(note));
  results.settings = settings_of(settings, told_as);
  results.rules = rules_of(settings);
  results.ending = report.ending();
  if (results.ending.stopped) told_as.text_in(results.ending.stopped->why);
  results.stats = told(report.stats, told_as);
  if (report.scenario) tell_scenario(report, told_as, results);
  for (const Second& second : report.seconds) results.seconds.push_back({second, {}, {}});
  Specimens specimens(settings.seed);
  report.each_upload([&](const UploadResult& upload) {
    tell_latency(upload, report.begin, results.seconds);
    if (report.scenario) {
      tell_tolls(upload, report.begin, *report.scenario, results.events);
    }
    specimens.add(upload);
  });
  results.specimens = specimens.take();
  for (auto& one : results.specimens) one.upload = told(std::move(one.upload), told_as);
  return results;
}

}  // namespace loadgen
