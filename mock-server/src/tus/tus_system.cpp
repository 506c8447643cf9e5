#include "tus/tus_system.hpp"

#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "tus/acting_method.hpp"
#include "tus/ietf.hpp"
#include "tus/routes.hpp"

namespace mock {

std::vector<std::span<const RoutePattern>> TusSystem::routes() const { return {tus_routes}; }

void TusSystem::read_method(const Request& request, Addressed& addressed) const {
  mock::read_method(request, options_, addressed);
}

std::unique_ptr<Handler> TusSystem::handler_for(const Request&, Services& services) {
  return make_tus_handler(options_, {services, upkeep_.hooks()});
}

/// Errors too name the version and can be read by browsers (TUS-CORE-VER-001, CORS-006).
void TusSystem::complete_refusal(const Request& request, Reply& refusal) const {
  refusal.fields.set(tus::header::tus_resumable, std::string(tus::version));
  mock::add_cors(request, request.method, options_, refusal);
}

void TusSystem::add_cors(const Request& request, Reply& reply) const {
  mock::add_cors(request, request.addressed.method, options_, reply);
}

bool TusSystem::signals_end(const ::http::Fields& fields) const {
  return mock::signals_end(fields, options_);
}

std::optional<std::string> TusSystem::metadata_asked_for(const Request&,
                                                         const ::http::Fields& fields,
                                                         std::string_view key) const {
  const auto name = tus::header::upload_metadata;
  const ::http::Field* header = nullptr;
  for (const auto& field : fields) {
    if (!::http::same_name(field.name, name)) continue;
    if (header != nullptr) return tus::find_metadata(*fields.joined(name), key);
    header = &field;
  }
  return header != nullptr ? tus::find_metadata(header->value, key) : std::nullopt;
}

AskedFor asked_for(const ::http::Fields& fields) {
  AskedFor asked;
  auto attributes = std::make_shared<TusAttributes>();
  asked.deferred = fields.has(tus::header::upload_defer_length);
  if (const auto text = fields.find(tus::header::upload_length))
    if (const auto length = tus::parse_length_lenient(*text)) asked.length = *length;
  if (const auto header = fields.find(tus::header::upload_concat))
    if (const auto concat = tus::parse_concat(*header)) {
      attributes->kind = concat->kind;
      for (const auto& url : concat->parts) asked.parts.push_back(url.substr(url.rfind('/') + 1));
    }
  // A final needs no bytes: its parts have them.
  if (attributes->kind == tus::UploadKind::final) asked.length = Bytes{0};
  if (const auto header = fields.joined(tus::header::upload_metadata))
    if (auto parsed = tus::parse_metadata(*header, tus::MetadataStrictness::lenient))
      attributes->metadata = *std::move(parsed);
  asked.attributes = std::move(attributes);
  return asked;
}

}  // namespace mock
