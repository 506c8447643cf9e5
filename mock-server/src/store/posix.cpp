#include "store/posix.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace mock::posix {

namespace {

constexpr mode_t file_mode = 0664;  // as tusd, so that a group can share the folder

tl::unexpected<StoreError> failed(std::string_view call) {
  return tl::unexpected(error_from(call, errno));
}

/// Also of calls that a local disk never lets be interrupted: a network file system does.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

StoreError error_from(std::string_view call, int error) {
  auto kind = StoreError::Kind::io;
  if (error == ENOENT) kind = StoreError::Kind::not_found;
  if (error == EEXIST) kind = StoreError::Kind::exists;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) kind = StoreError::Kind::no_space;
  return {kind, std::string(call) + ": " + std::generic_category().message(error)};
}

StoreResult<std::size_t> write_at(int fd, std::size_t at, std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = uninterrupted([&] {
      return ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    });
    if (n <= 0) {
      if (done > 0) break;
      return n < 0 ? failed("write") : tl::unexpected(error_from("write", ENOSPC));
    }
    done += static_cast<std::size_t>(n);
  }
  return done;
}

StoreResult<std::size_t> read_at(int fd, std::size_t at, std::span<std::byte> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto n = uninterrupted([&] {
      return ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
    });
    if (n < 0) return failed("read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

StoreResult<std::optional<std::size_t>> try_read_at(int fd, std::size_t at,
                                                    std::span<std::byte> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const iovec rest{into.data() + done, into.size() - done};
    const auto n = uninterrupted(
        [&] { return ::preadv2(fd, &rest, 1, static_cast<off_t>(at + done), RWF_NOWAIT); });
    // Nothing at hand, or a file system (or kernel) that cannot tell.
    if (n < 0 && (errno == EAGAIN || errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS)) {
      return std::nullopt;
    }
    if (n < 0) return failed("read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

StoreResult<struct stat> status_of(int fd) {
  struct stat status {};
  if (uninterrupted([&] { return ::fstat(fd, &status); }) != 0) return failed("stat");
  return status;
}

StoreResult<void> cut(int fd, std::size_t length) {
  const auto status = status_of(fd);
  if (!status) return tl::unexpected(status.error());
  if (static_cast<std::size_t>(status->st_size) <= length) return {};
  if (uninterrupted([&] { return ::ftruncate(fd, static_cast<off_t>(length)); }) != 0) {
    return failed("truncate");
  }
  return {};
}

StoreResult<void> sync_data(int fd) {
  if (uninterrupted([&] { return ::fdatasync(fd); }) != 0) return failed("fdatasync");
  return {};
}

StoreResult<Folder> Folder::open(const std::filesystem::path& path) {
  const int fd =
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return failed("open");
  return Folder(Fd(fd));
}

bool Folder::gone() const {
  const auto status = status_of(fd_.get());
  return status && status->st_nlink == 0;
}

StoreResult<Fd> Folder::open_file(const std::string& name, int flags) const {
  const int fd = uninterrupted(
      [&] { return ::openat(fd_.get(), name.c_str(), flags | O_CLOEXEC, file_mode); });
  if (fd >= 0) return Fd(fd);
  auto error = error_from("open", errno);
  if ((flags & O_CREAT) != 0 && error.kind == StoreError::Kind::not_found) {
    error.kind = StoreError::Kind::io;
  }
  return tl::unexpected(std::move(error));
}

StoreResult<std::optional<struct stat>> Folder::status(const std::string& name) const {
  struct stat status {};
  if (uninterrupted([&] { return ::fstatat(fd_.get(), name.c_str(), &status, 0); }) == 0) {
    return status;
  }
  if (errno == ENOENT) return std::nullopt;
  return failed("stat");
}

StoreResult<std::string> Folder::read_text(const std::string& name) const {
  auto fd = open_file(name, O_RDONLY);
  if (!fd) return tl::unexpected(fd.error());
  const auto status = status_of(fd->get());
  if (!status) return tl::unexpected(status.error());
  std::string text(static_cast<std::size_t>(status->st_size), '\0');
  auto n = read_at(fd->get(), 0, std::as_writable_bytes(std::span(text)));
  if (!n) return tl::unexpected(n.error());
  text.resize(*n);
  return text;
}

StoreResult<void> Folder::replace_text(const std::string& name, std::string_view text,
                                       bool fsync) const {
  const auto temporary = name + ".tmp";
  auto give_up = [&](StoreError error) -> StoreResult<void> {
    std::ignore = remove(temporary);
    return tl::unexpected(std::move(error));
  };
  {
    auto fd = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!fd) return tl::unexpected(fd.error());
    auto n = write_at(fd->get(), 0, std::as_bytes(std::span(text)));
    if (!n) return give_up(n.error());
    if (*n < text.size()) return give_up(error_from("write", ENOSPC));
    if (fsync) {
      if (auto synced = sync_data(fd->get()); !synced) return give_up(synced.error());
    }
  }
  auto renamed = rename(temporary, name);
  if (renamed) return {};
  auto error = std::move(renamed.error());
  // Somebody emptied the folder in between: the temporary file is gone, not an upload.
  if (error.kind == StoreError::Kind::not_found) error.kind = StoreError::Kind::io;
  return give_up(std::move(error));
}

StoreResult<void> Folder::rename(const std::string& from, const std::string& to) const {
  if (uninterrupted([&] { return ::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()); }) !=
      0) {
    return failed("rename");
  }
  return {};
}

StoreResult<void> Folder::remove(const std::string& name) const {
  if (uninterrupted([&] { return ::unlinkat(fd_.get(), name.c_str(), 0); }) != 0) {
    return failed("unlink");
  }
  return {};
}

StoreResult<void> Folder::sync() const {
  if (uninterrupted([&] { return ::fsync(fd_.get()); }) != 0) return failed("fsync");
  return {};
}

StoreResult<void> Folder::each(const std::function<void(std::string_view)>& visit) const {
  // A descriptor of its own: where a listing has come to belongs to the descriptor.
  auto fd = open_file(".", O_RDONLY | O_DIRECTORY);
  if (!fd) return tl::unexpected(fd.error());
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd->get()), ::closedir);
  if (!listing) return failed("opendir");
  fd->release();
  while (true) {
    errno = 0;
    const auto* entry = ::readdir(listing.get());
    if (entry != nullptr) {
      visit(entry->d_name);
    } else if (errno == 0) {
      return {};
    } else if (errno != EINTR) {
      return failed("readdir");
    }
  }
}

}  // namespace mock::posix
