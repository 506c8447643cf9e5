#include "tus/given_uploads.hpp"

namespace conformance {

void GivenUploads::add(const std::string& url, Bytes length) {
  const std::lock_guard lock(mutex_);
  by_length_.emplace(length.value, url);
}

std::optional<std::string> GivenUploads::take(Bytes length) {
  const std::lock_guard lock(mutex_);
  const auto found = by_length_.find(length.value);
  if (found == by_length_.end()) return std::nullopt;
  std::string url = std::move(found->second);
  by_length_.erase(found);
  return url;
}

}  // namespace conformance
