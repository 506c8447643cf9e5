// What became of one upload.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/cuts.hpp"
#include "protocol/units.hpp"
#include "schedule/schedule.hpp"
#include "stats/trace.hpp"

namespace loadgen {

/// Every upload that started ends in exactly one of these.
enum class UploadState {
  running,
  uploaded,    ///< every byte acknowledged (and delivered, on DEX), not verified yet
  verified,    ///< every byte was found at the other end
  unverified,  ///< every byte acknowledged, but what became of them could not be seen
  /// Every byte acknowledged, and seen not to have arrived: not delivered, missing, or different.
  lost,
  wrong,        ///< every byte arrived, but the target tells of it otherwise than it was sent
  failed,       ///< the client gave up
  interrupted,  ///< the run was ended before the upload was
};
[[nodiscard]] std::string_view to_string(UploadState state);

/// Why an upload did not end well: a short cause to count by, and one example of it.
struct Cause {
  std::string what;
  std::string detail;
  bool operator==(const Cause&) const = default;
};

/// A range of a file: from `begin` up to, but not including, `end`.
struct ByteRange {
  Bytes begin, end;
  bool operator==(const ByteRange&) const = default;
};

/// "12-34": the first byte and the last one.
[[nodiscard]] std::string to_string(const ByteRange& range);

/// A value. Times are of the steady clock; microseconds elsewhere.
struct UploadResult {
  std::uint64_t index = 0;
  std::uint32_t group = 0, phase = 0;  ///< of the scenario
  Bytes size;
  std::string name;  ///< of the file
  std::string url;   ///< empty before it was created
  UploadState state = UploadState::running;
  std::optional<Cause> cause;

  Time intended;                 ///< when it should have started
  std::optional<Time> possible;  ///< when it could have, as Schedule::Start
  Time started;                  ///< when it did
  std::optional<Time> created;
  std::optional<Time> uploaded;                         ///< the last byte was acknowledged
  std::optional<Time> ended;                            ///< ... or never will be; of any upload
  std::optional<Time> delivered;                        ///< DEX: seen in /info
  std::vector<std::chrono::microseconds> resume_times;  ///< from a loss to knowing the offset

  std::uint64_t requests = 0;
  std::uint64_t retries = 0;  ///< attempts after a failure, whatever the request was
  std::uint64_t resumes = 0;  ///< transfers continued behind what the server already had
  /// Begun again at the first byte: the server no longer knew the upload, or its protocol cannot
  /// continue one.
  std::uint64_t new_uploads = 0;
  /// PATCHes that two connections sent at the same time, and what the one was told that was not let
  /// in, or came second: that it is refused (409, 423), or accepted as well. The rest were lost.
  std::uint64_t second_writers = 0, second_refused = 0, second_accepted = 0;
  std::uint64_t redeliveries = 0;   ///< DEX: asked for after a delivery that failed
  Bytes sent;                       ///< bytes of the file handed to connections
  Bytes acknowledged;               ///< what the server last said to have
  Bytes rolled_back;                ///< acknowledged once and denied later
  Bytes never_sent;                 ///< acknowledged though it was not sent by then
  Bytes acknowledged_unsent;        ///< of `acknowledged`, what was not sent to the present URL
  std::string digest;               ///< of the bytes as they were sent (UploadOptions::digest), in
                                    ///< hexadecimal; empty: none was made
  std::optional<ByteRange> damage;  ///< of the file: what is missing or different
  std::vector<PlannedCut> cuts;     ///< those that happened; known to the partner's link only
  Trace trace;                      ///< empty where no report is wanted
  bool operator==(const UploadResult&) const = default;
};

}  // namespace loadgen
