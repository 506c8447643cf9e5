#include "record/recorded_fields.hpp"

#include <algorithm>
#include <array>

namespace mock {
namespace {

constexpr std::array<std::string_view, 6> http_request{
    "Content-Length", "Content-Type", "Transfer-Encoding", "Expect", "Range", "Trailer",
};
constexpr std::array<std::string_view, 6> http_reply{
    "Location", "Content-Length", "Content-Type", "Connection", "Retry-After", "WWW-Authenticate",
};

}  // namespace

void RecordedFields::Names::add(std::span<const std::string_view> names) {
  for (const auto& name : names) {
    // Two systems may have it.
    if (!find(name).empty()) continue;
    by_size_.resize(std::max(by_size_.size(), name.size() + 1));
    by_size_[name.size()].push_back(name);
  }
}

RecordedFields::RecordedFields(std::span<const RegisteredSystem> systems) {
  request_.add(http_request);
  reply_.add(http_reply);
  for (const auto& system : systems) {
    request_.add(system.journal.request);
    trailers_.add(system.journal.trailers);
    reply_.add(system.journal.reply);
    if (system.journal.offset.read != nullptr) offsets_.push_back(system.journal.offset);
  }
}

const RecordedFields& RecordedFields::of_all_systems() {
  static const RecordedFields all(registered_systems());
  return all;
}

std::optional<Bytes> RecordedFields::offset_in(const ::http::Fields& fields) const {
  for (const auto& offset : offsets_) {
    const auto text = fields.find(offset.name);
    if (!text) continue;
    const auto read = offset.read(*text);
    return read ? std::optional(*read) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace mock
