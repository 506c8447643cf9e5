#include "merge/shard_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "files/output.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "scenario/file.hpp"
#include "scenario/resolved.hpp"
#include "stats/figures.hpp"
#include "transport/exchange.hpp"

namespace loadgen {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t format = 1;
/// A thousand groups with full histograms have some 50 MB.
constexpr std::uintmax_t most_bytes = 256U << 20U;
constexpr std::int64_t century_ns = 3'155'760'000'000'000'000;

std::string masked(const RunReport& report, const std::string& text) {
  return report.secrets.mask(transport::redact(text));
}

/// Masks every text in `value`, which stays JSON.
void mask_texts(const redact::Secrets& secrets, Json& value) {
  if (value.is_string()) value = secrets.mask(value.get<std::string>());
  if (!value.is_structured()) return;
  for (Json& part : value) mask_texts(secrets, part);
}

Json to_json(const Histogram& histogram) {
  return {{"buckets", histogram.counts()},
          {"sum_us", histogram.sum_us()},
          {"min_us", histogram.min().count()},
          {"max_us", histogram.max().count()}};
}

Json to_json(const RunReport& report, const Stats& stats) {
  Json json;
  for (const auto& [name, field] : counts) json[name] = stats.*field;
  for (const auto& [name, field] : byte_counts) json[name] = (stats.*field).value;
  for (const auto& [name, field] : histograms) json["histograms"][name] = to_json(stats.*field);
  json["cuts_digest"] = fmt::format("{:016x}", stats.cuts_digest);
  for (const Bytes bytes : stats.in_vain) json["in_vain"].push_back(bytes.value);
  const auto moment = [&](const char* name, const std::optional<Time>& time) {
    if (time) json[name] = std::chrono::nanoseconds(*time - report.begin).count();
  };
  moment("first_start_ns", stats.first_start);
  moment("last_end_ns", stats.last_end);
  json["causes"] = Json::array();
  for (const auto& [what, cause] : stats.causes) {
    json["causes"].push_back({{"cause", masked(report, what)},
                              {"count", cause.count},
                              {"example", masked(report, cause.example)}});
  }
  return json;
}

Json to_json(const RunReport& report) {
  const Scenario& scenario = *report.scenario;
  Json document = Json::parse(resolved(scenario));
  document["url"] = report.settings.url;
  mask_texts(report.secrets, document);
  Json json{{"format", "dex-loadgen shard"},
            {"format_version", format},
            {"version", harness_version()},
            {"shard", scenario.part().number},
            {"of", scenario.part().of},
            {"run_id", report.run_id},
            {"began", http::format_rfc3339(report.begun)},
            {"scale", scenario.scale},
            {"scenario", std::move(document)},
            {"verified_by", to_string(report.verified_by)},
            {"interrupted", report.was_interrupted},
            {"gave_up", report.gave_up},
            {"removed", report.removed},
            {"left_behind", report.left_behind},
            {"load_seconds", report.load_seconds},
            {"notes", Json::array()},
            {"groups", Json::array()},
            {"phases", Json::array()}};
  for (const auto& note : report.notes) json["notes"].push_back(masked(report, note));
  json["run"] = to_json(report, report.stats);
  for (std::size_t i = 0; i < scenario.groups.size(); ++i) {
    json["groups"].push_back(to_json(report, report.tally.group(i)));
  }
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    json["phases"].push_back(to_json(report, report.tally.phase(i)));
  }
  return json;
}

/// A count so small that its sum over all shards cannot overflow.
std::uint64_t count_at(const json::Cursor& at) {
  const std::uint64_t value = at.unsigned_integer();
  if (value > static_cast<std::uint64_t>(INT64_MAX) / most_shards) {
    at.fail("that is more than there can be");
  }
  return value;
}

std::int64_t nanoseconds_at(const json::Cursor& at) {
  const std::int64_t value = at.integer();
  if (value < -century_ns || value > century_ns) at.fail("that is no time of a run");
  return value;
}

Histogram histogram_at(const json::Cursor& at) {
  at.only({"buckets", "sum_us", "min_us", "max_us"});
  BucketCounts bins;
  // The raw list: a path for each of its numbers would cost more than the numbers do.
  const Json& buckets = at.at("buckets").raw();
  if (!buckets.is_array()) at.at("buckets").fail("an array is expected");
  for (const Json& bucket : buckets) {
    if (!bucket.is_array() || bucket.size() != 2 || !bucket[0].is_number_integer() ||
        !bucket[1].is_number_unsigned()) {
      at.at("buckets").fail("pairs of a number and a count are expected");
    }
    // Clamped to just outside the valid numbers, which Histogram::of refuses.
    const auto number = std::clamp<std::int64_t>(
        bucket[0].get<std::int64_t>(), Histogram::first_bucket - 1, Histogram::last_bucket + 1);
    bins.emplace_back(static_cast<int>(number), bucket[1].get<std::uint64_t>());
  }
  const double sum_us = at.at("sum_us").number();
  const std::chrono::microseconds least{nanoseconds_at(at.at("min_us"))};
  const std::chrono::microseconds most{nanoseconds_at(at.at("max_us"))};
  auto histogram = std::isfinite(sum_us) ? Histogram::of(bins, sum_us, least, most) : std::nullopt;
  if (!histogram || histogram->count() > static_cast<std::uint64_t>(INT64_MAX) / most_shards) {
    at.fail("no times make such a histogram");
  }
  return *std::move(histogram);
}

std::uint64_t digest_at(const json::Cursor& at) {
  const std::string& text = at.string();
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 16 || code != std::errc{} || end != text.data() + text.size()) {
    at.fail("16 hexadecimal digits are expected");
  }
  return value;
}

/// Text that is safe in a terminal and in CSV.
std::string text_at(const json::Cursor& at) {
  return redact::printable(at.string(), redact::Lines::kept);
}

Stats stats_at(const json::Cursor& at) {
  std::vector<std::string_view> known{"histograms",  "cuts_digest", "first_start_ns",
                                      "last_end_ns", "causes",      "in_vain"};
  Stats stats;
  for (const auto& [name, field] : counts) {
    stats.*field = count_at(at.at(name));
    known.emplace_back(name);
  }
  for (const auto& [name, field] : byte_counts) {
    stats.*field = Bytes{count_at(at.at(name))};
    known.emplace_back(name);
  }
  at.only(known);
  for (const auto& [name, field] : histograms) {
    stats.*field = histogram_at(at.at("histograms").at(name));
  }
  stats.cuts_digest = digest_at(at.at("cuts_digest"));
  const auto in_vain = at.at("in_vain").items();
  if (in_vain.size() != stats.in_vain.size()) {
    at.at("in_vain").fail(fmt::format("{} are expected", stats.in_vain.size()));
  }
  for (std::size_t i = 0; i < in_vain.size(); ++i) stats.in_vain[i] = Bytes{count_at(in_vain[i])};
  if (const auto time = at.find("first_start_ns")) {
    stats.first_start = Time{std::chrono::nanoseconds{nanoseconds_at(*time)}};
  }
  if (const auto time = at.find("last_end_ns")) {
    stats.last_end = Time{std::chrono::nanoseconds{nanoseconds_at(*time)}};
  }
  for (const auto& cause : at.at("causes").items()) {
    cause.only({"cause", "count", "example"});
    CauseCount& of = stats.causes[text_at(cause.at("cause"))];
    of.count = count_at(cause.at("count"));
    of.example = text_at(cause.at("example"));
  }
  return stats;
}

std::vector<Stats> all_stats_at(const json::Cursor& at, std::size_t count) {
  std::vector<Stats> all;
  for (const auto& one : at.items()) all.push_back(stats_at(one));
  if (all.size() != count) at.fail(fmt::format("{} are expected, as the scenario has", count));
  return all;
}

std::shared_ptr<const Scenario> scenario_at(const json::Cursor& root, const std::string& name) {
  auto scenario = std::make_shared<Scenario>();
  const auto at = root.at("scenario");
  const auto refuse = [&](const Error& error) { at.fail(error.line()); };
  // Errors name shard.json, not a file of the scenario.
  if (const auto read = apply_scenario_text(*scenario, at.raw().dump(), name); !read) {
    refuse(read.error());
  }
  scenario->file.clear();
  scenario->scale = root.at("scale").number();
  if (!std::isfinite(scenario->scale) || scenario->scale <= 0) {
    root.at("scale").fail("a number above 0 is expected");
  }
  if (const auto done = complete(*scenario); !done) refuse(done.error());
  return scenario;
}

ShardFile shard_at(const json::Cursor& root) {
  // First, so that a newer file is told as one.
  if (root.at("format").string() != "dex-loadgen shard") {
    root.at("format").fail("this is no shard of dex-loadgen");
  }
  if (root.at("format_version").unsigned_integer() != format) {
    root.at("format_version").fail(fmt::format("this program reads version {}", format));
  }
  root.only({"format", "format_version", "version", "shard", "of", "run_id", "began", "scale",
             "scenario", "verified_by", "interrupted", "gave_up", "removed", "left_behind",
             "load_seconds", "notes", "run", "groups", "phases"});
  ShardFile file;
  file.version = text_at(root.at("version"));
  file.shard = {root.at("shard").unsigned_integer(), root.at("of").unsigned_integer()};
  if (file.shard.of < 1 || file.shard.of > most_shards || file.shard.number < 1 ||
      file.shard.number > file.shard.of) {
    root.at("shard").fail("that is no shard of them");
  }
  file.run_id = root.at("run_id").string();
  if (file.run_id.size() != 12 ||
      file.run_id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    root.at("run_id").fail("12 hexadecimal digits are expected");
  }
  const auto began = http::parse_rfc3339(root.at("began").string());
  // 64 bits of nanoseconds hold differences of two centuries, and hardly more.
  if (!began || *began < *http::parse_rfc3339("2000-01-01T00:00:00Z") ||
      *began > *http::parse_rfc3339("2100-01-01T00:00:00Z")) {
    root.at("began").fail("a time of this century as in RFC 3339 is expected");
  }
  file.began = *began;
  file.scenario = scenario_at(root, "scenario");
  file.sameness = sameness(root.at("scenario").raw().dump());
  const auto method = parse_verify_method(root.at("verified_by").string());
  if (!method) root.at("verified_by").fail(method.error().what);
  file.verified_by = *method;
  file.was_interrupted = root.at("interrupted").boolean();
  file.gave_up = root.at("gave_up").boolean();
  file.removed = count_at(root.at("removed"));
  file.left_behind = count_at(root.at("left_behind"));
  file.load_seconds = count_at(root.at("load_seconds"));
  for (const auto& note : root.at("notes").items()) file.notes.push_back(text_at(note));
  file.tally =
      Tally(stats_at(root.at("run")), all_stats_at(root.at("groups"), file.scenario->groups.size()),
            all_stats_at(root.at("phases"), file.scenario->phases.size()));
  file.lasted = std::chrono::seconds{std::min<std::uint64_t>(file.load_seconds, 3'155'760'000)};
  if (const auto& end = file.tally.all.last_end) {
    file.lasted = std::max(file.lasted, end->time_since_epoch());
  }
  return file;
}

}  // namespace

Result<void> write_shard_file(const RunReport& report, const std::string& folder) {
  return files::replace("--report", std::filesystem::path(folder) / shard_file,
                        to_json(report).dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
}

void forget_shard_file(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::remove(std::filesystem::path(folder) / shard_file, ignored);
}

Result<ShardFile> read_shard_file(const std::filesystem::path& folder) {
  const auto path = folder / shard_file;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return failure(folder.string(), fmt::format("there is no {}: no shard ended here", shard_file),
                   "give the folder that 'run --shard' had as --report");
  }
  if (std::filesystem::file_size(path, error) > most_bytes) {
    return failure(path.string(), fmt::format("is larger than {}", to_string(Bytes{most_bytes})));
  }
  auto file = json::decode_file(path.string(), shard_at);
  if (file) file->folder = folder;
  return file;
}

}  // namespace loadgen
