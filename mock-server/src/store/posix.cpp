#include "store/posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace mock::posix {

namespace {

constexpr mode_t file_mode = 0664;  // as tusd, so that a group can share the folder

tl::unexpected<StoreError> failed(std::string_view call) {
  return tl::unexpected(error_from(call, errno));
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

StoreResult<Fd> open_file(const std::filesystem::path& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, file_mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return failed("open");
  return Fd(fd);
}

StoreResult<std::size_t> write_at(int fd, std::size_t at, std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n =
        ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
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
    const auto n =
        ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

StoreResult<std::string> read_text(const std::filesystem::path& path) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return tl::unexpected(fd.error());
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return failed("stat");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  auto n = read_at(fd->get(), 0, std::as_writable_bytes(std::span(text)));
  if (!n) return tl::unexpected(n.error());
  text.resize(*n);
  return text;
}

StoreResult<void> replace_text(const std::filesystem::path& path, std::string_view text,
                               bool fsync) {
  const auto temporary = std::filesystem::path(path).concat(".tmp");
  auto give_up = [&](StoreError error) -> StoreResult<void> {
    ::unlink(temporary.c_str());
    return tl::unexpected(std::move(error));
  };
  {
    auto fd = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!fd) return tl::unexpected(fd.error());
    auto n = write_at(fd->get(), 0, std::as_bytes(std::span(text)));
    if (!n) return give_up(n.error());
    if (*n < text.size()) return give_up(error_from("write", ENOSPC));
    if (fsync && ::fdatasync(fd->get()) != 0) return give_up(error_from("fdatasync", errno));
  }
  if (auto renamed = rename_file(temporary, path); !renamed) return give_up(renamed.error());
  return {};
}

StoreResult<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename");
  return {};
}

StoreResult<void> remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0) return failed("unlink");
  return {};
}

StoreResult<void> sync_folder(const std::filesystem::path& folder) {
  auto fd = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return tl::unexpected(fd.error());
  if (::fsync(fd->get()) != 0) return failed("fsync");
  return {};
}

}  // namespace mock::posix
