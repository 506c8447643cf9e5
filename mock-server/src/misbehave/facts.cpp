#include "misbehave/facts.hpp"

#include "loop/loop.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "store/locks.hpp"

namespace mock::misbehave {
namespace {

const Request no_request{};

std::optional<Bytes> number_in(const ::http::Fields& fields, std::string_view name) {
  const auto text = fields.find(name);
  if (!text) return std::nullopt;
  const auto number = tus::parse_length_lenient(*text);
  if (!number) return std::nullopt;
  return *number;
}

}  // namespace

Facts::Facts(const Request& request, Services& services)
    : request_(&request), addressed_(request.addressed), services_(&services) {}

Facts::Facts(std::string lane, const Upload* upload, Services& services)
    : request_(&no_request), services_(&services), own_(Own{{}, {}, std::move(lane)}) {
  upload_.emplace();
  if (upload == nullptr) return;
  *upload_ = *upload;
  addressed_.id = upload->id;
}

std::string Facts::host() const {
  return std::string{fields().find("Host").value_or(request_->local_authority)};
}

const Upload* Facts::upload() const {
  if (!upload_) {
    upload_.emplace();
    if (!addressed_.id.empty() && is_upload_id(addressed_.id))
      if (auto found = services_->store.find(addressed_.id)) *upload_ = std::move(*found);
  }
  return *upload_ ? &**upload_ : nullptr;
}

tus::UploadKind Facts::kind() const {
  if (const auto* known = upload()) return known->kind;
  if (const auto header = fields().find("Upload-Concat"))
    if (const auto concat = tus::parse_concat(*header)) return concat->kind;
  return tus::UploadKind::normal;
}

bool Facts::deferred() const {
  if (const auto* known = upload()) return !known->length;
  return fields().has("Upload-Defer-Length");
}

std::optional<Bytes> Facts::missing() const {
  const auto* known = upload();
  if (known == nullptr && kind() == tus::UploadKind::final) return Bytes{0};
  if (known != nullptr && known->complete()) return std::nullopt;
  const auto length =
      known != nullptr && known->length ? known->length : number_in(fields(), "Upload-Length");
  if (!length || (known == nullptr && !creates())) return std::nullopt;
  const auto offset = known != nullptr ? known->offset : Bytes{0};
  return *length > offset ? *length - offset : Bytes{0};
}

bool Facts::locked() const {
  return !addressed_.id.empty() && services_->locks.locked(addressed_.id);
}

TimePoint Facts::now() const {
  if (!now_) now_ = services_->loop.now();
  return *now_;
}

const tus::Metadata& Facts::metadata() const {
  if (!metadata_) {
    metadata_.emplace();
    if (const auto* known = upload()) {
      metadata_ = known->metadata;
    } else if (const auto header = fields().joined("Upload-Metadata")) {
      if (auto parsed = tus::parse_metadata(*header, tus::MetadataStrictness::lenient))
        metadata_ = std::move(*parsed);
    }
  }
  return *metadata_;
}

}  // namespace mock::misbehave
