#include "payload/own_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "payload/hash.hpp"

namespace loadgen {
namespace {

constexpr int is_another = -1;

/// An open file. Opening never blocks, even for a pipe or a device.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  /// nullopt: it is not open, or no regular file.
  [[nodiscard]] std::optional<OwnFile::Stamp> stamp() const {
    struct stat now {};
    if (fd_ < 0 || ::fstat(fd_, &now) != 0 || !S_ISREG(now.st_mode)) return std::nullopt;
    return OwnFile::Stamp{
        static_cast<std::uint64_t>(now.st_dev), static_cast<std::uint64_t>(now.st_ino),
        static_cast<std::uint64_t>(now.st_size), now.st_mtim.tv_sec, now.st_mtim.tv_nsec};
  }

 private:
  int fd_;
};

/// Whether an extension is a few letters and digits, which cannot name a person.
bool tells_a_format(const std::string& extension) {
  constexpr std::size_t longest = 8;
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !extension.empty() && extension.size() <= longest &&
         std::all_of(extension.begin(), extension.end(), plain);
}

std::string extension_of(const std::filesystem::path& file) {
  const std::string text = file.extension().string();
  return text.empty() ? text : text.substr(1);
}

}  // namespace

Result<void> OwnFile::add(const std::string& path, std::deque<OwnFile>& to) {
  const Descriptor file(path);
  if (file.get() < 0) return failure(path, std::generic_category().message(errno));
  const auto stamp = file.stamp();
  if (!stamp) return failure(path, "is no file");
  to.emplace_back(path, *stamp);
  return {};
}

std::string OwnFile::extension() const {
  const std::filesystem::path file(path_);
  const std::string last = extension_of(file);
  if (!tells_a_format(last)) return "bin";
  // The format of what is packed.
  const std::string before = last == "gz" ? extension_of(file.stem()) : "";
  return tells_a_format(before) ? before + "." + last : last;
}

std::size_t OwnFile::read(Bytes at, std::span<std::byte> into) const {
  if (trouble_ != 0) return 0;
  const Descriptor file(path_);
  if (file.get() < 0) {
    trouble_ = errno;
    return 0;
  }
  if (file.stamp() != stamp_) {
    trouble_ = is_another;
    return 0;
  }
  const ssize_t count = ::pread(file.get(), into.data(), into.size(), static_cast<off_t>(at.value));
  if (count > 0) return static_cast<std::size_t>(count);
  trouble_ = count < 0 ? errno : is_another;
  return 0;
}

std::string OwnFile::trouble() const {
  const int what = trouble_;
  if (what == 0) return {};
  if (what == is_another) return "changed while the run went on";
  if (what == ENOENT) return "was taken away while the run went on";
  return "could not be read any more: " + std::generic_category().message(what);
}

Result<std::shared_ptr<const OwnFiles>> OwnFiles::open(const std::string& path) {
  auto all = std::make_shared<OwnFiles>();
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (auto added = OwnFile::add(path, all->files_); !added) return tl::unexpected(added.error());
    return all;
  }
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator i(path, error), end; !error && i != end;
       i.increment(error)) {
    std::error_code unknown;
    const bool hidden = i->path().filename().string().starts_with('.');
    if (!hidden && i->is_regular_file(unknown)) names.push_back(i->path().string());
  }
  if (error) return failure(path, error.message());
  if (names.empty()) {
    return failure(path, "holds no files", "those in its subfolders do not count");
  }
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    if (auto added = OwnFile::add(name, all->files_); !added) return tl::unexpected(added.error());
  }
  return all;
}

const OwnFile& OwnFiles::drawn(std::uint64_t seed, std::uint64_t upload) const {
  const double at = unit(hash_for(Purpose::own_file, {seed, upload}));
  const auto number = static_cast<std::size_t>(at * static_cast<double>(files_.size()));
  return files_[std::min(number, files_.size() - 1)];
}

std::vector<Error> OwnFiles::troubles() const {
  std::vector<Error> all;
  for (const OwnFile& file : files_) {
    if (auto trouble = file.trouble(); !trouble.empty()) {
      all.push_back({file.path(), std::move(trouble), "what of it was not through by then failed"});
    }
  }
  return all;
}

}  // namespace loadgen
