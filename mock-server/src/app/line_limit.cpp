#include "app/line_limit.hpp"

#include <algorithm>
#include <utility>

namespace mock {

bool LineLimit::admits(std::string_view kind, TimePoint now) {
  auto found = kinds_.find(kind);
  if (found == kinds_.end()) {
    found = kinds_.emplace(std::string(kind), Kind{now}).first;
    earliest_ = kinds_.size() == 1 ? now + window : std::min(earliest_, now + window);
    latest_ = kinds_.size() == 1 ? now : std::max(latest_, now);
  }
  return ++found->second.seen <= lines;
}

std::vector<LineLimit::Withheld> LineLimit::ended(TimePoint now) {
  std::vector<Withheld> all;
  if (kinds_.empty() || (latest_ <= now && now < earliest_)) return all;
  std::erase_if(kinds_, [&](const auto& entry) {
    const auto& [name, kind] = entry;
    if (!kind.over(now)) return false;
    if (kind.withheld() > 0) all.push_back({name, kind.withheld()});
    return true;
  });
  earliest_ = TimePoint::max();
  latest_ = TimePoint::min();
  for (const auto& [name, kind] : kinds_) {
    earliest_ = std::min(earliest_, kind.began + window);
    latest_ = std::max(latest_, kind.began);
  }
  return all;
}

std::vector<LineLimit::Withheld> LineLimit::rest() {
  std::vector<Withheld> all;
  for (const auto& [name, kind] : std::exchange(kinds_, {})) {
    if (kind.withheld() > 0) all.push_back({name, kind.withheld()});
  }
  return all;
}

std::optional<TimePoint> LineLimit::next() const {
  std::optional<TimePoint> next;
  for (const auto& [name, kind] : kinds_) {
    if (kind.withheld() == 0) continue;
    const auto end = kind.began + window;
    next = next ? std::min(*next, end) : end;
  }
  return next;
}

}  // namespace mock
