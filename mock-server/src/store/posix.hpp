// The few system calls the disk store is made of, with their errors as StoreError.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "store/store.hpp"

namespace mock::posix {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// `call` is what failed ("open"), `error` its errno. Names no path: ids may be a user's.
[[nodiscard]] StoreError error_from(std::string_view call, int error);

/// open(2) with O_CLOEXEC.
[[nodiscard]] StoreResult<Fd> open_file(const std::filesystem::path& path, int flags);

/// Writes until all of `bytes` is written or an error comes; returns how many were written, which
/// is less than asked for when a part fitted. An Error only when not a single byte did.
[[nodiscard]] StoreResult<std::size_t> write_at(int fd, std::size_t at,
                                                std::span<const std::byte> bytes);
/// Reads until `into` is full or the file ends.
[[nodiscard]] StoreResult<std::size_t> read_at(int fd, std::size_t at, std::span<std::byte> into);

/// Whole text file; not_found when it does not exist.
[[nodiscard]] StoreResult<std::string> read_text(const std::filesystem::path& path);
/// Writes to `<path>.tmp` and renames, so that `path` holds the old text or the new, never a part.
[[nodiscard]] StoreResult<void> replace_text(const std::filesystem::path& path,
                                             std::string_view text, bool fsync);
[[nodiscard]] StoreResult<void> rename_file(const std::filesystem::path& from,
                                            const std::filesystem::path& to);
/// not_found when there was nothing to remove.
[[nodiscard]] StoreResult<void> remove_file(const std::filesystem::path& path);
[[nodiscard]] StoreResult<void> sync_folder(const std::filesystem::path& folder);

}  // namespace mock::posix
