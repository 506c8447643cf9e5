#include "merge/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "merge/shard_file.hpp"
#include "merge/shard_rows.hpp"
#include "payload/hash.hpp"
#include "protocol/version.hpp"

namespace loadgen {
namespace {

/// Starts that are further apart are told of: phases of the machines are apart as much.
constexpr std::chrono::seconds apart{1};

std::string name_of(const ShardFile& file) {
  return fmt::format("shard {} in {}", to_string(file.shard), file.folder.string());
}

std::string in_seconds(http::TimePoint::duration time) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(time).count());
}

/// Every shard is there, once. `files` are in the order of their numbers.
Result<void> check_complete(const std::vector<ShardFile>& files) {
  const std::uint64_t of = files.front().shard.of;
  for (const ShardFile& file : files) {
    if (file.shard.of == of) continue;
    return failure(name_of(file), fmt::format("does not belong to {}", name_of(files.front())));
  }
  std::vector<std::uint64_t> missing;
  auto at = files.begin();
  for (std::uint64_t number = 1; number <= of; ++number) {
    if (at == files.end() || at->shard.number != number) {
      missing.push_back(number);
      continue;
    }
    const ShardFile& first = *at++;
    if (at != files.end() && at->shard.number == number) {
      return failure(name_of(*at), fmt::format("was given as {} already", name_of(first)));
    }
  }
  if (missing.empty()) return {};
  constexpr std::size_t shown = 10;
  const bool more = missing.size() > shown;
  const std::size_t count = missing.size();
  missing.resize(std::min(count, shown));
  return failure(fmt::format("of {} shards", of),
                 fmt::format("{} {} missing: {}{}", count, count == 1 ? "is" : "are",
                             fmt::join(missing, ", "), more ? ", ..." : ""));
}

/// Both are of one run.
Result<void> check_same(const ShardFile& file, const ShardFile& first) {
  const auto differs = [&](const char* what, const auto& theirs, const auto& ours) {
    return failure(name_of(file), fmt::format("does not belong to {}: {} {} instead of {}",
                                              name_of(first), what, theirs, ours));
  };
  const Settings& theirs = file.scenario->settings;
  const Settings& ours = first.scenario->settings;
  if (file.version != first.version) return differs("version", file.version, first.version);
  if (theirs.seed != ours.seed) return differs("seed", theirs.seed, ours.seed);
  if (theirs.system != ours.system)
    return differs("system", theirs.system->name, ours.system->name);
  if (file.scenario->scale != first.scenario->scale) {
    return differs("--scale", file.scenario->scale, first.scenario->scale);
  }
  if (file.sameness == first.sameness) return {};
  return failure(name_of(file),
                 fmt::format("does not belong to {}: it is of another scenario", name_of(first)),
                 "give all of them the same file and flags");
}

/// Checks that all shards put load on the target at the same time. A shard that started no upload
/// fits any time.
Result<void> check_overlap(const std::vector<ShardFile>& files) {
  for (const ShardFile& late : files) {
    for (const ShardFile& early : files) {
      if (late.tally.all.started == 0 || early.tally.all.started == 0) continue;
      const auto gap = late.began - early.began - early.lasted;
      if (late.began <= early.began || gap < Duration{0}) continue;
      return failure(name_of(late),
                     fmt::format("began {} after {} had ended", in_seconds(gap), name_of(early)),
                     "give all of them the same --start-at");
    }
  }
  return {};
}

/// What the rows of every shard are read with.
struct Parts {
  std::vector<ShardFile> files;  ///< by their numbers
  std::vector<std::unique_ptr<const Scenario>> scenarios;
  std::vector<std::unique_ptr<const Roster>> rosters;
  std::vector<Duration> later;  ///< than the shard that began first

  [[nodiscard]] ShardUploads uploads(std::size_t i) const {
    return {files[i], *rosters[i], later[i]};
  }
};

/// Checks that uploads.csv of a shard adds up to the figures of its shard.json.
Result<void> check_uploads(const Parts& parts, std::size_t i) {
  const ShardFile& file = parts.files[i];
  Stats sums;
  ShardUploads rows = parts.uploads(i);
  for (auto row = rows.next();; row = rows.next()) {
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    const UploadResult& upload = **row;
    ++sums.started;
    sums.sent += upload.sent;
    sums.acknowledged += upload.acknowledged;
    for (std::size_t cut = 0; cut < upload.cuts.size(); ++cut) {
      sums.cuts_digest += fingerprint(upload.index, cut, upload.cuts[cut]);
    }
  }
  const Stats& told = file.tally.all;
  if (sums.started == told.started && sums.sent == told.sent &&
      sums.acknowledged == told.acknowledged && sums.cuts_digest == told.cuts_digest) {
    return {};
  }
  return failure(
      (file.folder / "uploads.csv").string(),
      fmt::format("its {} uploads are not the {} of {}", sums.started, told.started, shard_file));
}

void add(Second& sum, const Second& more) {
  sum.started += more.started;
  sum.uploaded += more.uploaded;
  sum.failed += more.failed;
  sum.in_flight += more.in_flight;
  sum.sent += more.sent;
  sum.acknowledged += more.acknowledged;
  sum.start_lag_max = std::max(sum.start_lag_max, more.start_lag_max);
  sum.loop_lag_max = std::max(sum.loop_lag_max, more.loop_lag_max);
  sum.groups.resize(more.groups.size());
  for (std::size_t i = 0; i < more.groups.size(); ++i) {
    sum.groups[i].started += more.groups[i].started;
    sum.groups[i].uploaded += more.groups[i].uploaded;
    sum.groups[i].failed += more.groups[i].failed;
    sum.groups[i].in_flight += more.groups[i].in_flight;
    sum.groups[i].acknowledged += more.groups[i].acknowledged;
  }
}

std::uint64_t whole_seconds(Duration time) {
  return static_cast<std::uint64_t>(std::llround(std::chrono::duration<double>(time).count()));
}

Result<std::vector<Second>> added_seconds(const Parts& parts) {
  std::map<std::uint64_t, Second> sums;
  for (std::size_t i = 0; i < parts.files.size(); ++i) {
    auto seconds = seconds_of(parts.files[i]);
    if (!seconds) return tl::unexpected(seconds.error());
    const std::uint64_t later = whole_seconds(parts.later[i]);
    for (const Second& second : *seconds) add(sums[second.number + later], second);
  }
  std::vector<Second> all;
  const Roster roster(*parts.files.front().scenario);
  for (auto& [number, second] : sums) {
    second.number = number;
    second.phase = roster.phase_at(std::chrono::seconds{all.empty() ? 0 : all.back().number});
    all.push_back(second);
  }
  return all;
}

void move(std::optional<Time>& moment, Duration by) {
  if (moment) *moment += by;
}

/// A shard's figures on the clock of the whole: its moments are moved by `by`.
Tally later(const ShardFile& file, Duration by) {
  const auto moved = [by](Stats stats) {
    move(stats.first_start, by);
    move(stats.last_end, by);
    return stats;
  };
  std::vector<Stats> groups, phases;
  for (std::size_t i = 0; i < file.scenario->groups.size(); ++i) {
    groups.push_back(moved(file.tally.group(i)));
  }
  for (std::size_t i = 0; i < file.scenario->phases.size(); ++i) {
    phases.push_back(moved(file.tally.phase(i)));
  }
  return {moved(file.tally.all), std::move(groups), std::move(phases)};
}

/// All uploads by index. Throws std::runtime_error when a file is no longer what it was.
void each_upload(const Parts& parts, const std::function<void(const UploadResult&)>& visit) {
  std::vector<ShardUploads> rows;
  std::vector<std::optional<UploadResult>> heads;
  const auto advance = [&](std::size_t i) {
    auto row = rows[i].next();
    if (!row) throw std::runtime_error(row.error().line());
    heads[i] = *std::move(row);
  };
  heads.resize(parts.files.size());
  for (std::size_t i = 0; i < parts.files.size(); ++i) {
    rows.push_back(parts.uploads(i));
    advance(i);
  }
  std::set<std::pair<std::uint64_t, std::size_t>> next;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    if (heads[i]) next.emplace(heads[i]->index, i);
  }
  while (!next.empty()) {
    const std::size_t i = next.begin()->second;
    next.erase(next.begin());
    visit(*heads[i]);
    advance(i);
    if (heads[i]) next.emplace(heads[i]->index, i);
  }
}

std::string merged_id(const std::vector<ShardFile>& files) {
  std::uint64_t id = 0;
  for (const ShardFile& file : files) {
    id = hash_of({id, std::stoull(file.run_id, nullptr, 16)});
  }
  return fmt::format("{:012x}", id & 0xffffffffffffULL);
}

void put_together(const Parts& parts, RunReport& report) {
  std::set<std::string> targets;
  const ShardFile* last = &parts.files.front();
  for (std::size_t i = 0; i < parts.files.size(); ++i) {
    const ShardFile& file = parts.files[i];
    const Tally tally = later(file, parts.later[i]);
    i == 0 ? static_cast<void>(report.tally = tally) : report.tally.merge(tally);
    report.was_interrupted = report.was_interrupted || file.was_interrupted;
    report.gave_up = report.gave_up || file.gave_up;
    report.removed += file.removed;
    report.left_behind += file.left_behind;
    if (file.verified_by != VerifyMethod::none) report.verified_by = file.verified_by;
    for (const auto& note : file.notes) {
      report.notes.push_back(fmt::format("shard {}: {}", to_string(file.shard), note));
    }
    report.load_seconds =
        std::max(report.load_seconds, file.load_seconds + whole_seconds(parts.later[i]));
    const std::string& target = file.scenario->settings.url;
    targets.insert(target);
    report.parts.push_back({file.shard, file.run_id, target, file.began, file.tally.all.started});
    if (file.began < report.begun || i == 0) report.begun = file.began;
    if (file.began > last->began) last = &file;
  }
  if (last->began - report.begun > apart) {
    report.notes.push_back(fmt::format("shard {} began {} after the first one",
                                       to_string(last->shard),
                                       in_seconds(last->began - report.begun)));
  }
  report.settings.url = fmt::format("{}", fmt::join(targets, " "));
}

Result<Parts> read(const std::vector<std::string>& folders) {
  Parts parts;
  for (const auto& folder : folders) {
    auto file = read_shard_file(folder);
    if (!file) return tl::unexpected(file.error());
    if (file->version != harness_version()) {
      return failure(name_of(*file), fmt::format("is of version {}, and this is {}", file->version,
                                                 harness_version()));
    }
    parts.files.push_back(*std::move(file));
  }
  std::ranges::stable_sort(parts.files, {}, &ShardFile::shard);
  if (auto good = check_complete(parts.files); !good) return tl::unexpected(good.error());
  for (const ShardFile& file : parts.files) {
    if (auto good = check_same(file, parts.files.front()); !good) {
      return tl::unexpected(good.error());
    }
  }
  if (auto good = check_overlap(parts.files); !good) return tl::unexpected(good.error());
  const auto first = std::ranges::min(parts.files, {}, &ShardFile::began).began;
  for (const ShardFile& file : parts.files) {
    Scenario own = *file.scenario;
    own.shard = file.shard;
    parts.scenarios.push_back(std::make_unique<const Scenario>(std::move(own)));
    parts.rosters.push_back(std::make_unique<const Roster>(*parts.scenarios.back()));
    parts.later.push_back(std::chrono::duration_cast<Duration>(file.began - first));
  }
  return parts;
}

}  // namespace

Result<RunReport> merge(const std::vector<std::string>& folders, const std::string& out,
                        const std::vector<Criterion>& fail_if) {
  for (const auto& folder : folders) {
    std::error_code ignored;
    if (std::filesystem::equivalent(folder, out, ignored)) {
      return failure(out, "is a shard, which merging would write over", "name another folder");
    }
  }
  auto read_parts = read(folders);
  if (!read_parts) return tl::unexpected(read_parts.error());
  const auto parts = std::make_shared<const Parts>(*std::move(read_parts));
  for (std::size_t i = 0; i < parts->files.size(); ++i) {
    if (auto good = check_uploads(*parts, i); !good) return tl::unexpected(good.error());
  }
  auto seconds = added_seconds(*parts);
  if (!seconds) return tl::unexpected(seconds.error());

  RunReport report;
  report.seconds = *std::move(seconds);
  report.run_id = merged_id(parts->files);
  report.scenario = parts->files.front().scenario;
  report.settings = report.scenario->settings;
  report.settings.report = out;
  report.settings.fail_if.insert(report.settings.fail_if.end(), fail_if.begin(), fail_if.end());
  put_together(*parts, report);
  // A second counts even if only some shards had load in it.
  for (const Second& second : report.seconds) {
    if (second.number > report.load_seconds) break;
    auto& slowest = report.tally.all.slowest_second;
    slowest = std::min(slowest.value_or(second.acknowledged), second.acknowledged);
  }
  report.stats = report.tally.all;
  report.each_upload = [parts](const auto& visit) { each_upload(*parts, visit); };
  report.conditions_hit = conditions_hit(report.stats, rules_of(report.settings));
  return report;
}

}  // namespace loadgen
