// The Fetch standard's CORS protocol, for any origin.
#include <string>

#include "tus/tus_handler.hpp"

namespace mock {

namespace {

constexpr auto allowed_methods = "POST, HEAD, PATCH, DELETE, GET, OPTIONS";
constexpr auto allowed_headers =
    "Authorization, Content-Type, Origin, X-Requested-With, X-Request-ID, X-HTTP-Method-Override, "
    "Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Defer-Length, "
    "Upload-Concat, Upload-Checksum";
constexpr auto exposed_headers =
    "Location, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Defer-Length, Upload-Concat, "
    "Upload-Expires, Tus-Version, Tus-Resumable, Tus-Max-Size, Tus-Extension, "
    "Tus-Checksum-Algorithm";

}  // namespace

void add_cors(const Request& request, const TusOptions& options, Reply& reply) {
  const auto origin = request.fields.find("Origin");
  if (!origin) return;
  auto& fields = reply.fields;
  fields.set("Access-Control-Allow-Origin", std::string(*origin));
  // The reply depends on the origin, and no cache may give it to another (RFC 9110 12.5.5).
  if (!fields.has_token("Vary", "Origin")) fields.add("Vary", "Origin");
  if (options.cors_credentials) fields.set("Access-Control-Allow-Credentials", "true");
  if (request.method == "OPTIONS" && request.fields.has("Access-Control-Request-Method")) {
    fields.set("Access-Control-Allow-Methods", allowed_methods);
    fields.set("Access-Control-Allow-Headers", allowed_headers);
    fields.set("Access-Control-Max-Age", "86400");
  } else {
    fields.set("Access-Control-Expose-Headers", exposed_headers);
  }
}

}  // namespace mock
