// What became of uploads, kept on disk: a run of a million takes no more memory than one of a
// thousand.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "stats/result.hpp"

namespace loadgen {

/// Results by the index of their upload, in two files without a name below the folder for temporary
/// files (TMPDIR). Thread-safe. Throws std::system_error when the disk fails.
class Spool {
 public:
  Spool();
  /// Takes the place of what was put there for this upload before.
  void put(const UploadResult& result);
  [[nodiscard]] std::optional<UploadResult> get(std::uint64_t index) const;
  /// All of them, by index.
  void each(const std::function<void(const UploadResult&)>& visit) const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;
  struct Place {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;  ///< 0: nothing was put there
  };
  static File make();
  void flush() const;
  [[nodiscard]] Place place_of(std::uint64_t index) const;

  mutable std::mutex mutex_;
  File records_, places_;  ///< `places_`: by index, where the record begins and how long it is
  mutable std::string pending_;                            ///< the last records, yet to be written
  mutable std::map<std::uint64_t, Place> pending_places_;  ///< the places of these
  mutable std::uint64_t written_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace loadgen
