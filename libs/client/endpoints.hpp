// The URLs of a server, derived from one of them. If that one is behind a prefix - a lane's, a
// reverse proxy's - all are, so none is made from the origin alone.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace client {

/// A URL taken apart for finding others. No part ends with '/', and query and fragment are dropped.
struct Place {
  std::string origin;  ///< "http://h:1" (RFC 6454): without the scheme's default port
  std::string parent;  ///< "http://h:1/prefix" of "http://h:1/prefix/files/"
  std::string name;    ///< "files"; empty for a URL that names only the host
  [[nodiscard]] std::string self() const { return name.empty() ? parent : parent + "/" + name; }
};

/// Takes an absolute http or https URL; an Error for every other text.
[[nodiscard]] Result<Place> place_of(std::string_view url);

/// `reference` (a Location) resolved against `base` (RFC 3986 section 5.2); an Error unless that is
/// an absolute http or https URL.
[[nodiscard]] Result<std::string> locate(std::string_view base, std::string_view reference);

/// The last segment of the path, percent-encoded as it came, without query: the id of an upload on
/// every server known here. `url` need not be a URL.
[[nodiscard]] std::string last_segment(std::string_view url);

}  // namespace client
