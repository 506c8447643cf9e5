// The parts of a URL a connection needs, and RFC 3986 reference resolution.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace transport {

struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; an IPv6 address without brackets
  std::uint16_t port = 0;
  std::string authority;  ///< as a Host header carries it: without the scheme's default port
  std::string path;       ///< percent-encoded as given; "/" when empty
  std::string target;     ///< path and query: the request target (RFC 9112 section 3.2.1)

  [[nodiscard]] std::string origin() const { return scheme + "://" + authority; }
};

/// An absolute http or https URL with a host, without credentials; a fragment is dropped.
[[nodiscard]] Result<Url> parse_url(std::string_view text);
/// `reference` (a Location, say) made absolute against `base` (RFC 3986 section 5.2).
[[nodiscard]] Result<std::string> resolve_url(std::string_view base, std::string_view reference);

}  // namespace transport
