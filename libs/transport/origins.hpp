// Whom a URL belongs to (RFC 6454), and a set of those that are trusted.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace transport {

/// "https://host:port" of an absolute http or https URL (RFC 6454 section 4): scheme and host in
/// lower case, the scheme's default port left out. Two spellings of a host, as localhost and
/// 127.0.0.1, are two origins.
[[nodiscard]] Result<std::string> origin_of(std::string_view url);

/// A set of origins. Credentials that were given for one of them go to no other.
class Origins {
 public:
  /// The origin of `url`; what is no absolute http or https URL adds nothing.
  void add(std::string_view url);
  /// Whether the origin of `url` is one of them; false for what is no URL.
  [[nodiscard]] bool hold(std::string_view url) const;

 private:
  std::set<std::string, std::less<>> origins_;
};

}  // namespace transport
