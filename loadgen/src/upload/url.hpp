// The few things this program asks of URLs.
#pragma once

#include <string>
#include <vector>

#include "protocol/error.hpp"

namespace loadgen {

/// "http://host:port" of an absolute http(s) URL, the port always spelled out.
[[nodiscard]] Result<std::string> origin_of(const std::string& url);
/// `reference` (a Location) relative to `base` (RFC 3986 section 5).
[[nodiscard]] Result<std::string> resolve_reference(const std::string& base,
                                                    const std::string& reference);
/// The last segment of the path, without query: the upload's id on every server known here.
[[nodiscard]] std::string last_segment(const std::string& url);
/// Where DEX tells of an upload, in the shape of the creation URL: {origin}/upload -> /upload/info
/// behind the gateway, everything else -> {origin}/info.
[[nodiscard]] Result<std::string> info_url_of(const std::string& create_url);

/// The creation URLs to try where `url` names only a host: itself, and the two shapes of DEX
/// (behind the gateway and without it). Empty for every other URL.
[[nodiscard]] std::vector<std::string> creation_urls_at(const std::string& url);

}  // namespace loadgen
