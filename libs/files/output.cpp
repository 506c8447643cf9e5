#include "files/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

namespace files {
namespace {

namespace fs = std::filesystem;

std::string text_of(int error) { return std::generic_category().message(error); }

tl::unexpected<Error> cannot(const std::string& flag, const fs::path& file, int error) {
  return failure(flag, quote(file.string()) + " cannot be written: " + text_of(error));
}

/// 0, or an errno. A device that is full may say so only when the file is closed.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return EIO;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int close_written(int fd) { return ::close(fd) == 0 || errno == EINTR ? 0 : errno; }

/// N for a name of this process's descriptor N: /dev/fd/N, /proc/self/fd/N.
std::optional<int> descriptor_named(const fs::path& file) {
  const std::string folder = file.parent_path().string();
  if (folder != "/dev/fd" && folder != "/proc/self/fd" &&
      folder != fmt::format("/proc/{}/fd", ::getpid())) {
    return std::nullopt;
  }
  const std::string name = file.filename().string();
  int fd = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), fd);
  if (error != std::errc{} || end != name.data() + name.size() || fd < 0) return std::nullopt;
  return fd;
}

/// Where a name leads, through symbolic links, but not through those of /proc/*/fd, which only look
/// like symbolic links.
fs::path followed(fs::path file) {
  constexpr int most_links = 40;  // as the kernel
  for (int i = 0; i < most_links && !descriptor_named(file); ++i) {
    std::error_code error;
    const fs::path next = fs::read_symlink(file, error);
    if (error) break;
    file = next.is_absolute() ? next : file.parent_path() / next;
  }
  return file;
}

/// The descriptor of ours that `file` is, if any: a report must go through it. To open the file
/// anew, or to replace it, would lose what is printed to this descriptor.
std::optional<int> own_descriptor(const fs::path& file) {
  if (const auto named = descriptor_named(file)) return named;
  struct stat wanted {};
  if (::stat(file.c_str(), &wanted) != 0 || !S_ISREG(wanted.st_mode)) return std::nullopt;
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat ours {};
    if (::fstat(fd, &ours) == 0 && ours.st_dev == wanted.st_dev && ours.st_ino == wanted.st_ino) {
      return fd;
    }
  }
  return std::nullopt;
}

/// Beside `file` and hidden; a name nobody else has.
fs::path name_beside(const fs::path& file) {
  std::random_device device;
  return file.parent_path() /
         fmt::format(".{}.{:08x}", file.filename().string().substr(0, 200), device());
}

/// A new empty file beside `file`; -1 with errno.
int make_beside(const fs::path& file, fs::path& name) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    name = name_beside(file);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/// Keeps mode and owner of the former report, so that the same people can read it. 0 or errno.
int keep_mode(int fd, const fs::path& former) {
  struct stat was {};
  if (::stat(former.c_str(), &was) != 0) return 0;
  // Only root may give a file away; everybody else keeps what is theirs.
  if (::fchown(fd, was.st_uid, was.st_gid) != 0 && errno != EPERM) return errno;
  return ::fchmod(fd, was.st_mode & 07777U) == 0 ? 0 : errno;
}

/// 0 or errno, of the first piece that could not be written.
int write_pieces(int fd, const Pieces& content) {
  int error = 0;
  content([&](std::string_view piece) {
    if (error == 0) error = write_all(fd, piece);
  });
  return error;
}

/// Writes to a file that exists. 0 or errno.
int write_to(const fs::path& file, int flags, const Pieces& content) {
  const int fd = ::open(file.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = write_pieces(fd, content);
  const int closed = close_written(fd);
  return error != 0 ? error : closed;
}

/// Whether the error says that no other file can take its place; its bytes may be writable.
bool only_in_place(int error) {
  return error == EACCES || error == EPERM || error == EBUSY || error == EROFS || error == EXDEV;
}

/// What `write` will do, tried without changing anything. 0 or errno.
int try_to_write(const fs::path& file) {
  struct stat was {};
  const bool exists = ::stat(file.c_str(), &was) == 0;
  if (exists && S_ISDIR(was.st_mode)) return EISDIR;
  if (exists && ::access(file.c_str(), W_OK) != 0) return errno;
  fs::path name;
  const int fd = make_beside(file, name);
  if (fd < 0) return exists && only_in_place(errno) ? 0 : errno;
  ::close(fd);
  return ::unlink(name.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Result<void> replace(const std::string& flag, const fs::path& path, std::string_view content) {
  return replace(flag, path, [content](const auto& put) { put(content); });
}

Result<void> replace(const std::string& flag, const fs::path& path, const Pieces& content) {
  const fs::path file = followed(path);
  struct stat was {};
  const bool exists = ::stat(file.c_str(), &was) == 0;
  if (exists && !S_ISREG(was.st_mode)) {
    // A device must stay one.
    const int error = S_ISDIR(was.st_mode) ? EISDIR : write_to(file, O_WRONLY, content);
    if (error != 0) return cannot(flag, path, error);
    return {};
  }
  fs::path name;
  const int fd = make_beside(file, name);
  int error = fd < 0 ? errno : 0;
  if (fd >= 0) {
    // Before the first byte: a report that only its owner may read is never open to all.
    error = keep_mode(fd, file);
    if (error == 0) error = write_pieces(fd, content);
    const int closed = close_written(fd);
    if (error == 0) error = closed;
    if (error == 0 && ::rename(name.c_str(), file.c_str()) != 0) error = errno;
    if (error != 0) ::unlink(name.c_str());
  }
  if (error != 0 && exists && only_in_place(error)) {
    error = write_to(file, O_WRONLY | O_TRUNC, content);
  }
  if (error != 0) return cannot(flag, path, error);
  return {};
}

Result<Output> Output::open(const std::string& flag, const std::string& path) {
  Output output;
  if (path.empty()) return output;
  output.flag_ = flag;
  output.path_ = path;
  const fs::path file = followed(path);
  struct stat what {};
  if (const auto own = own_descriptor(file)) {
    output.fd_ = ::fcntl(*own, F_DUPFD_CLOEXEC, 0);
  } else if (::stat(file.c_str(), &what) == 0 && !S_ISREG(what.st_mode) && !S_ISDIR(what.st_mode)) {
    output.fd_ = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    const int error = try_to_write(file);
    if (error != 0) return cannot(flag, path, error);
    return output;
  }
  if (output.fd_ < 0) return cannot(flag, path, errno);
  return output;
}

Output::Output(Output&& other) noexcept { *this = std::move(other); }

Output& Output::operator=(Output&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
    flag_ = std::move(other.flag_);
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

Output::~Output() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> Output::write(std::string_view text) {
  if (!wanted()) return {};
  if (fd_ < 0) return replace(flag_, path_, text);
  std::cout.flush();
  std::fflush(stdout);
  int error = write_all(fd_, text);
  const int closed = close_written(std::exchange(fd_, -1));
  if (error == 0) error = closed;
  if (error != 0) return cannot(flag_, path_, error);
  return {};
}

bool finish_standard_output(std::string_view program) {
  errno = 0;
  std::cout.flush();
  const bool flushed = std::fflush(stdout) == 0;
  const int error = errno;
  if (flushed && std::cout.good() && std::ferror(stdout) == 0) return true;
  fmt::print(stderr, "{}: standard output cannot be written: {}\n", program,
             error != 0 ? text_of(error) : "not all that was printed has arrived");
  return false;
}

}  // namespace files
