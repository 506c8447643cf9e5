// The few system calls the disk store is made of, with their errors as StoreError. Every call that
// a signal may interrupt is made again.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
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
  /// Somebody else closes it.
  void release() { fd_ = -1; }

 private:
  int fd_ = -1;
};

/// `call` is what failed ("open"), `error` its errno. Names no path: ids may be a user's.
[[nodiscard]] StoreError error_from(std::string_view call, int error);

/// Writes until all of `bytes` is written or an error comes; returns how many were written, which
/// is less than asked for when a part fitted. An Error only when not a single byte did.
[[nodiscard]] StoreResult<std::size_t> write_at(int fd, std::size_t at,
                                                std::span<const std::byte> bytes);
/// Reads until `into` is full or the file ends.
[[nodiscard]] StoreResult<std::size_t> read_at(int fd, std::size_t at, std::span<std::byte> into);
/// The same, if the bytes are in memory; nullopt when they are not, or nobody can tell.
[[nodiscard]] StoreResult<std::optional<std::size_t>> try_read_at(int fd, std::size_t at,
                                                                  std::span<std::byte> into);
[[nodiscard]] StoreResult<struct stat> status_of(int fd);
/// Makes the file shorter; one that is not longer than `length` is left alone.
[[nodiscard]] StoreResult<void> cut(int fd, std::size_t length);
/// fdatasync(2).
[[nodiscard]] StoreResult<void> sync_data(int fd);

/// A folder by its descriptor: calls act on that folder, whatever becomes of its path. Names are
/// single path components. Any thread.
class Folder {
 public:
  /// An Error says why `path` cannot be read.
  [[nodiscard]] static StoreResult<Folder> open(const std::filesystem::path& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Whether it was removed: nothing can be made in it any more, and all that was in it is lost.
  [[nodiscard]] bool gone() const;
  /// openat(2) with O_CLOEXEC. A file that cannot be made is never not_found.
  [[nodiscard]] StoreResult<Fd> open_file(const std::string& name, int flags) const;
  /// nullopt when there is no such file; an Error when that cannot be told.
  [[nodiscard]] StoreResult<std::optional<struct stat>> status(const std::string& name) const;
  /// Whole text file; not_found when it does not exist.
  [[nodiscard]] StoreResult<std::string> read_text(const std::string& name) const;
  /// Writes to `<name>.tmp` and renames, so that `name` holds the old text or the new, never a
  /// part.
  [[nodiscard]] StoreResult<void> replace_text(const std::string& name, std::string_view text,
                                               bool fsync) const;
  [[nodiscard]] StoreResult<void> rename(const std::string& from, const std::string& to) const;
  /// not_found when there was nothing to remove.
  [[nodiscard]] StoreResult<void> remove(const std::string& name) const;
  [[nodiscard]] StoreResult<void> sync() const;
  /// Calls `visit` with the name of each entry, in no order. An Error: not all of them were seen.
  [[nodiscard]] StoreResult<void> each(const std::function<void(std::string_view)>& visit) const;

 private:
  explicit Folder(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace mock::posix
