// The header fields, media types and status codes of tus 1.0 (protocol.md at 30698e1).
#pragma once

#include <string_view>

namespace tus {

inline constexpr std::string_view version = "1.0.0";
inline constexpr std::string_view offset_media_type = "application/offset+octet-stream";

namespace header {
inline constexpr std::string_view tus_resumable = "Tus-Resumable";
inline constexpr std::string_view tus_version = "Tus-Version";
inline constexpr std::string_view tus_extension = "Tus-Extension";
inline constexpr std::string_view tus_max_size = "Tus-Max-Size";
inline constexpr std::string_view tus_checksum_algorithm = "Tus-Checksum-Algorithm";
inline constexpr std::string_view upload_offset = "Upload-Offset";
inline constexpr std::string_view upload_length = "Upload-Length";
inline constexpr std::string_view upload_defer_length = "Upload-Defer-Length";
inline constexpr std::string_view upload_metadata = "Upload-Metadata";
inline constexpr std::string_view upload_concat = "Upload-Concat";
inline constexpr std::string_view upload_expires = "Upload-Expires";
inline constexpr std::string_view upload_checksum = "Upload-Checksum";
inline constexpr std::string_view method_override = "X-HTTP-Method-Override";
}  // namespace header

namespace extension {
inline constexpr std::string_view creation = "creation";
inline constexpr std::string_view creation_with_upload = "creation-with-upload";
inline constexpr std::string_view creation_defer_length = "creation-defer-length";
inline constexpr std::string_view termination = "termination";
inline constexpr std::string_view concatenation = "concatenation";
inline constexpr std::string_view concatenation_unfinished = "concatenation-unfinished";
inline constexpr std::string_view expiration = "expiration";
inline constexpr std::string_view checksum = "checksum";
inline constexpr std::string_view checksum_trailer = "checksum-trailer";
}  // namespace extension

/// Protocol extension "Checksum": the digest did not match.
inline constexpr int status_checksum_mismatch = 460;

}  // namespace tus
