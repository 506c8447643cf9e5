// What every upload of a run has in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "payload/payload.hpp"
#include "protocol/digest.hpp"
#include "protocol/units.hpp"
#include "transport/origins.hpp"

namespace loadgen {

enum class Connections {
  own,   ///< every upload begins on one of its own, as a partner of its own does
  kept,  ///< it goes on with one that an earlier upload left open
};

/// A file up to this size costs less to make again than what is kept about it.
inline constexpr Bytes made_again_at_once{16U << 10U};

/// Whose an upload is, told from its index. All numbers count from 1.
struct Numbering {
  std::uint64_t files = 1;     ///< of a partner, at most
  std::uint64_t streams = 1;   ///< by which partners arrive
  std::uint64_t accounts = 1;  ///< of the partner's group

  [[nodiscard]] std::uint64_t partner(std::uint64_t upload) const { return upload / files + 1; }
  [[nodiscard]] std::uint64_t file(std::uint64_t upload) const { return upload % files + 1; }
  [[nodiscard]] std::uint64_t account(std::uint64_t upload) const {
    return upload / files / streams % accounts + 1;
  }
  /// `text` with the numbers of an upload in the place of {partner}, {file} and {account}.
  [[nodiscard]] std::string filled_in(std::string text, std::uint64_t upload) const;
};

/// `text` with `number` in the place of {`name`}.
[[nodiscard]] std::string filled_in(std::string text, std::string_view name, std::uint64_t number);

struct UploadOptions {
  std::string create_url;  ///< where uploads begin
  /// Metadata of every file; its name and the run id are added.
  std::map<std::string, std::string> metadata;
  /// Values of it may hold {partner}, {file} and {account}.
  Numbering numbering;
  std::string run_id;
  std::uint64_t seed = 1;
  Content payload;
  Bytes chunk;  ///< of one PATCH; 0: all that is left
  Connections connections = Connections::own;
  /// Made of every file while it is sent, and kept for verification; nullopt: none.
  std::optional<DigestAlgorithm> digest;
  /// A small file is made again in no time, and keeping a digest running would cost as much.
  [[nodiscard]] std::optional<DigestAlgorithm> digest_of(Bytes size) const {
    return size > made_again_at_once ? digest : std::nullopt;
  }
  /// Before the first, second, ... retry without any progress in between; after the last the upload
  /// has failed (tus-js-client's retryDelays).
  std::vector<Milliseconds> retry_delays{Milliseconds{0}, Milliseconds{1000}, Milliseconds{3000},
                                         Milliseconds{5000}};
  /// A server may send uploads on to these origins and to that of create_url; requests there carry
  /// the credentials, unless the system has them signed in the URL.
  transport::Origins trusted;
  bool any_origin = false;  ///< ... and to every other; only for runs without credentials
  /// The metadata of one upload.
  [[nodiscard]] std::map<std::string, std::string> metadata_of(std::uint64_t upload) const;
  /// Never to a host of production.
  [[nodiscard]] bool may_lead_to(const std::string& url) const;
};

/// The file name that upload `index` of a run is sent under. It is unique, so that a delivered file
/// can be found by it. Of the name of the user's own file it has only the extension.
[[nodiscard]] std::string file_name(const std::string& run_id, std::uint64_t index,
                                    std::string_view extension);

}  // namespace loadgen
