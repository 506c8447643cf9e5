#include "files/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <tuple>

namespace mock {
namespace {

tl::unexpected<Error> os_failure(const std::filesystem::path& file, std::string_view action) {
  return failure(file.string(),
                 "cannot " + std::string(action) + ": " + std::generic_category().message(errno));
}

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& file, int flags, FileAccess access)
      : fd_(open_again(file, flags | O_CLOEXEC, access == FileAccess::owner ? 0600 : 0666)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  static int open_again(const std::filesystem::path& file, int flags, mode_t mode) {
    int fd = -1;
    do {
      fd = ::open(file.c_str(), flags, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
  }

  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<void> make_folder_of(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) return failure(file.parent_path().string(), "cannot be made: " + error.message());
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::filesystem::path& file) {
  const Descriptor in(file, O_RDONLY, FileAccess::everyone);
  if (!in.open()) {
    if (errno == ENOENT) return std::optional<std::string>{};
    return os_failure(file, "read");
  }
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = ::read(in.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_failure(file, "read");
    if (got == 0) return std::optional<std::string>(std::move(content));
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<void> replace_file(const std::filesystem::path& file, std::string_view content,
                          FileAccess access) {
  if (auto made = make_folder_of(file); !made) return made;
  std::filesystem::path temporary = file;
  temporary += ".new";
  const Descriptor out(temporary, O_WRONLY | O_CREAT | O_TRUNC, access);
  if (!out.open()) return os_failure(temporary, "write");
  auto outcome = write_all(out.get(), content) ? Result<void>{} : os_failure(temporary, "write");
  if (outcome && ::rename(temporary.c_str(), file.c_str()) != 0)
    outcome = os_failure(file, "write");
  if (!outcome) ::unlink(temporary.c_str());
  return outcome;
}

Result<void> append_line(const std::filesystem::path& file, std::string_view line,
                         FileAccess access) {
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND;
  const auto append = [&](const Descriptor& out) {
    if (!out.open()) return false;
    const off_t before = ::lseek(out.get(), 0, SEEK_END);
    if (write_all(out.get(), std::string(line) + "\n")) return true;
    // What a full disk still took of the line would run into the next one.
    const int why = errno;
    if (before >= 0) std::ignore = ::ftruncate(out.get(), before);
    errno = why;
    return false;
  };
  if (append(Descriptor(file, flags, access))) return {};
  if (errno == ENOENT) {
    if (auto made = make_folder_of(file); !made) return made;
    if (append(Descriptor(file, flags, access))) return {};
  }
  return os_failure(file, "write");
}

bool is_disk_full(const Error& error) {
  for (const int full : {ENOSPC, EDQUOT, EFBIG}) {
    if (error.what.ends_with(": " + std::generic_category().message(full))) return true;
  }
  return false;
}

}  // namespace mock
