// Which uploads of a run are told in full.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "results/results.hpp"

namespace loadgen {

/// Keeps few uploads, however many there were: the `sampled` with the least hash of seed and
/// number, the `slowest` end to end, and the first `of_a_cause` of each cause, by number. A choice
/// from the specimens of the parts of a run is the same as one from the whole run. Not thread-safe.
class Specimens {
 public:
  static constexpr std::size_t sampled = 24, slowest = 16, of_a_cause = 3, causes = 16;

  explicit Specimens(std::uint64_t seed) : seed_(seed) {}
  void add(const UploadResult& upload);
  /// By number. To be called once.
  [[nodiscard]] std::vector<Specimen> take();

 private:
  /// First what to choose by, ascending; then the number.
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  void keep(std::set<Key>& kept, Key key, std::size_t most, const UploadResult& upload);
  void drop(std::uint64_t index);

  std::uint64_t seed_;
  std::set<Key> sampled_, slowest_;
  std::map<std::string, std::set<Key>> bad_;
  std::map<std::uint64_t, std::pair<int, UploadResult>> uploads_;  ///< and how often it is kept
};

}  // namespace loadgen
