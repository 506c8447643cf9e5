#include "http/addressed.hpp"

#include "http/http_options.hpp"
#include "protocol/http/form.hpp"

namespace mock {
namespace {

/// The last segment of the path.
std::string id_in(std::string_view location) {
  location = location.substr(0, location.find_first_of("?#"));
  const auto slash = location.rfind('/');
  if (slash == std::string_view::npos) return {};
  return ::http::percent_decode(location.substr(slash + 1)).value_or("");
}

}  // namespace

Addressed address(const Request& request, const RouteTable& table) {
  const auto ids = request.http->ids_hold_slashes ? Ids::rest : Ids::segments;
  return {table.match(request.path, ids), request.method};
}

std::string upload_of(const Addressed& addressed, int status, const ::http::Fields* reply_fields) {
  const auto& route = addressed.route;
  const bool created = route.creates() && !route.names_upload() && status == 201;
  if (!created || reply_fields == nullptr) return addressed.id;
  return id_in(reply_fields->find("Location").value_or(""));
}

}  // namespace mock
