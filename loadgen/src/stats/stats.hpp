// What a run adds up to. One object per thread, merged once at the end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "stats/histogram.hpp"
#include "stats/result.hpp"

namespace loadgen {

struct CauseCount {
  std::uint64_t count = 0;
  std::string example;
};

/// A start this late gives latency a share of waiting that is not the target's.
inline constexpr std::chrono::milliseconds late_after{100};

/// Not thread-safe.
struct Stats {
  std::uint64_t started = 0, uploaded = 0, verified = 0, unverified = 0, lost = 0, failed = 0,
                interrupted = 0, not_started = 0;
  std::uint64_t unseen = 0;  ///< of the unverified, those with a cause
  std::uint64_t wrong = 0;
  std::uint64_t late_starts = 0;  ///< that started `late_after` or more after they were due
  std::uint64_t requests = 0, retries = 0, resumes = 0, new_uploads = 0;
  std::uint64_t second_writers = 0, second_refused = 0, second_accepted = 0, redeliveries = 0;
  std::uint64_t cuts = 0, silent_cuts = 0;
  std::uint64_t cuts_digest = 0;  ///< sum of the cuts' fingerprints: equal for equal cuts
  Bytes sent, acknowledged, rolled_back, never_sent, acknowledged_unsent, verified_bytes;
  BytesByEnd in_vain{};  ///< Trace::in_vain of all, whose sum is `waste`; 0 without a report
  /// Of the load: from the first start to the last end of any upload, whether it was good or not;
  /// verification is not included.
  std::optional<Time> first_start, last_end;

  /// create: from the start to 201, retries included; none where the first request brings the
  /// bytes. upload: from there, or else from the start, to the last byte acknowledged, losses and
  /// resumes included. resume: from noticing a loss to knowing the offset; none where a protocol
  /// cannot continue. deliver: from the last byte to a delivery in /info. service: from the start
  /// to the last byte acknowledged, or to giving up; end_to_end: the same from the intended start.
  Histogram create, upload, resume, deliver, service, end_to_end;
  /// Of this process, so that its own overload is not taken for a slow server. start_lag: from when
  /// an upload could start to its start. loop_lag: how late a timer of the loop fired, ten times a
  /// second.
  Histogram start_lag, loop_lag;
  std::optional<Bytes> slowest_second;  ///< acknowledged in a whole second of the load
  std::map<std::string, CauseCount> causes;

  /// Counts an upload that has ended and been verified.
  void add(const UploadResult& result);
  void merge(const Stats& other);

  [[nodiscard]] double elapsed_s() const;
  /// Acknowledged bytes per second of the load, in MiB/s.
  [[nodiscard]] double goodput_mib_s() const;
  /// Bytes sent that no acknowledged offset accounts for.
  [[nodiscard]] Bytes waste() const;
};

}  // namespace loadgen
