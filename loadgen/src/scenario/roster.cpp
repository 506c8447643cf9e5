#include "scenario/roster.hpp"

#include <algorithm>
#include <cmath>

#include "payload/hash.hpp"

namespace loadgen {
namespace {

/// Evenly from `least` to `most`, both of which can be drawn.
std::uint64_t drawn(std::uint64_t hash, std::uint64_t least, std::uint64_t most) {
  const auto span = static_cast<double>(most - least + 1);
  return std::min(most, least + static_cast<std::uint64_t>(unit(hash) * span));
}

/// The course of a count of partners.
Course of_count(const Group& group) {
  std::vector<Stretch> stretches;
  if (group.after.count() > 0) stretches.push_back({group.after, 0, 0});
  const auto count = static_cast<double>(*group.count);
  if (group.arrival == Arrival::closed) {
    stretches.push_back({{}, count, count});
  } else {
    // Those whom chance has not brought in time come later, at the same rate.
    const double rate = count / std::chrono::duration<double>(group.over).count();
    stretches.push_back({{}, rate, rate});
  }
  return Course(std::move(stretches));
}

Course of_phases(const std::vector<Phase>& phases) {
  std::vector<Stretch> stretches;
  for (const Phase& phase : phases) {
    // Behind the last start there is nothing more to say of the load.
    if (phase.kind == PhaseKind::drain && !phase.lasts) break;
    const double to = phase.to ? phase.to->value : 0;
    const double from = phase.from ? phase.from->value : to;
    std::optional<Duration> length;
    if (phase.lasts) length = *phase.lasts;
    stretches.push_back({length, from, to});
  }
  return Course(std::move(stretches));
}

}  // namespace

std::uint64_t Stream::at_once() const {
  std::uint64_t all =
      arrival == Arrival::closed ? static_cast<std::uint64_t>(std::ceil(course.peak())) : most;
  if (partners) all = std::min(all, *partners);
  return all;
}

Roster::Roster(const Scenario& scenario)
    : scenario_(scenario), mine_(scenario.part().number - 1), shards_(scenario.part().of) {
  Stream mix;
  for (std::size_t i = 0; i < scenario.groups.size(); ++i) {
    const Group& group = scenario.groups[i];
    most_files_ = std::max(most_files_, group.files.most);
    if (!group.count) {
      mix.groups.push_back(i);
      continue;
    }
    Stream stream;
    stream.groups = {i};
    stream.partners = group.count;
    stream.course = of_count(group);
    stream.arrival = group.arrival;
    stream.most = *group.count;
    streams_.push_back(std::move(stream));
  }
  if (!mix.groups.empty()) {
    const bool open =
        std::any_of(scenario.phases.begin(), scenario.phases.end(),
                    [](const Phase& phase) { return phase.to && phase.to->per_second; });
    mix.partners = scenario.settings.uploads;
    mix.course = of_phases(scenario.phases);
    mix.arrival = open ? scenario.settings.arrival : Arrival::closed;
    mix.most = *scenario.settings.concurrency;
    streams_.insert(streams_.begin(), std::move(mix));
  }
  Duration end{0};
  for (std::size_t i = 0; i + 1 < scenario.phases.size(); ++i) {
    end += *scenario.phases[i].lasts;
    phase_ends_.push_back(end);
  }
  for (const Group& group : scenario.groups) homes_.push_back(shard_of_region(group.region));
  weights_.resize(shards_);
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    std::uint64_t parallel = 1;
    for (const auto group : streams_[s].groups) {
      parallel = std::max(
          parallel, std::min(scenario.groups[group].parallel, scenario.groups[group].files.most));
    }
    const auto& groups = streams_[s].groups;
    by_region_.push_back(shards_ > 1 &&
                         std::any_of(groups.begin(), groups.end(),
                                     [this](auto group) { return homes_[group].has_value(); }));
    const auto all = rooms(s);
    for (std::size_t i = 0; i < all.size(); ++i) weights_[i] += all[i] * parallel;
  }
}

std::optional<std::uint64_t> Roster::shard_of_region(std::string_view name) const {
  std::uint64_t number = 0;  // of those with an uplink
  for (const Region& region : scenario_.regions) {
    if (region.uplink.value <= 0) continue;
    if (region.name == name) return number % shards_;
    ++number;
  }
  return std::nullopt;
}

std::uint64_t Roster::shard_of(std::size_t stream, std::uint64_t n) const {
  if (by_region_[stream]) {
    if (const auto& home = homes_[who(stream, n).group]) return *home;
  }
  return (n + shards_ - stream % shards_) % shards_;
}

std::vector<std::uint64_t> Roster::rooms(std::size_t stream) const {
  std::vector<std::uint64_t> all(shards_);
  const std::uint64_t at_once = streams_[stream].at_once();
  const auto& groups = streams_[stream].groups;
  if (by_region_[stream] && groups.size() == 1) {
    all[*homes_[groups.front()]] = at_once;
    return all;
  }
  if (by_region_[stream]) {
    for (std::uint64_t n = 0; n < at_once; ++n) ++all[shard_of(stream, n)];
    return all;
  }
  for (std::uint64_t i = 0; i < shards_; ++i) {
    all[i] = share(at_once, {(i + stream) % shards_, shards_});
  }
  return all;
}

Lot Roster::lot(std::size_t stream, std::uint64_t first, std::uint64_t stride) const {
  // A thread without room would have partners that never start.
  const std::uint64_t threads =
      std::clamp<std::uint64_t>(rooms(stream)[mine_], 1, std::max<std::uint64_t>(stride, 1));
  // Each stream begins with another thread, so that remainders do not all go to the first one.
  const Portion thread{(first + stream) % stride, threads};
  if (thread.number >= threads) return Lot::none();
  if (!by_region_[stream]) return Lot(portion(stream), thread);
  if (const auto& groups = streams_[stream].groups; groups.size() == 1) {
    return *homes_[groups.front()] == mine_ ? Lot(Portion{}, thread) : Lot::none();
  }
  return {[this, stream](std::uint64_t n) { return has(stream, n); }, shards_, thread,
          streams_[stream].partners.value_or(UINT64_MAX)};
}

ScheduleOptions Roster::schedule(std::size_t stream, std::uint64_t first,
                                 std::uint64_t stride) const {
  const Stream& of = streams_[stream];
  ScheduleOptions options;
  options.partners = of.partners;
  options.course = of.course;
  options.arrival = of.arrival;
  options.most = of.most;
  options.seed = scenario_.settings.seed;
  options.stream = stream;
  options.lot = lot(stream, first, stride);
  return options;
}

Who Roster::who(std::size_t stream, std::uint64_t n) const {
  const Stream& of = streams_[stream];
  Who who;
  who.partner = n * streams_.size() + stream;
  who.in_group = n;
  who.group = of.groups.front();
  if (of.groups.size() > 1) {
    double all = 0;
    for (const auto group : of.groups) all += scenario_.groups[group].weight;
    double at = all * unit(hash_for(Purpose::group, {scenario_.settings.seed, who.partner}));
    for (const auto group : of.groups) {
      who.group = group;
      at -= scenario_.groups[group].weight;
      if (at < 0) break;
    }
  }
  const CountRange& files = scenario_.groups[who.group].files;
  who.files = files.least;
  if (files.least != files.most) {
    who.files = drawn(hash_for(Purpose::files, {scenario_.settings.seed, who.partner}), files.least,
                      files.most);
  }
  return who;
}

Bytes Roster::size_of(const Who& who, std::uint64_t file) const {
  const Settings& of = scenario_.groups[who.group].settings;
  const std::uint64_t seed = scenario_.settings.seed;
  if (const auto& own = of.payload.own) return own->drawn(seed, upload(who, file)).size();
  return of.size.size_of(seed, upload(who, file));
}

Milliseconds Roster::think(const Who& who, std::uint64_t file) const {
  const TimeRange& think = scenario_.groups[who.group].think;
  if (think.least == think.most) return think.least;
  const auto hash = hash_for(Purpose::think, {scenario_.settings.seed, who.partner, file});
  return Milliseconds{
      static_cast<Milliseconds::rep>(drawn(hash, static_cast<std::uint64_t>(think.least.count()),
                                           static_cast<std::uint64_t>(think.most.count())))};
}

std::uint64_t Roster::account(const Who& who) const {
  return who.in_group % scenario_.groups[who.group].accounts;
}

std::size_t Roster::phase_at(Duration at) const {
  const auto later = std::upper_bound(phase_ends_.begin(), phase_ends_.end(), at);
  return static_cast<std::size_t>(later - phase_ends_.begin());
}

std::optional<UploadPlace> Roster::place_of(std::uint64_t index) const {
  const std::uint64_t partner = index / most_files_;
  UploadPlace place;
  place.stream = partner % streams_.size();
  place.file = index % most_files_;
  const std::uint64_t n = partner / streams_.size();
  const auto& partners = streams_[place.stream].partners;
  if (partners && n >= *partners) return std::nullopt;
  place.who = who(place.stream, n);
  if (place.file >= place.who.files) return std::nullopt;
  return place;
}

std::optional<std::uint64_t> Roster::partners_of(std::size_t number) const {
  const Stream& stream = streams_[number];
  auto all = stream.partners;
  // How many chance brings is known only by counting, and how many a closed loop by doing it.
  if (stream.arrival == Arrival::constant && stream.course.end()) {
    const double sum = stream.course.sum(*stream.course.end());
    const auto due = static_cast<std::uint64_t>(std::ceil(sum - 1e-9));
    all = std::min(due, all.value_or(due));
  }
  return all;
}

std::optional<std::uint64_t> Roster::uploads() const {
  std::uint64_t all = 0;
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    const auto partners = partners_of(s);
    if (!partners) return std::nullopt;
    bool same = !by_region_[s];
    for (const auto group : streams_[s].groups) {
      const CountRange& files = scenario_.groups[group].files;
      same = same && files.least == files.most &&
             files.most == scenario_.groups[streams_[s].groups.front()].files.most;
    }
    if (same) {
      all += share(*partners, portion(s)) * scenario_.groups[streams_[s].groups.front()].files.most;
      continue;
    }
    for (std::uint64_t n = 0; n < *partners; ++n) {
      if (has(s, n)) all += who(s, n).files;
    }
  }
  return all;
}

}  // namespace loadgen
