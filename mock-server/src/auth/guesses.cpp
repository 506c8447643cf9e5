#include "auth/guesses.hpp"

#include <algorithm>

#include "protocol/digest.hpp"

namespace mock {

auto Guesses::recent(const std::string& digest, TimePoint now)
    -> std::unordered_map<std::string, Entries::iterator>::iterator {
  const auto found = entries_.find(digest);
  if (found == entries_.end()) return found;
  const auto entry = found->second;
  auto& list = by_count_[entry->times.size() - 1];
  // Times in the future are from before the clock was set back.
  std::erase_if(entry->times, [&](TimePoint time) { return time > now || now - time >= window; });
  if (entry->times.empty()) {
    list.erase(entry);
    entries_.erase(found);
    return entries_.end();
  }
  auto& now_in = by_count_[entry->times.size() - 1];
  if (&now_in != &list) now_in.splice(now_in.begin(), list, entry);
  return found;
}

std::optional<std::chrono::seconds> Guesses::wait(std::string_view name, TimePoint now) {
  if (entries_.empty()) return std::nullopt;
  const auto found = recent(sha256_hex(name), now);
  if (found == entries_.end() || found->second->times.size() < by_count_.size()) {
    return std::nullopt;
  }
  const auto left = window - (now - found->second->times.front());
  return std::max(std::chrono::ceil<std::chrono::seconds>(left), std::chrono::seconds{1});
}

void Guesses::wrong(std::string_view name, TimePoint now) {
  auto digest = sha256_hex(name);
  const auto found = recent(digest, now);
  if (found == entries_.end()) {
    if (entries_.size() >= names_) forget_one();
    auto& once = by_count_.front();
    once.push_front({digest, {now}});
    entries_.emplace(std::move(digest), once.begin());
    return;
  }
  const auto entry = found->second;
  auto& before = by_count_[entry->times.size() - 1];
  if (entry->times.size() == by_count_.size()) entry->times.erase(entry->times.begin());
  entry->times.push_back(now);
  auto& after = by_count_[entry->times.size() - 1];
  after.splice(after.begin(), before, entry);
}

void Guesses::forget_one() {
  for (auto& names : by_count_) {
    if (names.empty()) continue;
    entries_.erase(names.back().digest);
    names.pop_back();
    return;
  }
}

void Guesses::clear() {
  entries_.clear();
  for (auto& names : by_count_) names.clear();
}

}  // namespace mock
