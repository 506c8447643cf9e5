// Copies the parts of a final upload into one staged file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/posix.hpp"
#include "store/store.hpp"

namespace mock {

/// The staged file is removed with this object unless it was released. `copy` may run on another
/// thread than the one that made it, one at a time.
class StagedJoin {
 public:
  /// `name` is the staged file's, in `folder`.
  StagedJoin(std::shared_ptr<const posix::Folder> folder, std::string name)
      : folder_(std::move(folder)), staged_(std::move(name)) {}
  StagedJoin(const StagedJoin&) = delete;
  StagedJoin& operator=(const StagedJoin&) = delete;
  ~StagedJoin();

  /// Adds the first `size` bytes of the file `part`. The first few different parts are opened at
  /// once; further ones must still be there when they are copied. An Error when a part cannot be
  /// opened, or the whole would be longer than a file can be.
  [[nodiscard]] StoreResult<void> add(const std::string& part, Bytes size);
  [[nodiscard]] Bytes total() const { return total_; }
  [[nodiscard]] StoreResult<void> copy(bool fsync);
  /// Gives the whole file its name.
  [[nodiscard]] StoreResult<void> release(const std::string& name);

 private:
  struct Part {
    std::string name;
    Bytes size;
  };
  StoreResult<void> copy(const Part& part, int to, std::size_t at, std::vector<std::byte>& buffer);

  std::shared_ptr<const posix::Folder> folder_;
  std::string staged_;
  std::vector<Part> parts_;
  std::map<std::string, posix::Fd> open_;
  Bytes total_;
  bool present_ = false;
};

}  // namespace mock
