// `<id>` holds the bytes, `<id>.info` the rest. The size of `<id>` is the offset: the two can never
// disagree, whenever the process is killed. While `<id>.unverified` exists, the number in it is the
// offset, and what `<id>` holds behind it is staged: removing that file is what commits the bytes.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "protocol/tus/numbers.hpp"
#include "store/info_file.hpp"
#include "store/join_files.hpp"
#include "store/lru.hpp"
#include "store/posix.hpp"
#include "store/stores.hpp"

namespace mock {

namespace {

namespace fs = std::filesystem;
using Kind = StoreError::Kind;

// Enough that requests in flight rarely reopen, few enough to leave descriptors for sockets.
constexpr std::size_t open_files = 128;
constexpr std::size_t known_uploads = 16'384;

constexpr std::string_view info_suffix = ".info";
constexpr std::string_view temporary_suffix = ".info.tmp";
constexpr std::string_view staged_suffix = ".joining";
constexpr std::string_view unverified_suffix = ".unverified";
constexpr std::string_view unverified_temporary_suffix = ".unverified.tmp";
constexpr std::string_view damaged_suffix = ".info.damaged";

tl::unexpected<StoreError> failed(Kind kind, std::string detail) {
  return tl::unexpected(StoreError{kind, std::move(detail)});
}

TimePoint time_of(const timespec& t) {
  return TimePoint{std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec}};
}

class FileReader : public Reader {
 public:
  FileReader(posix::Fd fd, Bytes size) : fd_(std::move(fd)), size_(size) {}
  Bytes size() const override { return size_; }
  StoreResult<std::size_t> read(Bytes at, std::span<std::byte> into) override {
    if (at >= size_) return std::size_t{0};
    const auto n = std::min<std::uint64_t>(into.size(), (size_ - at).value);
    return posix::read_at(fd_.get(), at.value, into.first(n));
  }

 private:
  posix::Fd fd_;
  Bytes size_;
};

class DiskStore : public Store {
 public:
  DiskStore(DiskStoreOptions options, Loop& loop, posix::Fd folder)
      : options_(std::move(options)), loop_(loop), lock_(std::move(folder)) {}

  StoreResult<void> create(const Upload& upload) override {
    if (exists(upload.id)) return failed(Kind::exists, "an upload of this id exists");
    Upload fresh = upload;
    fresh.offset = Bytes{0};
    // First the bytes' file, then the .info that makes the upload exist: a kill in between leaves
    // nothing that anyone was told of. O_TRUNC takes over such a leftover.
    auto fd = posix::open_file(data_path(upload.id), O_WRONLY | O_CREAT | O_TRUNC);
    if (!fd) return tl::unexpected(fd.error());
    if (auto written = write_info(fresh); !written) {
      std::ignore = posix::remove_file(data_path(upload.id));
      return written;
    }
    files_.put(upload.id, std::move(*fd));
    uploads_.put(upload.id, std::move(fresh));
    return {};
  }

  StoreResult<Upload> find(std::string_view id) override {
    // Whoever empties the folder under us takes the uploads with it, also those known by heart.
    if (uploads_.find(id) != nullptr && !exists(id)) forget(id);
    auto known = load(id);
    if (!known) return tl::unexpected(known.error());
    return **known;
  }

  StoreResult<void> update(const Upload& upload) override {
    auto known = load(upload.id);
    if (!known) return tl::unexpected(known.error());
    Upload changed = upload;
    changed.offset = (*known)->offset;
    changed.modified = (*known)->modified;
    const auto former = posix::read_text(info_path(upload.id));
    if (auto written = write_info(changed, former.value_or("")); !written) return written;
    **known = std::move(changed);
    return {};
  }

  StoreResult<Bytes> append(std::string_view id, Bytes at,
                            std::span<const std::byte> bytes) override {
    auto known = load(id);
    if (!known) return tl::unexpected(known.error());
    auto& upload = **known;
    Bytes* const staged = staged_end(id);
    Bytes& end = staged != nullptr ? *staged : upload.offset;
    if (at != end) return failed(Kind::wrong_offset, "not the end of the upload");
    auto fd = writable(id);
    if (!fd) return tl::unexpected(fd.error());
    // What is written to a removed file must not be acknowledged.
    struct stat data {};
    if (::fstat(*fd, &data) == 0 && data.st_nlink == 0) {
      forget(id);
      return failed(Kind::not_found, "the upload's file was removed");
    }
    auto n = posix::write_at(*fd, at.value, bytes);
    if (!n) return tl::unexpected(n.error());
    end += Bytes{*n};
    if (*n > 0) upload.modified = loop_.now();
    if (options_.fsync && ::fdatasync(*fd) != 0) {
      return tl::unexpected(posix::error_from("fdatasync", errno));
    }
    return end;
  }

  StoreResult<void> stage(std::string_view id) override {
    auto known = load(id);
    if (!known) return tl::unexpected(known.error());
    if (staged_end(id) != nullptr) return {};
    const auto offset = (*known)->offset;
    auto noted =
        posix::replace_text(unverified_path(id), std::to_string(offset.value), options_.fsync);
    if (noted && options_.fsync) noted = posix::sync_folder(options_.folder);
    if (noted) staged_.emplace(id, Staged{offset, offset});
    return noted;
  }

  StoreResult<void> commit(std::string_view id) override {
    const auto staged = staged_.find(id);
    if (staged == staged_.end()) return {};
    auto known = load(id);
    if (!known) return tl::unexpected(known.error());
    if (auto removed = posix::remove_file(unverified_path(id)); !removed) return removed;
    (*known)->offset = staged->second.end;
    staged_.erase(staged);
    if (options_.fsync) return posix::sync_folder(options_.folder);
    return {};
  }

  StoreResult<void> truncate(std::string_view id, Bytes length) override {
    auto known = load(id);
    if (!known) return tl::unexpected(known.error());
    Bytes* const staged = staged_end(id);
    if (length >= (staged != nullptr ? *staged : (*known)->offset)) return {};
    auto fd = writable(id);
    if (!fd) return tl::unexpected(fd.error());
    if (::ftruncate(*fd, static_cast<off_t>(length.value)) != 0) {
      return tl::unexpected(posix::error_from("truncate", errno));
    }
    if (staged != nullptr) *staged = length;
    (*known)->offset = std::min((*known)->offset, length);
    return {};
  }

  StoreResult<void> remove(std::string_view id) override {
    // Without its .info an upload does not exist, so that goes first.
    auto removed = posix::remove_file(info_path(id));
    if (removed || removed.error().kind == Kind::not_found) forget(id);
    if (!removed) return removed;
    removed = posix::remove_file(data_path(id));
    if (!removed && removed.error().kind != Kind::not_found) return removed;
    return {};
  }

  StoreResult<std::unique_ptr<Reader>> open(std::string_view id) override {
    auto part = open_bytes(id);
    if (!part) return tl::unexpected(part.error());
    return std::make_unique<FileReader>(std::move(part->first), part->second);
  }

  std::vector<std::string> ids() const override {
    std::vector<std::string> all;
    std::error_code ignored;
    for (fs::directory_iterator entry(options_.folder, ignored), end; entry != end;
         entry.increment(ignored)) {
      auto name = entry->path().filename().string();
      if (!name.ends_with(info_suffix)) continue;
      name.resize(name.size() - info_suffix.size());
      if (is_upload_id(name)) all.push_back(std::move(name));
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  StoreResult<Join> join(const Upload& final_upload) override {
    auto staged = std::make_shared<StagedJoin>(data_path(final_upload.id).concat(staged_suffix));
    for (const auto& id : final_upload.parts) {
      auto part = open_bytes(id);
      if (!part) return tl::unexpected(part.error());
      staged->add(std::move(part->first), part->second);
    }
    return Join{[staged, fsync = options_.fsync] { return staged->copy(fsync); },
                [this, staged, upload = final_upload] { return commit(*staged, upload); }};
  }

  /// Removes what a killed process left half made. Costs one listing of the folder.
  void sweep() {
    std::error_code ignored;
    for (fs::directory_iterator entry(options_.folder, ignored), end; entry != end;
         entry.increment(ignored)) {
      const auto name = entry->path().filename().string();
      for (const auto suffix :
           {temporary_suffix, staged_suffix, unverified_suffix, unverified_temporary_suffix}) {
        if (!name.ends_with(suffix)) continue;
        const auto id = std::string_view(name).substr(0, name.size() - suffix.size());
        if (!is_upload_id(id)) continue;
        if (suffix == unverified_suffix && !drop_unverified(id)) continue;
        std::ignore = posix::remove_file(entry->path());
      }
    }
  }

 private:
  [[nodiscard]] fs::path data_path(std::string_view id) const { return options_.folder / id; }
  [[nodiscard]] fs::path info_path(std::string_view id) const {
    return data_path(id).concat(info_suffix);
  }

  [[nodiscard]] fs::path unverified_path(std::string_view id) const {
    return data_path(id).concat(unverified_suffix);
  }

  /// Where the staged bytes end; nullptr when nothing is staged.
  [[nodiscard]] Bytes* staged_end(std::string_view id) {
    if (staged_.empty()) return nullptr;
    const auto found = staged_.find(id);
    return found == staged_.end() ? nullptr : &found->second.end;
  }

  /// Cuts an upload back to what was verified when the process was killed.
  bool drop_unverified(std::string_view id) {
    const auto text = posix::read_text(unverified_path(id));
    const auto offset = text ? tus::parse_length(*text) : tus::parse_length("");
    if (!offset) {
      std::ignore = damaged(id, "its .unverified does not say where verified bytes end");
      return false;
    }
    struct stat data {};
    if (::stat(data_path(id).c_str(), &data) != 0) return true;
    if (Bytes{static_cast<std::uint64_t>(data.st_size)} <= *offset) return true;
    return ::truncate(data_path(id).c_str(), static_cast<off_t>(offset->value)) == 0;
  }

  [[nodiscard]] bool exists(std::string_view id) const {
    std::error_code ignored;
    return fs::exists(info_path(id), ignored);
  }

  void forget(std::string_view id) {
    files_.erase(id);
    uploads_.erase(id);
    if (staged_end(id) == nullptr) return;
    staged_.erase(staged_.find(id));
    std::ignore = posix::remove_file(unverified_path(id));
  }

  /// `former` is what the .info holds now.
  StoreResult<void> write_info(const Upload& upload, std::string_view former = {}) {
    const auto info = info_path(upload.id);
    auto written = posix::replace_text(
        info, format_info(upload, data_path(upload.id), info, former), options_.fsync);
    if (written && options_.fsync) return posix::sync_folder(options_.folder);
    return written;
  }

  /// The pointer is valid until another upload is loaded.
  StoreResult<Upload*> load(std::string_view id) {
    if (auto* known = uploads_.find(id)) return known;
    auto text = posix::read_text(info_path(id));
    if (!text) return tl::unexpected(text.error());
    struct stat data {};
    if (::stat(data_path(id).c_str(), &data) != 0) {
      return tl::unexpected(posix::error_from("stat", errno));
    }
    auto upload = parse_info(*text, id);
    if (!upload) return damaged(id, upload.error().line());
    const auto staged = staged_.find(id);
    upload->offset = staged != staged_.end() ? staged->second.from
                                             : Bytes{static_cast<std::uint64_t>(data.st_size)};
    if (upload->length && upload->offset > *upload->length) {
      return damaged(id, "more bytes are stored than Size says");
    }
    upload->modified = time_of(data.st_mtim);
    if (upload->created == TimePoint{}) {
      struct stat info {};
      if (::stat(info_path(id).c_str(), &info) == 0) upload->created = time_of(info.st_mtim);
    }
    return uploads_.put(id, std::move(*upload));
  }

  tl::unexpected<StoreError> damaged(std::string_view id, const std::string& why) {
    const auto aside = data_path(id).concat(damaged_suffix);
    std::ignore = posix::rename_file(info_path(id), aside);
    if (options_.on_damage) {
      options_.on_damage(info_path(id).string() + ": damaged (" + why + "), set aside as " +
                         aside.filename().string());
    }
    return failed(Kind::damaged, "its .info is damaged: " + why);
  }

  StoreResult<int> writable(std::string_view id) {
    if (auto* file = files_.find(id)) return file->get();
    auto fd = posix::open_file(data_path(id), O_WRONLY);
    if (!fd) return tl::unexpected(fd.error());
    return files_.put(id, std::move(*fd))->get();
  }

  StoreResult<std::pair<posix::Fd, Bytes>> open_bytes(std::string_view id) {
    auto known = load(id);
    if (!known) return tl::unexpected(known.error());
    auto fd = posix::open_file(data_path(id), O_RDONLY);
    if (!fd) return tl::unexpected(fd.error());
    return std::pair(std::move(*fd), (*known)->offset);
  }

  StoreResult<void> commit(StagedJoin& staged, Upload upload) {
    if (exists(upload.id)) {
      const auto waiting = load(upload.id);
      if (!waiting || !(*waiting)->awaits_parts()) {
        return failed(Kind::exists, "an upload of this id exists");
      }
      files_.erase(upload.id);
    }
    upload.length = staged.total();
    upload.offset = staged.total();
    upload.modified = loop_.now();
    if (auto named = staged.release(data_path(upload.id)); !named) return named;
    if (auto written = write_info(upload); !written) {
      if (!exists(upload.id)) std::ignore = posix::remove_file(data_path(upload.id));
      return written;
    }
    uploads_.put(upload.id, upload);
    return {};
  }

  DiskStoreOptions options_;
  Loop& loop_;
  posix::Fd lock_;
  Lru<posix::Fd> files_{open_files};
  Lru<Upload> uploads_{known_uploads};
  struct Staged {
    Bytes from;
    Bytes end;
  };
  std::map<std::string, Staged, std::less<>> staged_;
};

}  // namespace

Result<std::unique_ptr<Store>> make_disk_store(DiskStoreOptions options, Loop& loop) {
  std::error_code error;
  auto folder = fs::absolute(options.folder, error);
  if (error || options.folder.empty()) {
    return failure("--store", "the folder's name is empty", "name a folder, or memory, or discard");
  }
  const auto where = options.folder.string();
  fs::create_directories(folder, error);
  std::error_code unseen;  // a name too long, a parent that may not be searched
  if (!fs::is_directory(folder, unseen)) {
    if (fs::exists(folder, unseen)) {
      return failure(where, "is not a folder", "name a folder, or remove what is there");
    }
    return failure(where, "the folder cannot be created: " + error.message(),
                   "create it, or choose another with --store");
  }
  auto fd = posix::open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    return failure(where, "the folder cannot be read: " + fd.error().detail,
                   "change its permissions, or choose another with --store");
  }
  // Two owners would each believe in offsets of their own. The lock ends with the process.
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return failure(where, "the folder is in use by another mock server",
                   "stop that one, or choose another with --store");
  }
  // access(2) would not notice a read-only mount in every case; a file does.
  const auto probe = folder / "writable.info.tmp";  // a name that sweep() would remove
  if (auto made = posix::open_file(probe, O_WRONLY | O_CREAT | O_TRUNC); !made) {
    return failure(where, "the folder cannot be written to: " + made.error().detail,
                   "change its permissions, or choose another with --store");
  }
  std::ignore = posix::remove_file(probe);
  options.folder = std::move(folder);
  auto store = std::make_unique<DiskStore>(std::move(options), loop, std::move(*fd));
  store->sweep();
  return store;
}

}  // namespace mock
