// Wrong passwords, counted by user name, so that guessing takes its time.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "loop/loop.hpp"

namespace mock {

/// Remembers when passwords were wrong within the last minute. A name counts whether there is such
/// a user or not, so that nothing tells the two apart. What is remembered is bounded: beyond
/// `names` the name with the fewest wrong passwords is forgotten, the one tried longest ago first.
/// So whoever wants a name forgotten has to guess as often at all the others. Loop thread only.
class Guesses {
 public:
  static constexpr std::chrono::minutes window{1};

  /// `limit` (1 or more): how many wrong passwords a name has in any window.
  explicit Guesses(std::size_t limit = 5, std::size_t names = 1024)
      : names_(names), by_count_(limit) {}
  Guesses(const Guesses&) = delete;
  Guesses& operator=(const Guesses&) = delete;

  /// How long the name has to wait until its next password is looked at; nullopt: not at all.
  [[nodiscard]] std::optional<std::chrono::seconds> wait(std::string_view name, TimePoint now);
  /// Notes a wrong password for the name. To be called after `wait` let it try.
  void wrong(std::string_view name, TimePoint now);
  void clear();
  /// How many names are remembered.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string digest;            ///< of the name, which may be long
    std::vector<TimePoint> times;  ///< oldest first; 1 to limit of them
  };
  using Entries = std::list<Entry>;

  /// Leaves out what is older than the window; end of the map: nothing is left.
  std::unordered_map<std::string, Entries::iterator>::iterator recent(const std::string& digest,
                                                                      TimePoint now);
  void forget_one();

  std::size_t names_;
  std::vector<Entries> by_count_;  ///< [n]: names with n + 1 wrong passwords, the latest first
  std::unordered_map<std::string, Entries::iterator> entries_;
};

}  // namespace mock
