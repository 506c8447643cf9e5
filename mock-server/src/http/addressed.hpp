// What a request is about: which endpoint it names, which upload, and what is to be done.
#pragma once

#include <string>

#include "http/message.hpp"
#include "http/route.hpp"

namespace mock {

/// Reads the path in the manner of `request.http`; the method is that of the request line. For
/// Application::admit; all others find the result in Request::addressed.
[[nodiscard]] Addressed address(const Request& request, const RouteTable& table);

/// The upload that an exchange was about: that of the request, or the one at the end of the
/// Location of a creation whose path names none. Empty when there is none. `reply_fields` may be
/// null.
[[nodiscard]] std::string upload_of(const Addressed& addressed, int status,
                                    const ::http::Fields* reply_fields);

}  // namespace mock
