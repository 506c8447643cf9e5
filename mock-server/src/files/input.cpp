#include "files/input.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

namespace mock {
namespace {

// A device may block on being opened, and reading a pipe must not wait unseen.
constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

tl::unexpected<Error> os_failure(const std::string& where) {
  return failure(where, "cannot read: " + std::generic_category().message(errno));
}

enum class Kind { regular, pipe, folder, other };

std::optional<Kind> kind_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return std::nullopt;
  if (S_ISREG(status.st_mode)) return Kind::regular;
  if (S_ISFIFO(status.st_mode)) return Kind::pipe;
  return S_ISDIR(status.st_mode) ? Kind::folder : Kind::other;
}

/// To the end, which for a pipe is where its last writer closes it.
Result<std::string> read_all(int fd, const std::string& where, Bytes limit) {
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return content;
    if (got > 0) {
      content.append(buffer.data(), static_cast<std::size_t>(got));
      if (content.size() > limit.value) {
        return failure(where, "is longer than " + to_string(limit));
      }
    } else if (errno == EAGAIN) {
      pollfd wait{fd, POLLIN, 0};
      if (::poll(&wait, 1, -1) < 0 && errno != EINTR) return os_failure(where);
    } else if (errno != EINTR) {
      return os_failure(where);
    }
  }
}

/// Opens a file or folder inside `folder`, part by part.
Result<Descriptor> open_in(const std::filesystem::path& folder, std::string_view name) {
  const std::string where(name);
  if (!is_inner_name(name)) {
    return failure(where, "is not a name inside the folder",
                   "relative, without '..', for example users.json");
  }
  Descriptor at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at.open()) return os_failure("the folder of --lane-files");
  std::string_view rest = name;
  while (at.open()) {
    const auto slash = rest.find('/');
    const std::string part(rest.substr(0, slash));
    const bool last = slash == std::string_view::npos;
    struct stat status {};
    if (::fstatat(at.get(), part.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) break;
    if (S_ISLNK(status.st_mode)) return failure(where, "is a symbolic link, or below one");
    // Looked at before it is opened: a device may do something then.
    if (last && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
      return failure(where, "is not a file");
    }
    const int how = (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC) | O_NOFOLLOW;
    at = Descriptor(::openat(at.get(), part.c_str(), how));
    if (last && at.open()) return at;
    rest.remove_prefix(last ? rest.size() : slash + 1);
  }
  return os_failure(where);
}

}  // namespace

Result<std::string> read_input(const std::string& file) {
  const Descriptor in(::open(file.c_str(), flags));
  if (!in.open()) return os_failure(file);
  switch (kind_of(in.get()).value_or(Kind::other)) {
    case Kind::regular:
      return read_all(in.get(), file, input_limit);
    case Kind::pipe: {
      auto content = read_all(in.get(), file, input_limit);
      if (content && content->empty()) return failure(file, "is a pipe, and nobody writes to it");
      return content;
    }
    case Kind::folder:
      return failure(file, "cannot read: " + std::generic_category().message(EISDIR));
    case Kind::other:
      break;
  }
  return failure(file, "is no file", "a device or a socket has no end");
}

bool is_inner_name(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return false;
  for (;;) {
    const auto slash = name.find('/');
    const auto part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

Result<std::string> read_input_in(const std::filesystem::path& folder, std::string_view name) {
  const auto in = open_in(folder, name);
  if (!in) return tl::unexpected(in.error());
  const std::string where(name);
  if (kind_of(in->get()) != Kind::regular) return failure(where, "is not a file");
  return read_all(in->get(), where, named_input_limit);
}

Result<std::vector<std::string>> list_inputs_in(const std::filesystem::path& folder,
                                                std::string_view name) {
  auto in = open_in(folder, name);
  if (!in) return tl::unexpected(in.error());
  const std::string where(name);
  if (kind_of(in->get()) != Kind::folder) return failure(where, "is not a folder");
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(in->get()), ::closedir);
  if (!listing) return os_failure(where);
  std::ignore = in->release();
  std::vector<std::string> names;
  while (const auto* const entry = ::readdir(listing.get())) names.emplace_back(entry->d_name);
  std::erase_if(names, [](const std::string& one) { return one == "." || one == ".."; });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace mock
