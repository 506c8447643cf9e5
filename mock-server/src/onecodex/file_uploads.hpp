// The samples and documents of a lane: what One Codex knows of each, and where its bytes are.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "objects/objects.hpp"
#include "onecodex/upload_record.hpp"
#include "store/store.hpp"

namespace mock {

/// A sample or a document. A value type.
struct StoredUpload {
  std::string upload;  ///< which keeps the record
  TimePoint created;
  std::shared_ptr<const FileUpload> record;
};

/// Where a call takes a Store, it is that of a request's services, so that rules see the call; it
/// is the lane's below. Which there are is kept in memory, and read from the store at start. Loop
/// thread only.
class FileUploads {
 public:
  /// The objects are in `bucket`, which is this object's alone. What is by reference outlives it.
  FileUploads(Objects& objects, std::string bucket, Loop& loop);
  FileUploads(const FileUploads&) = delete;
  FileUploads& operator=(const FileUploads&) = delete;

  /// Finds what is stored, and removes objects that nothing refers to, which a kill left. Every
  /// call does so until it once succeeded.
  StoreResult<void> load(Store& store);

  StoreResult<StoredUpload> add(Store& store, FileUpload record);
  /// not_found when there is none.
  [[nodiscard]] StoreResult<StoredUpload> find(Store& store, std::string_view id);
  /// The one to which a file of that id is to be sent, or was; not_found.
  [[nodiscard]] StoreResult<StoredUpload> find_by_file(Store& store, std::string_view file_id);
  using Picks = std::function<bool(const FileUpload& record)>;
  /// Those for which `picks` holds, by their time.
  [[nodiscard]] StoreResult<std::vector<StoredUpload>> list(Store& store, const Picks& picks);
  /// `record` in the place of the one with its id, which is there.
  StoreResult<StoredUpload> update(Store& store, FileUpload record);
  /// With its objects.
  StoreResult<void> remove(Store& store, std::string_view id);
  /// What was sent for it, which stays as it is.
  void remove_objects(Store& store, const FileUpload& record);

  /// What keys the objects of a form begin with: "user_{owner}/file_{file id}/".
  [[nodiscard]] static std::string prefix_of(std::string_view owner, std::string_view file_id);
  /// The object of one of its files: of those that a form has room for the newest. not_found.
  [[nodiscard]] StoreResult<Object> object_of(Store& store, const FileUpload& record,
                                              std::string_view file_id);
  /// Whether an object of that key is awaited, of all that were loaded.
  [[nodiscard]] bool awaits(std::string_view key) const;

  /// An upload, of these or not, was removed by other means (System::removed).
  void removed(const Upload& upload);
  /// The lane's, which outlives this: for what happens without a request.
  void start(Store& store) { store_ = &store; }
  void stop() { store_ = nullptr; }

 private:
  void take(StoredUpload upload);
  void forget(const FileUpload& record);
  StoreResult<void> remove_orphans(Store& store);
  [[nodiscard]] const FileUpload* record_of_key(std::string_view key) const;

  Objects& objects_;
  std::string bucket_;
  Loop& loop_;
  Store* store_ = nullptr;  ///< once started
  bool loaded_ = false;
  std::map<std::string, StoredUpload, std::less<>> uploads_;
  std::map<std::string, std::string, std::less<>> of_file_;  ///< file id -> id
};

}  // namespace mock
