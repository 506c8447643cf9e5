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

namespace loadgen {

/// Every upload that started ends in exactly one of these.
enum class UploadState {
  running,
  uploaded,    ///< every byte acknowledged (and delivered, on DEX), not verified yet
  verified,    ///< every byte was found at the other end
  unverified,  ///< every byte acknowledged, but nothing was there to verify it with
  lost,  ///< every byte acknowledged, but they did not arrive: not delivered, missing, or different
  failed,       ///< the client gave up
  interrupted,  ///< the run was ended before the upload was
};
[[nodiscard]] std::string_view to_string(UploadState state);

/// Why an upload did not end well: a short cause to count by, and one example of it.
struct Cause {
  std::string what;
  std::string detail;
};

/// A value. Times are of the steady clock; microseconds elsewhere.
struct UploadResult {
  std::uint64_t index = 0;
  Bytes size;
  std::string name;  ///< of the file
  std::string url;   ///< empty before it was created
  UploadState state = UploadState::running;
  std::optional<Cause> cause;

  Time intended;  ///< when it should have started
  Time started;   ///< when it did
  std::optional<Time> created;
  std::optional<Time> uploaded;                         ///< the last byte was acknowledged
  std::optional<Time> delivered;                        ///< DEX: seen in /info
  std::vector<std::chrono::microseconds> resume_times;  ///< from a loss to knowing the offset

  std::uint64_t requests = 0;
  std::uint64_t retries = 0;  ///< attempts after a failure, whatever the request was
  std::uint64_t resumes = 0;  ///< transfers continued at the offset that the server told
  /// Begun again at the first byte: the server no longer knew the upload, or its protocol cannot
  /// continue one.
  std::uint64_t new_uploads = 0;
  Bytes sent;                    ///< bytes of the file handed to connections
  Bytes acknowledged;            ///< what the server last said to have
  Bytes rolled_back;             ///< acknowledged once and denied later
  std::vector<PlannedCut> cuts;  ///< those that happened; known to the partner's link only
};

}  // namespace loadgen
