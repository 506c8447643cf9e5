#include "tus/acting_method.hpp"

#include "protocol/tus/headers.hpp"
#include "tus/routes.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

void read_method(const Request& request, const TusOptions& options, Addressed& addressed) {
  std::string_view method = request.method;
  for (const auto& field : request.fields) {
    if (!::http::same_name(field.name, tus::header::method_override)) continue;
    const auto value = ::http::trim_ows(field.value);
    addressed.contradictory = addressed.contradictory || (addressed.overridden && value != method);
    method = value;
    addressed.overridden = true;
  }
  const bool heeded = addressed.route == routes::creation || addressed.route == routes::upload;
  addressed.contradictory = addressed.contradictory && heeded;
  if (!heeded || addressed.contradictory || (method.empty() && options.empty_is_absent)) return;
  addressed.method = method;
}

}  // namespace mock
