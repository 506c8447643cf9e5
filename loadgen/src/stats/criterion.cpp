#include "stats/criterion.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "protocol/http/fields.hpp"

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
  const auto bad = [&](std::string why) {
    return failure("", fmt::format("{} is not a condition: {}", quote(text), why),
                   "as in failed>0 or goodput_mib_s<50");
  };
  const auto at = text.find_first_of("<>=!");
  if (at == std::string_view::npos) return bad("it has no comparison");
  const bool two = at + 1 < text.size() && text[at + 1] == '=';
  const auto sign = text.substr(at, two ? 2 : 1);
  Criterion c;
  c.text_ = std::string(text);
  if (sign == "<") {
    c.operator_ = Operator::less;
  } else if (sign == "<=") {
    c.operator_ = Operator::less_equal;
  } else if (sign == ">") {
    c.operator_ = Operator::greater;
  } else if (sign == ">=") {
    c.operator_ = Operator::greater_equal;
  } else if (sign == "==") {
    c.operator_ = Operator::equal;
  } else if (sign == "!=") {
    c.operator_ = Operator::not_equal;
  } else {
    return bad("the comparisons are < <= > >= == !=");
  }
  c.field_ = std::string(http::trim_ows(text.substr(0, at)));
  bool known = false;
  std::string names;
  for (const auto& [name, value] : summary_fields({})) {
    known = known || name == c.field_;
    names += (names.empty() ? "" : " ") + name;
  }
  if (!known)
    return bad(fmt::format("there is no number {}; there are {}", quote(c.field_), names));
  const auto number = http::trim_ows(text.substr(at + sign.size()));
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), c.limit_);
  if (code != std::errc{} || end != number.data() + number.size() || !std::isfinite(c.limit_)) {
    return bad("a number is expected after the comparison");
  }
  return c;
}

std::optional<double> Criterion::hit(const Stats& stats) const {
  for (const auto& [name, value] : summary_fields(stats)) {
    if (name != field_) continue;
    bool holds = false;
    switch (operator_) {
      case Operator::less:
        holds = value < limit_;
        break;
      case Operator::less_equal:
        holds = value <= limit_;
        break;
      case Operator::greater:
        holds = value > limit_;
        break;
      case Operator::greater_equal:
        holds = value >= limit_;
        break;
      case Operator::equal:
        holds = value == limit_;
        break;
      case Operator::not_equal:
        holds = value != limit_;
        break;
    }
    if (holds) return value;
  }
  return std::nullopt;
}

}  // namespace loadgen
