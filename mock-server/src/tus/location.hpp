// URLs of uploads: the ones we give (Location) and the ones we are given (Upload-Concat).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/route.hpp"

namespace mock {

/// The scheme and authority by which the client reached us: "https://api.example:8443".
/// Forwarded (RFC 7239) and X-Forwarded-Host / -Proto count only when `trust_forwarded`.
[[nodiscard]] std::string origin_of(const Request& request, bool trust_forwarded);

/// The absolute URL of a new upload.
[[nodiscard]] std::string location_of(const Request& request, const RouteMatch& match,
                                      bool trust_forwarded, std::string_view id);

/// The id that a part's URL names, resolved against the request's own URL (RFC 3986 section 5.2).
/// nullopt when it is on another host (row TUS-CONCAT-022) or is no upload's URL.
[[nodiscard]] std::optional<std::string> part_id(std::string_view url, const Request& request,
                                                 const RouteMatch& match, bool trust_forwarded);

/// The same as tusd reads it: what follows the first "/files/" (or the base path of `match`),
/// without slashes around it, is the id, on whatever host. It need not be a valid id.
[[nodiscard]] std::optional<std::string> part_id_behind_base(std::string_view url,
                                                             const RouteMatch& match);

}  // namespace mock
