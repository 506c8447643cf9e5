// How the credential of a client goes with a request.
#pragma once

#include <string>
#include <string_view>

#include "protocol/http/fields.hpp"
#include "redact/secrets.hpp"

namespace client {

/// Where a server expects a token or a key, which its system says. A value type.
struct Presentation {
  enum class Way {
    bearer,      ///< `Authorization: Bearer ...` (RFC 6750 section 2.1)
    basic_user,  ///< `Authorization: Basic`, as user without a password (RFC 7617 section 2)
    field,       ///< a header field of its own
    query,       ///< a parameter of the query (RFC 6750 section 2.3)
  };
  Way way = Way::bearer;
  std::string name = {};  ///< of the field or the parameter

  /// Whether a request presents some credential in this way.
  [[nodiscard]] bool is_on(const http::Fields& headers, std::string_view url) const;
  /// Puts the credential in place of what a request presents in this way; an empty one changes
  /// nothing. The caller decides whether the origin of `url` may have it, and makes sure that it
  /// holds no line break.
  void put(std::string_view credential, http::Fields& headers, std::string& url) const;
  void take_off(http::Fields& headers, std::string& url) const;
  /// Makes it known to `secrets`. A short one is masked only where it stands in a request.
  void hide(std::string_view credential, redact::Secrets& secrets) const;

  bool operator==(const Presentation&) const = default;
};

}  // namespace client
