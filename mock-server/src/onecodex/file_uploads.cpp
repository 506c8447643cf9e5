#include "onecodex/file_uploads.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "store/uuid.hpp"

namespace mock {
namespace {

using Kind = StoreError::Kind;
using State = FileUpload::State;

// So many objects are looked at in one go.
constexpr std::size_t handful = 256;

tl::unexpected<StoreError> not_found() {
  return tl::unexpected(StoreError{Kind::not_found, "none of this id"});
}

Upload upload_of(const std::string& id, TimePoint created, std::shared_ptr<FileUpload> record) {
  Upload upload;
  upload.id = id;
  upload.length = Bytes{0};
  upload.created = created;
  upload.modified = created;
  upload.attributes = std::move(record);
  return upload;
}

/// Of a key "user_{owner}/file_{file id}/{name}", or that is a file id itself.
std::string_view file_id_of(std::string_view key) {
  constexpr std::string_view mark = "/file_";
  const auto at = key.find(mark);
  if (at == std::string_view::npos) return key;
  key.remove_prefix(at + mark.size());
  return key.substr(0, key.find('/'));
}

}  // namespace

FileUploads::FileUploads(Objects& objects, std::string bucket, Loop& loop)
    : objects_(objects), bucket_(std::move(bucket)), loop_(loop) {}

std::string FileUploads::prefix_of(std::string_view owner, std::string_view file_id) {
  std::string prefix = "user_";
  return prefix.append(owner).append("/file_").append(file_id).append("/");
}

// ---- which there are

StoreResult<void> FileUploads::load(Store& store) {
  if (loaded_) return {};
  const auto ids = store.list();
  if (!ids) return tl::unexpected(ids.error());
  uploads_.clear();
  of_file_.clear();
  for (const auto& id : *ids) {
    const auto upload = store.find(id);
    // A damaged one is set aside.
    if (!upload && upload.error().kind == Kind::io) return tl::unexpected(upload.error());
    if (!upload) continue;
    if (auto record = file_upload_of(*upload)) take({id, upload->created, std::move(record)});
  }
  if (auto removed = remove_orphans(store); !removed) return removed;
  loaded_ = true;
  return {};
}

StoreResult<void> FileUploads::remove_orphans(Store& store) {
  return objects_.withdraw_all(
      store, bucket_, "", [&](const std::string& key) { return record_of_key(key) == nullptr; });
}

void FileUploads::take(StoredUpload upload) {
  const auto& record = *upload.record;
  if (!record.file_id.empty()) of_file_[record.file_id] = record.id;
  if (!record.paired_file_id.empty()) of_file_[record.paired_file_id] = record.id;
  const auto id = record.id;
  uploads_[id] = std::move(upload);
}

void FileUploads::forget(const FileUpload& record) {
  of_file_.erase(record.file_id);
  of_file_.erase(record.paired_file_id);
  const auto id = record.id;
  uploads_.erase(id);
}

const FileUpload* FileUploads::record_of_key(std::string_view key) const {
  const auto file_id = file_id_of(key);
  const auto id = of_file_.find(file_id);
  if (id == of_file_.end()) return nullptr;
  const auto upload = uploads_.find(id->second);
  if (upload == uploads_.end()) return nullptr;
  const auto& record = *upload->second.record;
  const bool right =
      record.multipart ? key == file_id : key.starts_with(prefix_of(record.owner, file_id));
  return right ? &record : nullptr;
}

bool FileUploads::awaits(std::string_view key) const {
  const auto* const record = record_of_key(key);
  return record != nullptr && record->state == State::awaited;
}

void FileUploads::removed(const Upload& upload) {
  const auto record = file_upload_of(upload);
  const auto known = record ? uploads_.find(record->id) : uploads_.end();
  if (known == uploads_.end() || known->second.upload != upload.id) return;
  // A copy: `forget` destroys the entry.
  const auto kept = known->second.record;
  forget(*kept);
  if (store_ != nullptr) remove_objects(*store_, *kept);
}

// ---- what requests do

StoreResult<StoredUpload> FileUploads::add(Store& store, FileUpload record) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  auto kept = std::make_shared<FileUpload>(std::move(record));
  StoredUpload upload{random_hex_id(), loop_.now(), kept};
  if (auto created = store.create(upload_of(upload.upload, upload.created, std::move(kept)));
      !created) {
    return tl::unexpected(created.error());
  }
  take(upload);
  return upload;
}

StoreResult<StoredUpload> FileUploads::find(Store& store, std::string_view id) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  const auto found = uploads_.find(id);
  if (found == uploads_.end()) return not_found();
  return found->second;
}

StoreResult<StoredUpload> FileUploads::find_by_file(Store& store, std::string_view file_id) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  const auto found = of_file_.find(file_id);
  if (found == of_file_.end()) return not_found();
  return find(store, found->second);
}

StoreResult<std::vector<StoredUpload>> FileUploads::list(Store& store, const Picks& picks) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  std::vector<StoredUpload> listed;
  for (const auto& [id, upload] : uploads_) {
    if (picks(*upload.record)) listed.push_back(upload);
  }
  std::ranges::stable_sort(listed, {}, &StoredUpload::created);
  return listed;
}

StoreResult<StoredUpload> FileUploads::update(Store& store, FileUpload record) {
  auto upload = find(store, record.id);
  if (!upload) return upload;
  auto kept = std::make_shared<FileUpload>(std::move(record));
  if (auto updated = store.update(upload_of(upload->upload, upload->created, kept)); !updated) {
    return tl::unexpected(updated.error());
  }
  forget(*upload->record);
  upload->record = std::move(kept);
  take(*upload);
  return upload;
}

/// The record first: objects without one are found at the next start.
StoreResult<void> FileUploads::remove(Store& store, std::string_view id) {
  const auto upload = find(store, id);
  if (!upload) return tl::unexpected(upload.error());
  auto removed = store.remove(upload->upload);
  if (!removed && removed.error().kind != Kind::not_found) return removed;
  forget(*upload->record);
  remove_objects(store, *upload->record);
  return {};
}

void FileUploads::remove_objects(Store& store, const FileUpload& record) {
  for (const auto& file_id : {record.file_id, record.paired_file_id}) {
    if (file_id.empty()) continue;
    if (record.multipart) {
      objects_.withdraw(store, bucket_, file_id);
      continue;
    }
    // If the store cannot be read now, what it keeps is found at the next start.
    std::ignore = objects_.withdraw_all(store, bucket_, prefix_of(record.owner, file_id),
                                        [](const std::string&) { return true; });
  }
}

StoreResult<Object> FileUploads::object_of(Store& store, const FileUpload& record,
                                           std::string_view file_id) {
  if (record.multipart) return objects_.find(store, bucket_, file_id);
  std::optional<Object> newest;
  std::string after;
  while (true) {
    const auto found =
        objects_.list(store, bucket_, prefix_of(record.owner, file_id), after, handful);
    if (!found) return tl::unexpected(found.error());
    for (const auto& object : *found) {
      if (!newest || newest->modified < object.modified) newest = object;
    }
    if (found->size() < handful) break;
    after = found->back().key;
  }
  if (!newest) return not_found();
  return *std::move(newest);
}

}  // namespace mock
