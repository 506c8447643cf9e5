// The sender manifest: the metadata a DEX upload carries (DEX metadata version 2).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/tus/metadata.hpp"

namespace dex {

namespace field {
inline constexpr std::string_view data_stream_id = "data_stream_id";
inline constexpr std::string_view data_stream_route = "data_stream_route";
inline constexpr std::string_view sender_id = "sender_id";
inline constexpr std::string_view data_producer_id = "data_producer_id";
inline constexpr std::string_view jurisdiction = "jurisdiction";
inline constexpr std::string_view received_filename = "received_filename";
inline constexpr std::string_view upload_id = "upload_id";
inline constexpr std::string_view dex_ingest_datetime = "dex_ingest_datetime";
}  // namespace field

/// Field name -> value. DEX manifests are text and their order carries no meaning.
using Manifest = std::map<std::string, std::string>;

[[nodiscard]] Manifest manifest_of(const tus::Metadata& metadata);
[[nodiscard]] tus::Metadata metadata_of(const Manifest& manifest);
/// A JSON object of strings, as `--manifest FILE` and scenario files hold it.
[[nodiscard]] Result<Manifest> parse_manifest_json(std::string_view text,
                                                   const std::string& document);
/// filename > original_filename > meta_ext_filename > received_filename (DEX pkg/metadata,
/// row DEX-DELIV-011). nullopt when none is present.
[[nodiscard]] std::optional<std::string> filename_of(const Manifest& manifest);

}  // namespace dex
