// How the credential of a client goes with a request.
#pragma once

#include <string>
#include <string_view>

#include "protocol/http/fields.hpp"
#include "redact/secrets.hpp"

namespace client {

/// Where a server expects a token or a key: a value of its system. A value type.
struct Presentation {
  enum class Way {
    bearer,      ///< `Authorization: Bearer ...` (RFC 6750 section 2.1)
    basic_user,  ///< `Authorization: Basic`, as user without a password (RFC 7617 section 2)
    field,       ///< a header field of its own
    query,       ///< a parameter of the query (RFC 6750 section 2.3)
  };
  Way way = Way::bearer;
  std::string name = {};  ///< of the field or the parameter

  /// Whether a request presents anything so, whatever it is.
  [[nodiscard]] bool is_on(const http::Fields& headers, std::string_view url) const;
  /// In place of what a request presents so; an empty credential changes nothing. Whether the
  /// origin of `url` may have it is for the caller to know. A line break in it is the caller's
  /// error.
  void put(std::string_view credential, http::Fields& headers, std::string& url) const;
  void take_off(http::Fields& headers, std::string& url) const;
  /// Makes it known to `secrets`: a short one, which is masked nowhere else, where it stands.
  void hide(std::string_view credential, redact::Secrets& secrets) const;

  bool operator==(const Presentation&) const = default;
};

}  // namespace client
