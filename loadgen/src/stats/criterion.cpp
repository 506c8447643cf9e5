#include "stats/criterion.hpp"

#include <fmt/format.h>

#include <array>

namespace loadgen {

std::vector<std::pair<std::string, double>> summary_fields(const Stats& s) {
  std::vector<std::pair<std::string, double>> fields;
  const auto count = [&](const char* name, std::uint64_t value) {
    fields.emplace_back(name, static_cast<double>(value));
  };
  count("uploads", s.started);
  count("uploaded", s.uploaded);
  count("verified", s.verified);
  count("unverified", s.unverified);
  count("lost", s.lost);
  count("failed", s.failed);
  count("wrong", s.wrong);
  count("interrupted", s.interrupted);
  count("not_started", s.not_started);
  count("late_starts", s.late_starts);
  fields.emplace_back("elapsed_s", s.elapsed_s());
  fields.emplace_back("goodput_mib_s", s.goodput_mib_s());
  fields.emplace_back("uploads_per_s",
                      s.elapsed_s() > 0 ? static_cast<double>(s.uploaded) / s.elapsed_s() : 0);
  fields.emplace_back("slowest_second_mib_s",
                      static_cast<double>(s.slowest_second.value_or(Bytes{}).value) / (1U << 20U));
  count("acknowledged_bytes", s.acknowledged.value);
  count("sent_bytes", s.sent.value);
  count("waste_bytes", s.waste().value);
  fields.emplace_back("waste_percent", s.sent.value > 0
                                           ? 100 * static_cast<double>(s.waste().value) /
                                                 static_cast<double>(s.sent.value)
                                           : 0);
  count("rolled_back_bytes", s.rolled_back.value);
  count("never_sent_bytes", s.never_sent.value);
  count("requests", s.requests);
  count("cuts", s.cuts);
  count("silent_cuts", s.silent_cuts);
  count("retries", s.retries);
  count("resumes", s.resumes);
  count("new_uploads", s.new_uploads);
  count("second_writers", s.second_writers);
  count("second_refused", s.second_refused);
  count("second_accepted", s.second_accepted);
  count("redeliveries", s.redeliveries);
  const std::array<std::pair<const char*, const Histogram*>, 8> latencies{
      {{"create", &s.create},
       {"upload", &s.upload},
       {"resume", &s.resume},
       {"service", &s.service},
       {"end_to_end", &s.end_to_end},
       {"deliver", &s.deliver},
       {"start_lag", &s.start_lag},
       {"loop_lag", &s.loop_lag}}};
  for (const auto& [name, histogram] : latencies) {
    fields.emplace_back(fmt::format("{}_p50_ms", name), histogram->percentile_ms(50));
    fields.emplace_back(fmt::format("{}_p90_ms", name), histogram->percentile_ms(90));
    fields.emplace_back(fmt::format("{}_p99_ms", name), histogram->percentile_ms(99));
    fields.emplace_back(fmt::format("{}_max_ms", name),
                        static_cast<double>(histogram->max().count()) / 1000);
  }
  return fields;
}

Result<Criterion> Criterion::parse(std::string_view text) {
  std::vector<std::string> names;
  for (const auto& [name, value] : summary_fields({})) names.push_back(name);
  return Condition::parse(text, names).map([](Condition condition) {
    Criterion criterion;
    criterion.condition_ = std::move(condition);
    return criterion;
  });
}

std::optional<double> Criterion::hit(const Stats& stats) const {
  for (const auto& [name, value] : summary_fields(stats)) {
    if (name == condition_.figure && condition_.holds(value)) return value;
  }
  return std::nullopt;
}

}  // namespace loadgen
