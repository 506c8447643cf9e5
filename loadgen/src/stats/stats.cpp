#include "stats/stats.hpp"

#include <algorithm>

#include "stats/figures.hpp"

namespace loadgen {
namespace {
std::chrono::microseconds between(Time from, Time to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}
}  // namespace

void Stats::add(const UploadResult& r) {
  ++started;
  if (r.uploaded) ++uploaded;
  switch (r.state) {
    case UploadState::verified:
      ++verified;
      verified_bytes += r.size;
      break;
    case UploadState::uploaded:
    case UploadState::unverified:
      ++unverified;
      if (r.cause) ++unseen;
      break;
    case UploadState::lost:
      ++lost;
      break;
    case UploadState::wrong:
      ++wrong;
      break;
    case UploadState::failed:
      ++failed;
      break;
    case UploadState::running:
    case UploadState::interrupted:
      ++interrupted;
      break;
  }
  requests += r.requests;
  retries += r.retries;
  resumes += r.resumes;
  new_uploads += r.new_uploads;
  second_writers += r.second_writers;
  second_refused += r.second_refused;
  second_accepted += r.second_accepted;
  redeliveries += r.redeliveries;
  sent += r.sent;
  acknowledged += r.acknowledged;
  rolled_back += r.rolled_back;
  never_sent += r.never_sent;
  acknowledged_unsent += r.acknowledged_unsent;
  for (std::size_t i = 0; i < in_vain.size(); ++i) in_vain[i] += r.trace.in_vain[i];
  for (std::size_t i = 0; i < r.cuts.size(); ++i) {
    ++cuts;
    if (r.cuts[i].kind == transport::Cut::Kind::silent) ++silent_cuts;
    cuts_digest += fingerprint(r.index, i, r.cuts[i]);
  }
  if (r.created) create.add(between(r.started, *r.created));
  if (r.uploaded) upload.add(between(r.created.value_or(r.started), *r.uploaded));
  if (r.started - r.intended >= late_after) ++late_starts;
  if (r.possible) start_lag.add(between(*r.possible, r.started));
  // Those that failed had their time as well: a server must not look fast by refusing.
  const bool over = r.state != UploadState::interrupted && r.state != UploadState::running;
  const auto end = r.uploaded ? r.uploaded : r.ended;
  if (end && over) {
    service.add(between(r.started, *end));
    end_to_end.add(between(r.intended, *end));
  }
  if (r.uploaded && r.delivered) deliver.add(between(*r.uploaded, *r.delivered));
  for (const auto time : r.resume_times) resume.add(time);
  if (r.cause) {
    auto& cause = causes[r.cause->what];
    if (cause.count++ == 0) cause.example = r.cause->detail;
  }
  first_start = first_start ? std::min(*first_start, r.started) : r.started;
  if (end) last_end = last_end ? std::max(*last_end, *end) : *end;
}

void Stats::merge(const Stats& o) {
  for (const auto& [name, field] : counts) this->*field += o.*field;
  for (const auto& [name, field] : byte_counts) this->*field += o.*field;
  for (const auto& [name, field] : histograms) (this->*field).merge(o.*field);
  cuts_digest += o.cuts_digest;
  for (std::size_t i = 0; i < in_vain.size(); ++i) in_vain[i] += o.in_vain[i];
  if (o.slowest_second) slowest_second = o.slowest_second;
  for (const auto& [what, theirs] : o.causes) {
    auto& cause = causes[what];
    if (cause.count == 0) cause.example = theirs.example;
    cause.count += theirs.count;
  }
  if (o.first_start)
    first_start = first_start ? std::min(*first_start, *o.first_start) : *o.first_start;
  if (o.last_end) last_end = last_end ? std::max(*last_end, *o.last_end) : *o.last_end;
}

double Stats::elapsed_s() const {
  if (!first_start || !last_end) return 0;
  return std::chrono::duration<double>(*last_end - *first_start).count();
}

double Stats::goodput_mib_s() const {
  const double seconds = elapsed_s();
  return seconds > 0 ? static_cast<double>(acknowledged.value) / (1U << 20U) / seconds : 0;
}

Bytes Stats::waste() const {
  const Bytes had = acknowledged - acknowledged_unsent;
  return sent - std::min(had, sent);
}

}  // namespace loadgen
