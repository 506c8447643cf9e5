// `<id>` holds the bytes, `<id>.info` the rest. The size of `<id>` is the offset: the two can never
// disagree, whenever the process is killed. While `<id>.unverified` exists, the number in it is the
// offset, and what `<id>` holds behind it is staged: removing that file is what commits the bytes.
// What cannot be undone at once is undone before anything else (docs/decisions/0009).
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "store/info_file.hpp"
#include "store/join_files.hpp"
#include "store/lru.hpp"
#include "store/posix.hpp"
#include "store/stores.hpp"
#include "store/unverified.hpp"

namespace mock {

namespace {

namespace fs = std::filesystem;
using Kind = StoreError::Kind;

// Enough that requests in flight rarely reopen, few enough to leave descriptors for sockets.
constexpr std::size_t open_files = 128;
constexpr std::size_t known_uploads = 16'384;
// How many old debts a call pays that is about something else.
constexpr std::size_t few = 4;

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
  StoreResult<std::optional<std::size_t>> try_read(Bytes at, std::span<std::byte> into) override {
    if (at >= size_) return std::size_t{0};
    const auto n = std::min<std::uint64_t>(into.size(), (size_ - at).value);
    return posix::try_read_at(fd_.get(), at.value, into.first(n));
  }

 private:
  posix::Fd fd_;
  Bytes size_;
};

class DiskStore : public Store {
 public:
  DiskStore(DiskStoreOptions options, Loop& loop, posix::Folder folder)
      : options_(std::move(options)),
        loop_(loop),
        folder_(std::make_shared<const posix::Folder>(std::move(folder))),
        unverified_(*folder_, options_.fsync) {}

  StoreResult<void> create(const Upload& upload) override {
    const auto& id = upload.id;
    if (auto free = check_free(id); !free) return free;
    Upload fresh = upload;
    fresh.offset = Bytes{0};
    // First the bytes' file, then the .info that makes the upload exist: a kill in between leaves
    // nothing that anyone was told of. O_TRUNC takes over such a leftover.
    leftovers_.erase(id);
    auto fd = folder_->open_file(id, O_WRONLY | O_CREAT | O_TRUNC);
    if (!fd) return refused(fd.error());
    if (auto written = write_info(fresh); !written) {
      take_back(id);
      return refused(written.error());
    }
    files_.put(id, std::move(*fd));
    uploads_.put(id, std::move(fresh));
    return {};
  }

  StoreResult<Upload> find(std::string_view id) override {
    clear_away(few);
    std::ignore = settle(id);
    // Whoever empties the folder under us takes the uploads with it, cached ones included.
    if (uploads_.find(id) != nullptr) {
      const auto there = exists(id);
      if (!there) return refused(there.error());
      if (!*there) forget(id);
    }
    auto known = load(id);
    if (!known) return refused(known.error());
    return **known;
  }

  StoreResult<void> update(const Upload& upload) override {
    auto known = load_settled(upload.id);
    if (!known) return refused(known.error());
    Upload changed = upload;
    changed.offset = (*known)->offset;
    changed.modified = (*known)->modified;
    const auto former = folder_->read_text(info_name(upload.id));
    if (!former) return refused(former.error());
    if (auto written = write_info(changed, *former); !written) {
      // The rename may have been done, and only the sync after it have failed.
      if (options_.fsync) {
        std::ignore = folder_->replace_text(info_name(upload.id), *former, true);
        uploads_.erase(upload.id);
      }
      return refused(written.error());
    }
    **known = std::move(changed);
    return {};
  }

  StoreResult<Bytes> append(std::string_view id, Bytes at,
                            std::span<const std::byte> bytes) override {
    auto known = load_settled(id);
    if (!known) return refused(known.error());
    auto& upload = **known;
    auto* const staged = unverified_.find(id);
    Bytes& end = staged != nullptr ? staged->end : upload.offset;
    if (at != end) return failed(Kind::wrong_offset, "not the end of the upload");
    auto fd = writable(id);
    if (!fd) return refused(fd.error());
    // What is written to a removed file must not be acknowledged.
    const auto data = posix::status_of(*fd);
    if (!data) return refused(data.error());
    if (data->st_nlink == 0) {
      forget(id);
      return refused({Kind::not_found, "the upload's file was removed"});
    }
    auto n = posix::write_at(*fd, at.value, bytes);
    if (!n) return refused(n.error());
    end += Bytes{*n};
    if (*n > 0) upload.modified = loop_.now();
    if (options_.fsync) {
      // After one sync failed, the next may succeed although the device lost the bytes.
      if (auto synced = posix::sync_data(*fd); !synced) {
        std::ignore = roll_back(id, at);
        return refused(synced.error());
      }
    }
    return end;
  }

  StoreResult<void> stage(std::string_view id) override {
    // The request whose bytes were staged is gone.
    if (unverified_.find(id) != nullptr) unverified_.give_up(id, unverified_.find(id)->from);
    auto known = load_settled(id);
    if (!known) return refused(known.error());
    auto staged = unverified_.stage(id, (*known)->offset);
    if (!staged) return refused(staged.error());
    return {};
  }

  StoreResult<void> commit(std::string_view id) override {
    const auto* staged = unverified_.find(id);
    if (staged == nullptr) return {};
    if (staged->owed()) return failed(Kind::io, "the bytes were given up");
    const auto end = staged->end;
    auto known = load(id);
    if (!known) return refused(known.error());
    if (auto accepted = unverified_.accept(id); !accepted) return refused(accepted.error());
    (*known)->offset = end;
    return {};
  }

  StoreResult<void> truncate(std::string_view id, Bytes length) override {
    auto known = load_settled(id);
    if (!known) return refused(known.error());
    auto* const staged = unverified_.find(id);
    if (length >= (staged != nullptr ? staged->end : (*known)->offset)) return {};
    auto fd = writable(id);
    if (!fd) return refused(fd.error());
    if (auto cut = posix::cut(*fd, length.value); !cut) return refused(cut.error());
    if (staged != nullptr) {
      staged->end = length;
      staged->from = std::min(staged->from, length);
    }
    (*known)->offset = std::min((*known)->offset, length);
    return {};
  }

  StoreResult<void> roll_back(std::string_view id, Bytes length) override {
    if (auto* known = uploads_.find(id)) {
      if (unverified_.find(id) == nullptr && known->offset <= length) return {};
      known->offset = std::min(known->offset, length);
    }
    unverified_.give_up(id, length);
    auto settled = settle(id);
    if (settled) return {};
    if (options_.on_damage) {
      options_.on_damage((options_.folder / id).string() + ": cannot be cut back to byte " +
                         std::to_string(length.value) + " (" + settled.error().detail +
                         "): nothing is written to it until it can");
    }
    return refused(settled.error());
  }

  StoreResult<void> remove(std::string_view id) override {
    if (hidden(id)) return failed(Kind::not_found, "no upload of this id");
    // Without its .info an upload does not exist, so that goes first.
    auto removed = folder_->remove(info_name(id));
    if (!removed && removed.error().kind == Kind::not_found) forget(id);
    if (!removed) return refused(removed.error());
    forget(id);
    // The upload is gone, whatever becomes of its bytes.
    discard(std::string(id));
    return {};
  }

  StoreResult<void> withdraw(std::string_view id) override {
    take_back(id);
    return {};
  }

  StoreResult<std::unique_ptr<Reader>> open(std::string_view id) override {
    std::ignore = settle(id);
    auto known = load(id);
    if (!known) return refused(known.error());
    auto fd = folder_->open_file(std::string(id), O_RDONLY);
    if (!fd) return refused(fd.error());
    return std::make_unique<FileReader>(std::move(*fd), (*known)->offset);
  }

  StoreResult<std::vector<std::string>> list() override {
    clear_away(std::numeric_limits<std::size_t>::max());
    std::vector<std::string> all;
    auto seen = folder_->each([&](std::string_view name) {
      if (!name.ends_with(info_suffix)) return;
      name.remove_suffix(info_suffix.size());
      if (is_upload_id(name) && withdrawn_.count(name) == 0) all.emplace_back(name);
    });
    if (!seen) return refused(seen.error());
    if (all.empty() && folder_->gone()) return refused({Kind::not_found, {}});
    std::sort(all.begin(), all.end());
    return all;
  }

  StoreResult<Join> join(const Upload& final_upload) override {
    auto staged =
        std::make_shared<StagedJoin>(folder_, final_upload.id + std::string(staged_suffix));
    for (const auto& id : final_upload.parts) {
      auto part = load_settled(id);
      if (!part) return refused(part.error());
      if (auto added = staged->add(id, (*part)->offset); !added) return refused(added.error());
    }
    return Join{[staged, fsync = options_.fsync] { return staged->copy(fsync); },
                [this, staged, upload = final_upload] { return commit(*staged, upload); }};
  }

  /// Removes what a killed process left half made. Costs one listing of the folder; an Error when
  /// that fails.
  StoreResult<void> sweep() {
    return folder_->each([&](std::string_view name) {
      for (const auto suffix :
           {temporary_suffix, staged_suffix, unverified_suffix, unverified_temporary_suffix}) {
        if (!name.ends_with(suffix)) continue;
        const auto id = name.substr(0, name.size() - suffix.size());
        if (!is_upload_id(id)) continue;
        if (suffix == unverified_suffix) {
          unverified_.found(id);
          std::ignore = settle(id);
        } else {
          std::ignore = folder_->remove(std::string(name));
        }
      }
    });
  }

 private:
  [[nodiscard]] static std::string info_name(std::string_view id) {
    return std::string(id).append(info_suffix);
  }

  [[nodiscard]] StoreResult<bool> exists(std::string_view id) const {
    return folder_->status(info_name(id)).map([](const auto& status) {
      return status.has_value();
    });
  }

  /// Nothing is there of an upload `id`, nor owed to an earlier one.
  StoreResult<void> check_free(std::string_view id) {
    if (hidden(id)) return failed(Kind::io, "an upload of this id is still to be removed");
    if (auto settled = settle(id); !settled) return refused(settled.error());
    const auto there = exists(id);
    if (!there) return refused(there.error());
    if (*there) return failed(Kind::exists, "an upload of this id exists");
    return {};
  }

  // ---- what has to be undone

  /// Undoes what a refused request did to `id`, as far as that is still to be done.
  StoreResult<void> settle(std::string_view id) {
    if (unverified_.none()) return {};
    auto settled = unverified_.settle(id);
    if (!settled && settled.error().kind == Kind::damaged) {
      return damaged(id, settled.error().detail);
    }
    return settled;
  }

  /// Whether `id` was withdrawn and could not be removed yet; tries again.
  bool hidden(std::string_view id) {
    if (withdrawn_.empty()) return false;
    const auto found = withdrawn_.find(id);
    if (found == withdrawn_.end()) return false;
    const auto removed = folder_->remove(info_name(id));
    if (!removed && removed.error().kind != Kind::not_found) return true;
    withdrawn_.erase(found);
    discard(std::string(id));
    return false;
  }

  /// There is no upload `id` any more, for anyone.
  void take_back(std::string_view id) {
    const auto info = info_name(id);
    const auto aside = info + ".tmp";  // goes at the next start at the latest
    forget(id);
    const auto removed = folder_->remove(info);
    if (!removed && removed.error().kind != Kind::not_found) {
      if (!folder_->rename(info, aside)) {
        withdrawn_.emplace(id);
        if (options_.on_damage) {
          options_.on_damage((options_.folder / info).string() + ": cannot be removed (" +
                             removed.error().detail + "): hidden until it can");
        }
        return;
      }
      discard(aside);
    }
    discard(std::string(id));
  }

  /// Removes a file that nobody misses, if need be later.
  void discard(std::string name) {
    const auto removed = folder_->remove(name);
    if (!removed && removed.error().kind != Kind::not_found) leftovers_.insert(std::move(name));
  }

  /// Pays what is owed for uploads that nobody will ask for again, before a kill brings them back.
  /// Stops where the disk still refuses, and after `most` of them.
  void clear_away(std::size_t most) {
    while (!withdrawn_.empty() && most-- > 0) {
      if (hidden(std::string(*withdrawn_.begin()))) return;
    }
    while (!leftovers_.empty() && most-- > 0) {
      auto name = std::move(leftovers_.extract(leftovers_.begin()).value());
      discard(name);
      if (leftovers_.contains(name)) return;
    }
  }

  void forget(std::string_view id) {
    files_.erase(id);
    uploads_.erase(id);
    unverified_.forget(id);
  }

  // ---- what is known

  /// What callers are told: `error`, unless it only says that the whole folder went.
  tl::unexpected<StoreError> refused(StoreError error) {
    const bool missing = error.kind == Kind::not_found || error.kind == Kind::io;
    if (!missing || !folder_->gone()) return tl::unexpected(std::move(error));
    if (!std::exchange(told_gone_, true) && options_.on_damage) {
      options_.on_damage(options_.folder.string() +
                         ": the store's folder was removed, and every upload with it; nothing can "
                         "be stored until the server is started again");
    }
    return failed(Kind::io, "its folder was removed; start the server again");
  }

  /// `former` is what the .info holds now.
  StoreResult<void> write_info(const Upload& upload, std::string_view former = {}) {
    const auto name = info_name(upload.id);
    auto written = folder_->replace_text(
        name, format_info(upload, options_.folder / upload.id, options_.folder / name, former),
        options_.fsync);
    return written && options_.fsync ? folder_->sync() : written;
  }

  /// As `load`, once nothing is owed.
  StoreResult<Upload*> load_settled(std::string_view id) {
    if (auto settled = settle(id); !settled) return tl::unexpected(settled.error());
    return load(id);
  }

  /// The pointer is valid until another upload is loaded.
  StoreResult<Upload*> load(std::string_view id) {
    if (auto* known = uploads_.find(id)) return known;
    if (hidden(id)) return failed(Kind::not_found, "no upload of this id");
    const auto name = info_name(id);
    auto text = folder_->read_text(name);
    if (!text) return tl::unexpected(text.error());
    const auto data = folder_->status(std::string(id));
    if (!data) return tl::unexpected(data.error());
    if (!*data) return failed(Kind::not_found, "the upload's file is missing");
    auto upload = parse_info(*text, id, options_.schemas);
    if (!upload) return damaged(id, upload.error().line());
    tell_if_foreign(*upload);
    upload->offset = Bytes{static_cast<std::uint64_t>((*data)->st_size)};
    if (const auto* unverified = unverified_.find(id)) {
      if (unverified->state == Unverified::Entry::State::unread) {
        return failed(Kind::io, "how much of it is verified cannot be read");
      }
      upload->offset = std::min(upload->offset, unverified->from);
    }
    if (upload->length && upload->offset > *upload->length) {
      return damaged(id, "more bytes are stored than Size says");
    }
    upload->modified = time_of((*data)->st_mtim);
    if (upload->created == TimePoint{}) {
      if (const auto info = folder_->status(name); info && *info) {
        upload->created = time_of((*info)->st_mtim);
      }
    }
    return uploads_.put(id, std::move(*upload));
  }

  /// Tells it once for each system.
  void tell_if_foreign(const Upload& upload) {
    const auto system = foreign_system(upload);
    if (!system || !foreign_.emplace(*system).second || !options_.on_damage) return;
    options_.on_damage((options_.folder / info_name(upload.id)).string() + ": is of the system " +
                       quote(*system) +
                       ", which this server does not have: what is stored of it is kept, and no "
                       "client is served it");
  }

  tl::unexpected<StoreError> damaged(std::string_view id, const std::string& why) {
    const auto aside = std::string(id).append(damaged_suffix);
    std::ignore = folder_->rename(info_name(id), aside);
    if (options_.on_damage) {
      options_.on_damage((options_.folder / info_name(id)).string() + ": damaged (" + why +
                         "), set aside as " + aside);
    }
    return failed(Kind::damaged, "its .info is damaged: " + why);
  }

  StoreResult<int> writable(std::string_view id) {
    if (auto* file = files_.find(id)) return file->get();
    auto fd = folder_->open_file(std::string(id), O_WRONLY);
    if (!fd) return tl::unexpected(fd.error());
    return files_.put(id, std::move(*fd))->get();
  }

  // ---- finals

  StoreResult<void> commit(StagedJoin& staged, Upload upload) {
    upload.length = staged.total();
    upload.offset = staged.total();
    upload.modified = loop_.now();
    const auto there = exists(upload.id);
    if (!there) return refused(there.error());
    auto committed = *there ? fill(staged, upload) : add(staged, upload);
    if (!committed) return refused(committed.error());
    uploads_.put(upload.id, upload);
    return {};
  }

  /// A final that nobody knows of yet: its .info makes it exist.
  StoreResult<void> add(StagedJoin& staged, const Upload& upload) {
    if (auto free = check_free(upload.id); !free) return free;
    leftovers_.erase(upload.id);
    if (auto named = staged.release(upload.id); !named) return named;
    auto written = write_info(upload);
    if (!written) take_back(upload.id);
    return written;
  }

  /// A final that waits for its parts: it is complete as soon as its bytes are there. Its length,
  /// which all of its parts have told by now, is the same before and after.
  StoreResult<void> fill(StagedJoin& staged, const Upload& upload) {
    const auto waiting = load(upload.id);
    if (!waiting) return tl::unexpected(waiting.error());
    if (!(*waiting)->awaits_parts()) return failed(Kind::exists, "an upload of this id exists");
    if ((*waiting)->length != upload.length) {
      auto told = **waiting;
      told.length = upload.length;
      if (auto updated = update(told); !updated) return updated;
    }
    files_.erase(upload.id);
    if (auto named = staged.release(upload.id); !named) return named;
    return options_.fsync ? folder_->sync() : StoreResult<void>{};
  }

  DiskStoreOptions options_;
  Loop& loop_;
  /// Locked. Shared with joins under way, which may outlive this.
  std::shared_ptr<const posix::Folder> folder_;
  Lru<posix::Fd> files_{open_files};
  Lru<Upload> uploads_{known_uploads};
  Unverified unverified_;
  std::set<std::string, std::less<>> withdrawn_;  ///< ids whose .info is still there
  std::set<std::string, std::less<>> leftovers_;  ///< names of files that nobody misses
  bool told_gone_ = false;
  std::set<std::string, std::less<>> foreign_;  ///< systems that were told of
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
  const auto unreadable = [&where](const StoreError& why) {
    return failure(where, "the folder cannot be read: " + why.detail,
                   "change its permissions, or choose another with --store");
  };
  auto opened = posix::Folder::open(folder);
  if (!opened) return unreadable(opened.error());
  // Two owners would each believe in offsets of their own. The lock ends with the process.
  if (::flock(opened->fd(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return failure(where, "the folder is in use by another mock server",
                   "stop that one, or choose another with --store");
  }
  // access(2) would not notice a read-only mount in every case; a file does.
  const std::string probe = "writable.info.tmp";  // a name that sweep() would remove
  if (auto made = opened->open_file(probe, O_WRONLY | O_CREAT | O_TRUNC); !made) {
    return failure(where, "the folder cannot be written to: " + made.error().detail,
                   "change its permissions, or choose another with --store");
  }
  std::ignore = opened->remove(probe);
  options.folder = std::move(folder);
  auto store = std::make_unique<DiskStore>(std::move(options), loop, std::move(*opened));
  // Bytes that were not verified would count unless they are found.
  if (auto swept = store->sweep(); !swept) return unreadable(swept.error());
  return store;
}

}  // namespace mock
