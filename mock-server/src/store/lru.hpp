// A bounded map that forgets what was not used for longest.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mock {

/// Not thread-safe. A pointer that `find` or `put` returned is valid until the next `put` or
/// `erase`.
template <class T>
class Lru {
 public:
  explicit Lru(std::size_t capacity) : capacity_(capacity) {}

  /// nullptr when `key` is not held; otherwise it becomes the most recently used.
  T* find(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().second;
  }

  T* put(std::string_view key, T value) {
    erase(key);
    entries_.emplace_front(std::string(key), std::move(value));
    index_.emplace(entries_.front().first, entries_.begin());
    if (entries_.size() > capacity_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    return &entries_.front().second;
  }

  void erase(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    const auto entry = found->second;
    index_.erase(found);
    entries_.erase(entry);
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, T>>;
  std::size_t capacity_;
  Entries entries_;
  // The keys are views of the strings in the list, whose nodes never move.
  std::unordered_map<std::string_view, typename Entries::iterator> index_;
};

}  // namespace mock
