#include "dex/copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace mock {
namespace {

constexpr std::size_t slice = 256U << 10U;

tl::unexpected<Error> os_failure(const std::filesystem::path& path, const char* action) {
  return failure(path.string(),
                 std::string(action) + ": " + std::generic_category().message(errno));
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return failure(folder.string(), "cannot be made: " + error.message());
  return {};
}

/// A file being written; removed again unless `keep_as` succeeds.
class Draft {
 public:
  explicit Draft(std::filesystem::path path)
      : path_(std::move(path)),
        fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (fd_ < 0) return;
    ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
  }

  [[nodiscard]] bool open() const { return fd_ >= 0; }
  [[nodiscard]] bool write(const std::byte* bytes, std::size_t count) const {
    while (count > 0) {
      const ssize_t written = ::write(fd_, bytes, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes += written;
      count -= static_cast<std::size_t>(written);
    }
    return true;
  }
  [[nodiscard]] bool keep_as(const std::filesystem::path& destination) {
    kept_ = ::rename(path_.c_str(), destination.c_str()) == 0;
    return kept_;
  }

 private:
  std::filesystem::path path_;
  int fd_;
  bool kept_ = false;
};

}  // namespace

Result<void> copy_to_file(Reader& source, const std::filesystem::path& destination,
                          const std::string& temporary) {
  if (auto made = make_folder(destination.parent_path()); !made) return made;
  Draft draft(destination.parent_path() / temporary);
  if (!draft.open()) return os_failure(destination, "cannot be written");
  std::vector<std::byte> buffer(slice);
  for (Bytes at; at < source.size();) {
    const auto got = source.read(at, buffer);
    if (!got) return failure("source", "cannot be read: " + got.error().detail);
    if (*got == 0) return failure("source", "ended early");
    if (!draft.write(buffer.data(), *got)) return os_failure(destination, "cannot be written");
    at += Bytes{*got};
  }
  if (!draft.keep_as(destination)) return os_failure(destination, "cannot be written");
  return {};
}

Result<void> check_folder(const std::filesystem::path& folder) {
  std::error_code error;
  auto there = std::filesystem::absolute(folder, error);
  while (!error && !std::filesystem::exists(there, error) && there.has_relative_path()) {
    // A missing one is made by the first delivery.
    if (error) break;
    there = there.parent_path();
  }
  if (error) return failure(folder.string(), "is not there: " + error.message());
  if (!std::filesystem::is_directory(there, error)) {
    errno = ENOTDIR;
    return os_failure(folder, "cannot be made");
  }
  if (::access(there.c_str(), W_OK | X_OK) != 0) return os_failure(folder, "is not writable");
  return {};
}

}  // namespace mock
