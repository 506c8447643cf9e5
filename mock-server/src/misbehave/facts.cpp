#include "misbehave/facts.hpp"

#include <algorithm>
#include <utility>

#include "loop/loop.hpp"
#include "store/locks.hpp"

namespace mock::misbehave {
namespace {

const Request no_request{};

}  // namespace

Facts::Facts(const Request& request, Services& services, const System* system)
    : request_(&request),
      addressed_(&request.addressed),
      services_(&services),
      system_(system),
      peeks_(true) {}

Facts::Facts(std::string lane, const Upload* upload, Services& services)
    : request_(&no_request), services_(&services), own_(Request{}) {
  own_->lane = std::move(lane);
  upload_.emplace();
  if (upload == nullptr) return;
  *upload_ = *upload;
  own_addressed_.id = upload->id;
}

std::string Facts::host() const {
  return std::string{fields().find("Host").value_or(request_->local_authority)};
}

std::optional<std::string> Facts::value(std::string_view name) const {
  constexpr std::string_view of_request = "request.";
  if (name.starts_with(of_request)) {
    const auto found = fields().find(name.substr(of_request.size()));
    return found ? std::optional{std::string{*found}} : std::nullopt;
  }
  if (name == "host") return host();
  if (name == "id") return addressed().id;
  const auto* known = upload();
  if (known == nullptr) return std::nullopt;
  if (name == "offset") return std::to_string(known->offset.value);
  if (name == "length" && known->length) return std::to_string(known->length->value);
  return std::nullopt;
}

const Upload* Facts::upload() const {
  if (peeked_ != nullptr) return peeked_;
  if (!upload_) {
    const auto& id = addressed().id;
    // `peek` looks in memory only, so any text will do. `find` may look for a file of that name, so
    // it must be an id.
    if (!id.empty() && peeks_) peeked_ = services_->store.peek(id);
    if (peeked_ != nullptr) return peeked_;
    upload_.emplace();
    if (is_upload_id(id))
      if (auto found = services_->store.find(id)) *upload_ = std::move(*found);
  }
  return *upload_ ? &**upload_ : nullptr;
}

void Facts::keep_looked_at() {
  peeks_ = false;
  if (const auto* const found = std::exchange(peeked_, nullptr)) upload_.emplace(*found);
}

const AskedFor& Facts::asked() const {
  if (!asked_) asked_ = system_ != nullptr ? system_->asked_for(*request_, fields()) : AskedFor{};
  return *asked_;
}

const Attributes* Facts::attributes() const {
  if (const auto* known = upload()) return known->attributes.get();
  return asked().attributes.get();
}

std::optional<std::string_view> Facts::attribute(std::string_view name) const {
  const auto* all = attributes();
  return all != nullptr ? all->find(name) : std::nullopt;
}

std::optional<std::string_view> Facts::metadata(std::string_view key) const {
  if (const auto* known = upload())
    return known->attributes ? known->attributes->metadata_of(key) : std::nullopt;
  if (system_ == nullptr) return std::nullopt;
  if (asked_) return asked_->attributes ? asked_->attributes->metadata_of(key) : std::nullopt;
  auto value = system_->metadata_asked_for(*request_, fields(), key);
  if (!value) return std::nullopt;
  metadata_ = *std::move(value);
  return metadata_;
}

bool Facts::deferred() const {
  if (const auto* known = upload()) return !known->length;
  return asked().deferred;
}

std::optional<Bytes> Facts::length() const {
  const auto* known = upload();
  if (known == nullptr && !creates()) return std::nullopt;
  return known != nullptr && known->length ? known->length : asked().length;
}

std::optional<Bytes> Facts::missing() const {
  const auto* known = upload();
  if (known != nullptr && known->complete()) return std::nullopt;
  const auto whole = length();
  if (!whole) return std::nullopt;
  const auto offset = known != nullptr ? known->offset : Bytes{0};
  return *whole > offset ? *whole - offset : Bytes{0};
}

bool Facts::signals_end() const { return system_ != nullptr && system_->signals_end(fields()); }

bool Facts::locked() const {
  return !addressed().id.empty() && services_->locks.locked(addressed().id);
}

bool Facts::another_locked() const {
  return std::ranges::any_of(services_->locks.all_locked(), [&](const std::string& id) {
    // Locks are those of all lanes; the store knows its lane's uploads only.
    return id != addressed().id && services_->store.find(id).has_value();
  });
}

const std::vector<std::string>& Facts::parts() const {
  if (const auto* known = upload()) return known->parts;
  return asked().parts;
}

std::optional<TimePoint> Facts::created(const std::string& id) const {
  if (!is_upload_id(id)) return std::nullopt;
  const auto found = services_->store.find(id);
  return found ? std::optional{found->created} : std::nullopt;
}

TimePoint Facts::now() const {
  if (!now_) now_ = services_->loop.now();
  return *now_;
}

}  // namespace mock::misbehave
