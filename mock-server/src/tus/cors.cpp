// The Fetch standard's CORS protocol, for any origin.
#include <string>

#include "protocol/tus/headers.hpp"
#include "tus/discovery.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

namespace {

void add_missing(std::string& list, std::string_view name) {
  for (const auto listed : ::http::split_list(list)) {
    if (::http::same_name(listed, name)) return;
  }
  if (!list.empty()) list += ", ";
  list += name;
}

}  // namespace

void complete_cors(TusOptions& options) {
  auto& cors = options.cors;
  if (offers(options, tus::extension::checksum)) {
    add_missing(cors.headers, tus::header::upload_checksum);
    add_missing(cors.exposed, tus::header::tus_checksum_algorithm);
  }
  if (offers(options, tus::extension::expiration)) {
    add_missing(cors.exposed, tus::header::upload_expires);
  }
}

void add_cors(const Request& request, std::string_view method, const TusOptions& options,
              Reply& reply) {
  const auto origin = request.fields.find("Origin");
  // An empty one is none (RFC 6454 section 7.1).
  if (!origin || origin->empty()) return;
  const auto& cors = options.cors;
  auto& fields = reply.fields;
  fields.set("Access-Control-Allow-Origin", std::string(*origin));
  // The reply depends on the origin, and no cache may give it to another (RFC 9110 12.5.5).
  if (!fields.has_token("Vary", "Origin")) fields.add("Vary", "Origin");
  if (options.cors_credentials) fields.set("Access-Control-Allow-Credentials", "true");
  if (method == "OPTIONS" &&
      (cors.any_options || request.fields.has("Access-Control-Request-Method"))) {
    fields.set("Access-Control-Allow-Methods", cors.methods);
    fields.set("Access-Control-Allow-Headers", cors.headers);
    fields.set("Access-Control-Max-Age", "86400");
  } else {
    fields.set("Access-Control-Expose-Headers", cors.exposed);
  }
}

}  // namespace mock
