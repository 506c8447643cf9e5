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
  std::string upload;  ///< id of the upload that keeps the record
  TimePoint created;
  std::shared_ptr<const FileUpload> record;
};

/// Where a call takes a Store, it is that of the request's services: the lane's, with rules in
/// front of it. Which records there are is kept in memory, and read from the store at start. Loop
/// thread only.
class FileUploads {
 public:
  /// The objects are in `bucket`, which is this object's alone. What is by reference outlives it.
  FileUploads(Objects& objects, std::string bucket, Loop& loop);
  FileUploads(const FileUploads&) = delete;
  FileUploads& operator=(const FileUploads&) = delete;

  /// Finds what is stored, and removes objects that nothing refers to, which a kill left. Every
  /// other call does this first, until it has succeeded once.
  StoreResult<void> load(Store& store);

  StoreResult<StoredUpload> add(Store& store, FileUpload record);
  /// not_found when there is none.
  [[nodiscard]] StoreResult<StoredUpload> find(Store& store, std::string_view id);
  /// The one to which a file of that id is to be sent, or was; not_found.
  [[nodiscard]] StoreResult<StoredUpload> find_by_file(Store& store, std::string_view file_id);
  using Picks = std::function<bool(const FileUpload& record)>;
  /// Those for which `picks` is true, the oldest first.
  [[nodiscard]] StoreResult<std::vector<StoredUpload>> list(Store& store, const Picks& picks);
  /// Puts `record` in the place of the one with its id, which exists.
  StoreResult<StoredUpload> update(Store& store, FileUpload record);
  /// With its objects.
  StoreResult<void> remove(Store& store, std::string_view id);
  /// Removes what was sent for `record`, which itself stays.
  void remove_objects(Store& store, const FileUpload& record);

  /// How the keys of a form's objects begin: "user_{owner}/file_{file id}/".
  [[nodiscard]] static std::string prefix_of(std::string_view owner, std::string_view file_id);
  /// The object of one of its files; of several that a form brought, the newest. not_found.
  [[nodiscard]] StoreResult<Object> object_of(Store& store, const FileUpload& record,
                                              std::string_view file_id);
  /// Whether one of the loaded records awaits an object of that key.
  [[nodiscard]] bool awaits(std::string_view key) const;

  /// An upload, of these or not, was removed by other means (System::removed).
  void removed(const Upload& upload);
  /// `store` is the lane's, and outlives this: for what happens without a request.
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
