// What every upload of a run has in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "payload/payload.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/units.hpp"
#include "transport/origins.hpp"

namespace loadgen {

enum class System {
  tus,  ///< ends when the last byte is acknowledged
  dex,  ///< /info is followed to Complete and to a delivery at every target
};

struct UploadOptions {
  System system = System::dex;
  std::string create_url;  ///< the tus creation URL
  std::string info_url;    ///< "{info_url}/{id}" is an upload's status
  dex::Manifest manifest;  ///< Upload-Metadata; received_filename and the run id are added
  std::string run_id;
  std::uint64_t seed = 1;
  PayloadKind payload = PayloadKind::random;
  Bytes chunk;  ///< of one PATCH; 0: all that is left
  /// Before the first, second, ... retry without any progress in between; after the last the upload
  /// has failed (tus-js-client's retryDelays).
  std::vector<Milliseconds> retry_delays{Milliseconds{0}, Milliseconds{1000}, Milliseconds{3000},
                                         Milliseconds{5000}};
  Milliseconds deliver_timeout{std::chrono::seconds{60}};
  /// Deliveries needed; empty: at least one and all good; "none": Complete is enough.
  std::vector<std::string> expect_targets;
  /// A Location may lead to these origins and to that of create_url; requests there carry the
  /// credentials.
  transport::Origins trusted;
  bool any_origin = false;  ///< ... and to every other; only for runs without credentials
};

/// The file name that upload `index` of a run is sent under: unique, so that a delivered file can
/// be found again by it.
[[nodiscard]] std::string file_name(const std::string& run_id, std::uint64_t index,
                                    PayloadKind kind);

}  // namespace loadgen
