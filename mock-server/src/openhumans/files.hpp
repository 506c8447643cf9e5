// The files of a lane: what Open Humans knows of each, and where its bytes are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "loop/loop.hpp"
#include "objects/objects.hpp"
#include "openhumans/file_record.hpp"
#include "protocol/units.hpp"
#include "store/store.hpp"

namespace mock {

/// A file as it is listed. A value type.
struct StoredFile {
  std::string upload;  ///< id of the upload that keeps the record
  TimePoint created;
  std::shared_ptr<const FileRecord> record;
};

/// Where a call takes a Store, it is that of the request's services: the lane's, with rules in
/// front of it. Which files there are is kept in memory, and read from the store at start. Loop
/// thread only.
class Files {
 public:
  /// The key of every file's object begins so.
  static constexpr std::string_view key_prefix = "member-files/";

  /// The objects are in `bucket`, which is this object's alone. Files may stay incomplete for
  /// `lifetime`. What is by reference outlives it.
  Files(Objects& objects, std::string bucket, Milliseconds lifetime, Loop& loop);
  ~Files();
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  /// Finds what is stored, and removes objects without a file, which a kill between the two left.
  /// Call it before an object is published. Every other call does this first, until it has
  /// succeeded once.
  StoreResult<void> load(Store& store);
  /// From now on files that stay incomplete vanish. `store` is the lane's, and outlives this.
  void start(Store& store);
  void stop();
  /// Removes what has been incomplete for too long.
  void expunge();

  /// Its number is given here.
  StoreResult<StoredFile> add(Store& store, FileRecord record);
  /// not_found when there is none.
  [[nodiscard]] StoreResult<StoredFile> find(Store& store, std::uint64_t number);
  /// Those of a member that are complete, by number.
  [[nodiscard]] StoreResult<std::vector<StoredFile>> list(Store& store, std::string_view member);
  StoreResult<void> set_complete(Store& store, std::uint64_t number, bool complete);
  /// With its object.
  StoreResult<void> remove(Store& store, std::uint64_t number);
  /// Whether one of the loaded files has the object of that key.
  [[nodiscard]] bool has_key(std::string_view key) const { return keys_.contains(key); }

  /// An upload, of a file or not, was removed by other means (System::removed).
  void removed(const Upload& upload);

 private:
  void take(StoredFile file);
  void forget(const StoredFile& file);
  [[nodiscard]] const StoredFile* known(std::uint64_t number) const;
  StoreResult<void> remove_orphans(Store& store);
  using Incomplete = std::pair<TimePoint, std::uint64_t>;
  [[nodiscard]] Milliseconds left_of(const Incomplete& file) const;
  void wait();
  void wait(Milliseconds delay);

  Objects& objects_;
  std::string bucket_;
  Milliseconds lifetime_;
  Loop& loop_;
  Store* store_ = nullptr;  ///< once started
  bool loaded_ = false;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, StoredFile> files_;
  std::unordered_set<std::string_view> keys_;  ///< those of the records of files_
  std::map<std::string, std::set<std::uint64_t>, std::less<>> of_member_;
  std::set<Incomplete> incomplete_;  ///< the oldest first
  std::unique_ptr<Timer> next_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace mock
