#include "tus/acting_method.hpp"

#include "protocol/tus/headers.hpp"
#include "systems/tus_routes.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

std::optional<std::string_view> acting_method(const Request& request, Route route) {
  std::string_view method = request.method;
  if (route != routes::creation && route != routes::upload) return method;
  bool overridden = false;
  for (const auto& field : request.fields) {
    if (!::http::same_name(field.name, tus::header::method_override)) continue;
    const auto value = ::http::trim_ows(field.value);
    if (overridden && value != method) return std::nullopt;
    method = value;
    overridden = true;
  }
  return method;
}

void read_method(const Request& request, const TusOptions& options, Addressed& addressed) {
  const auto acting = acting_method(request, addressed.route);
  addressed.contradictory = !acting;
  if (acting && !(acting->empty() && options.empty_is_absent)) addressed.method = *acting;
}

}  // namespace mock
