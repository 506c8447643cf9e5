// A library to be preloaded into a server under test: kills the process (SIGKILL, as kill -9 does)
// at the Nth call that changes a file, counted from the moment the server took its first
// connection. Every such call is a border between two states of the store, so a sweep over N meets
// each border. A kill after some milliseconds would meet one only by luck.
//
//   DEX_KILL_AT=N           1 is the first call
//   DEX_KILL_WHEN=before|after    the call is carried out; default before
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<bool> counting{false};
std::atomic<long> calls{0};

long kill_at() {
  static const long at = [] {
    const char* text = std::getenv("DEX_KILL_AT");
    return text == nullptr ? 0L : std::atol(text);
  }();
  return at;
}

bool kills_after() {
  static const bool after = [] {
    const char* text = std::getenv("DEX_KILL_WHEN");
    return text != nullptr && std::strcmp(text, "after") == 0;
  }();
  return after;
}

void die() { ::kill(::getpid(), SIGKILL); }

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// Carries out `call`; kills the process before or after it when it is the Nth.
template <class Call>
auto counted(Call call) {
  const bool now = counting && ++calls == kill_at();
  if (now && !kills_after()) die();
  auto result = call();
  if (now) die();
  return result;
}

bool is_file(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

extern "C" {

int accept(int fd, sockaddr* address, socklen_t* size) {
  static auto* const next = real<int(int, sockaddr*, socklen_t*)>("accept");
  const int accepted = next(fd, address, size);
  if (accepted >= 0) counting = true;
  return accepted;
}

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  if (!is_file(fd)) return next(fd, data, size);
  return counted([&] { return next(fd, data, size); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return counted([&] { return next(fd, data, size, at); });
}

ssize_t pwrite64(int fd, const void* data, size_t size, off_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite64");
  return counted([&] { return next(fd, data, size, at); });
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("rename");
  return counted([&] { return next(from, to); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static auto* const next = real<int(int, const char*, int, const char*)>("renameat");
  return counted([&] { return next(from_folder, from, to_folder, to); });
}

int unlinkat(int folder, const char* file, int flags) noexcept {
  static auto* const next = real<int(int, const char*, int)>("unlinkat");
  return counted([&] { return next(folder, file, flags); });
}

int unlink(const char* file) noexcept {
  static auto* const next = real<int(const char*)>("unlink");
  return counted([&] { return next(file); });
}

int ftruncate(int fd, off_t length) noexcept {
  static auto* const next = real<int(int, off_t)>("ftruncate");
  return counted([&] { return next(fd, length); });
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size,
                        unsigned flags) {
  static auto* const next =
      real<ssize_t(int, off64_t*, int, off64_t*, size_t, unsigned)>("copy_file_range");
  return counted([&] { return next(from, from_at, to, to_at, size, flags); });
}

int mkdir(const char* folder, mode_t mode) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("mkdir");
  return counted([&] { return next(folder, mode); });
}

int openat(int folder, const char* file, int flags, ...) {
  static auto* const next = real<int(int, const char*, int, ...)>("openat");
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return next(folder, file, flags, mode);
  return counted([&] { return next(folder, file, flags, mode); });
}

int open(const char* file, int flags, ...) {
  static auto* const next = real<int(const char*, int, ...)>("open");
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return next(file, flags, mode);
  return counted([&] { return next(file, flags, mode); });
}

}  // extern "C"
