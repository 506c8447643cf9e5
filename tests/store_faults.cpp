// A library to be preloaded into a server under test: makes the Nth system call on the store's
// folder fail, as on a device that fails once, and if asked kills the process some calls later.
//
//   DEX_FAULTS=FILE           the memory that is shared with the test (store_faults.hpp)
//   DEX_FAULTS_FOLDER=FOLDER  absolute path of the store; calls on other files are left alone
#include "store_faults.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

namespace {

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

StoreFaults* shared() {
  static StoreFaults* const faults = []() -> StoreFaults* {
    const char* file = std::getenv("DEX_FAULTS");
    if (file == nullptr) return nullptr;
    const int fd = real<int(const char*, int, ...)>("open")(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* memory = ::mmap(nullptr, sizeof(StoreFaults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<StoreFaults*>(memory);
  }();
  return faults;
}

bool below(const std::string& path) {
  static const std::string folder = [] {
    const char* text = std::getenv("DEX_FAULTS_FOLDER");
    return std::string(text == nullptr ? "" : text);
  }();
  return !folder.empty() && path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

/// Checked first, so that a server is not slowed while no fault is wanted.
bool armed() {
  auto* faults = shared();
  return faults != nullptr && faults->armed;
}

bool in_store(int fd) {
  if (!armed()) return false;
  char path[4096];
  const auto n = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path - 1);
  return n > 0 && below(std::string(path, static_cast<std::size_t>(n)));
}
bool in_store(int folder, const char* name) {
  return name[0] == '/' || folder == AT_FDCWD ? below(name) : in_store(folder);
}

/// What a call does; the ways in which it can fail depend on that.
enum class Does { look, make, change, flush, open, write, read, list };

std::optional<int> error_for(int kind, Does does) {
  const bool changes = does == Does::make || does == Does::change || does == Does::write;
  switch (kind) {
    case StoreFaults::eio:
      return EIO;
    case StoreFaults::enospc:
      if (does == Does::make || does == Does::write || does == Does::flush) return ENOSPC;
      return std::nullopt;
    case StoreFaults::emfile:
      if (does == Does::open || does == Does::make) return EMFILE;
      return std::nullopt;
    case StoreFaults::eintr:
      if (does != Does::look && does != Does::list) return EINTR;
      return std::nullopt;
    case StoreFaults::erofs:
      if (changes) return EROFS;
      return std::nullopt;
    case StoreFaults::short_write:
      if (does == Does::write || does == Does::read) return 0;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

/// The error with which this call fails. nullopt: it is carried out; 0: it moves a part of its
/// bytes.
std::optional<int> fault(Does does) {
  if (!armed()) return std::nullopt;
  auto* faults = shared();
  const auto error = error_for(faults->kind, does);
  if (!error) return std::nullopt;
  const long call = ++faults->calls;
  const long since = call - faults->at;
  if (faults->kill_after >= 0 && since == faults->kill_after) ::kill(::getpid(), SIGKILL);
  if (since < 0 || since >= faults->times) return std::nullopt;
  ++faults->failed;
  return error;
}

/// A call that is to move `size` bytes; `call(n)` carries it out for `n` of them.
template <class Call>
ssize_t moving(bool ours, Does does, std::size_t size, Call call) {
  const auto error = ours ? fault(does) : std::nullopt;
  if (!error) return call(size);
  if (*error == 0) return call(size > 1 ? size / 2 : size);
  errno = *error;
  return -1;
}

template <class Call>
int calling(bool ours, Does does, Call call) {
  const auto error = ours ? fault(does) : std::nullopt;
  if (!error) return call();
  errno = *error;
  return -1;
}

Does opening(int flags) {
  if ((flags & O_CREAT) != 0) return Does::make;
  return (flags & (O_WRONLY | O_RDWR)) != 0 ? Does::change : Does::open;
}

mode_t mode_of(int flags, va_list rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* file, int flags, ...) {
  static auto* const next = real<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const auto mode = mode_of(flags, rest);
  va_end(rest);
  return calling(below(file), opening(flags), [&] { return next(file, flags, mode); });
}

int openat(int folder, const char* file, int flags, ...) {
  static auto* const next = real<int(int, const char*, int, ...)>("openat");
  va_list rest;
  va_start(rest, flags);
  const auto mode = mode_of(flags, rest);
  va_end(rest);
  return calling(in_store(folder, file), opening(flags),
                 [&] { return next(folder, file, flags, mode); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return moving(in_store(fd), Does::write, size, [&](size_t n) { return next(fd, data, n, at); });
}

ssize_t pread(int fd, void* data, size_t size, off_t at) {
  static auto* const next = real<ssize_t(int, void*, size_t, off_t)>("pread");
  return moving(in_store(fd), Does::read, size, [&](size_t n) { return next(fd, data, n, at); });
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size,
                        unsigned flags) {
  static auto* const next =
      real<ssize_t(int, off64_t*, int, off64_t*, size_t, unsigned)>("copy_file_range");
  return moving(in_store(to), Does::write, size,
                [&](size_t n) { return next(from, from_at, to, to_at, n, flags); });
}

int ftruncate(int fd, off_t length) noexcept {
  static auto* const next = real<int(int, off_t)>("ftruncate");
  return calling(in_store(fd), Does::change, [&] { return next(fd, length); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static auto* const next = real<int(int, const char*, int, const char*)>("renameat");
  return calling(in_store(from_folder, from), Does::make,
                 [&] { return next(from_folder, from, to_folder, to); });
}

int unlinkat(int folder, const char* file, int flags) noexcept {
  static auto* const next = real<int(int, const char*, int)>("unlinkat");
  return calling(in_store(folder, file), Does::change, [&] { return next(folder, file, flags); });
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("rename");
  return calling(below(from), Does::make, [&] { return next(from, to); });
}

int unlink(const char* file) noexcept {
  static auto* const next = real<int(const char*)>("unlink");
  return calling(below(file), Does::change, [&] { return next(file); });
}

int mkdir(const char* folder, mode_t mode) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("mkdir");
  return calling(below(folder), Does::make, [&] { return next(folder, mode); });
}

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  if (!in_store(fd)) return next(fd, data, size);
  return moving(true, Does::write, size, [&](size_t n) { return next(fd, data, n); });
}

ssize_t read(int fd, void* data, size_t size) {
  static auto* const next = real<ssize_t(int, void*, size_t)>("read");
  if (!in_store(fd)) return next(fd, data, size);
  return moving(true, Does::read, size, [&](size_t n) { return next(fd, data, n); });
}

int fsync(int fd) {
  static auto* const next = real<int(int)>("fsync");
  return calling(in_store(fd), Does::flush, [&] { return next(fd); });
}

int fdatasync(int fd) {
  static auto* const next = real<int(int)>("fdatasync");
  return calling(in_store(fd), Does::flush, [&] { return next(fd); });
}

int fstat(int fd, struct stat* status) noexcept {
  static auto* const next = real<int(int, struct stat*)>("fstat");
  return calling(in_store(fd), Does::look, [&] { return next(fd, status); });
}

int fstatat(int folder, const char* file, struct stat* status, int flags) noexcept {
  static auto* const next = real<int(int, const char*, struct stat*, int)>("fstatat");
  return calling(in_store(folder, file), Does::look,
                 [&] { return next(folder, file, status, flags); });
}

int stat(const char* file, struct stat* status) noexcept {
  static auto* const next = real<int(const char*, struct stat*)>("stat");
  return calling(below(file), Does::look, [&] { return next(file, status); });
}

dirent* readdir(DIR* listing) {
  static auto* const next = real<dirent*(DIR*)>("readdir");
  const auto error = in_store(::dirfd(listing)) ? fault(Does::list) : std::nullopt;
  if (!error) return next(listing);
  errno = *error;
  return nullptr;
}

}  // extern "C"
