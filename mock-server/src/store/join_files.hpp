// Copies the parts of a final upload into one staged file.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "store/posix.hpp"
#include "store/store.hpp"

namespace mock {

/// The staged file is removed with this object unless it was released. `copy` may run on another
/// thread than the one that made it, one at a time.
class StagedJoin {
 public:
  explicit StagedJoin(std::filesystem::path staged) : staged_(std::move(staged)) {}
  StagedJoin(const StagedJoin&) = delete;
  StagedJoin& operator=(const StagedJoin&) = delete;
  ~StagedJoin();

  void add(posix::Fd part, Bytes size);
  [[nodiscard]] Bytes total() const { return total_; }
  [[nodiscard]] StoreResult<void> copy(bool fsync);
  /// Gives the whole file its name.
  [[nodiscard]] StoreResult<void> release(const std::filesystem::path& name);

 private:
  struct Part {
    posix::Fd fd;
    Bytes size;
  };
  std::filesystem::path staged_;
  std::vector<Part> parts_;
  Bytes total_;
  bool present_ = false;
};

}  // namespace mock
