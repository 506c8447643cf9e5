// The /info/{id} document (rows DEX-INFO-*, DEX-DELIV-*; guide, "Info").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dex/manifest.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace dex {

namespace upload_state {
inline constexpr std::string_view initiated = "Initiated";
inline constexpr std::string_view in_progress = "In Progress";
inline constexpr std::string_view complete = "Complete";
}  // namespace upload_state

namespace delivery_state {
inline constexpr std::string_view success = "SUCCESS";
inline constexpr std::string_view failure = "FAILURE";
}  // namespace delivery_state

struct Issue {
  std::string level;
  std::string message;
  bool operator==(const Issue&) const = default;
};

struct FileInfo {
  Bytes size;
  std::string updated_at;  ///< RFC 3339, UTC
  bool operator==(const FileInfo&) const = default;
};

struct UploadStatus {
  std::string status;
  std::string chunk_received_at;  ///< RFC 3339, UTC
  bool operator==(const UploadStatus&) const = default;
};

struct Delivery {
  std::string status;
  std::string name;
  std::string location;
  std::string delivered_at;
  std::optional<std::vector<Issue>> issues;  ///< null on success
  bool operator==(const Delivery&) const = default;
};

struct Info {
  Manifest manifest;
  std::optional<FileInfo> file_info;
  UploadStatus upload_status;
  std::optional<std::vector<Delivery>> deliveries;  ///< null before the first attempt
  bool operator==(const Info&) const = default;
};

/// With the trailing newline that the server sends.
[[nodiscard]] std::string to_json(const Info& info);
/// Strict about keys and types: the document must have exactly the shape above.
[[nodiscard]] Result<Info> parse_info(std::string_view text);

}  // namespace dex
