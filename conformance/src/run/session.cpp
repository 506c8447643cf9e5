#include "run/session.hpp"

#include <set>

namespace conformance {

void Session::saw(const transport::Exchange& exchange) {
  const bool refused =
      exchange.failure && exchange.failure->kind == transport::Failure::Kind::connect;
  const std::lock_guard lock(mutex_);
  refused_in_a_row_ = refused ? refused_in_a_row_ + 1 : 0;
}

std::optional<std::string> Session::lost() const {
  constexpr std::size_t enough = 5;
  const std::lock_guard lock(mutex_);
  if (refused_in_a_row_ < enough) return std::nullopt;
  return "the target is gone: it takes no connections any more";
}

void Session::created(const std::string& upload) {
  const std::lock_guard lock(mutex_);
  uploads_.push_back(upload);
}

std::vector<std::string> Session::uploads() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const std::string& upload : uploads_) {
    if (seen.insert(upload).second) out.push_back(upload);
  }
  return out;
}

}  // namespace conformance
