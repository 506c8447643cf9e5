#include "http/acting_method.hpp"

#include "protocol/tus/headers.hpp"

namespace mock {

std::optional<std::string_view> acting_method(const Request& request, Route route) {
  std::string_view method = request.method;
  if (route != Route::creation && route != Route::upload) return method;
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

}  // namespace mock
