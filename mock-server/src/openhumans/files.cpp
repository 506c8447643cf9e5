#include "openhumans/files.hpp"

#include <algorithm>
#include <tuple>

#include "store/uuid.hpp"

namespace mock {
namespace {

using Kind = StoreError::Kind;

// How soon a store that failed is asked again.
constexpr Milliseconds after_failure{1'000};

tl::unexpected<StoreError> not_found() {
  return tl::unexpected(StoreError{Kind::not_found, "no file of this id"});
}

Upload upload_of(const StoredFile& file, std::shared_ptr<FileRecord> record) {
  Upload upload;
  upload.id = file.upload;
  upload.length = Bytes{0};
  upload.created = file.created;
  upload.modified = file.created;
  upload.attributes = std::move(record);
  return upload;
}

}  // namespace

Files::Files(Objects& objects, std::string bucket, Milliseconds lifetime, Loop& loop)
    : objects_(objects), bucket_(std::move(bucket)), lifetime_(lifetime), loop_(loop) {}

Files::~Files() = default;

// ---- which there are

StoreResult<void> Files::load(Store& store) {
  if (loaded_) return {};
  const auto ids = store.list();
  if (!ids) return tl::unexpected(ids.error());
  keys_.clear();
  files_.clear();
  of_member_.clear();
  incomplete_.clear();
  for (const auto& id : *ids) {
    const auto upload = store.find(id);
    // A damaged one is set aside.
    if (!upload && upload.error().kind == Kind::io) return tl::unexpected(upload.error());
    if (!upload) continue;
    if (auto record = file_of(*upload)) take({id, upload->created, std::move(record)});
  }
  if (auto removed = remove_orphans(store); !removed) return removed;
  loaded_ = true;
  wait();
  return {};
}

StoreResult<void> Files::remove_orphans(Store& store) {
  return objects_.withdraw_all(store, bucket_, key_prefix,
                               [this](const std::string& key) { return !has_key(key); });
}

void Files::take(StoredFile file) {
  const auto& record = *file.record;
  last_number_ = std::max(last_number_, record.number);
  of_member_[record.member].insert(record.number);
  if (!record.complete) incomplete_.emplace(file.created, record.number);
  auto& kept = files_[record.number];
  if (kept.record) keys_.erase(kept.record->key);
  kept = std::move(file);
  keys_.insert(kept.record->key);
}

void Files::forget(const StoredFile& file) {
  const auto number = file.record->number;
  if (const auto own = of_member_.find(file.record->member); own != of_member_.end()) {
    own->second.erase(number);
    if (own->second.empty()) of_member_.erase(own);
  }
  incomplete_.erase({file.created, number});
  keys_.erase(file.record->key);
  files_.erase(number);
}

const StoredFile* Files::known(std::uint64_t number) const {
  const auto found = files_.find(number);
  return found == files_.end() ? nullptr : &found->second;
}

void Files::removed(const Upload& upload) {
  const auto record = file_of(upload);
  const auto* const file = record ? known(record->number) : nullptr;
  if (file == nullptr || file->upload != upload.id) return;
  // A copy: `forget` destroys the entry.
  const auto key = record->key;
  forget(*file);
  if (store_ != nullptr) objects_.withdraw(*store_, bucket_, key);
}

// ---- what requests do

StoreResult<StoredFile> Files::add(Store& store, FileRecord record) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  record.number = last_number_ + 1;
  auto kept = std::make_shared<FileRecord>(std::move(record));
  StoredFile file{random_hex_id(), loop_.now(), kept};
  if (auto created = store.create(upload_of(file, kept)); !created) {
    return tl::unexpected(created.error());
  }
  take(file);
  wait();
  return file;
}

StoreResult<StoredFile> Files::find(Store& store, std::uint64_t number) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  const auto* const file = known(number);
  if (file == nullptr) return not_found();
  return *file;
}

StoreResult<std::vector<StoredFile>> Files::list(Store& store, std::string_view member) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  std::vector<StoredFile> listed;
  const auto own = of_member_.find(member);
  if (own == of_member_.end()) return listed;
  for (const auto number : own->second) {
    const auto* const file = known(number);
    if (file != nullptr && file->record->complete) listed.push_back(*file);
  }
  return listed;
}

StoreResult<void> Files::set_complete(Store& store, std::uint64_t number, bool complete) {
  auto file = find(store, number);
  if (!file) return tl::unexpected(file.error());
  if (file->record->complete == complete) return {};
  auto record = std::make_shared<FileRecord>(*file->record);
  record->complete = complete;
  if (auto updated = store.update(upload_of(*file, record)); !updated) return updated;
  file->record = std::move(record);
  incomplete_.erase({file->created, number});
  take(*std::move(file));
  next_.reset();  // one that is incomplete again may be due first
  wait();
  return {};
}

/// The record first: an object without one is found at the next start.
StoreResult<void> Files::remove(Store& store, std::uint64_t number) {
  const auto file = find(store, number);
  if (!file) return tl::unexpected(file.error());
  auto removed = store.remove(file->upload);
  if (!removed && removed.error().kind != Kind::not_found) return removed;
  forget(*file);
  objects_.withdraw(store, bucket_, file->record->key);
  return {};
}

// ---- what happens by itself

void Files::start(Store& store) {
  store_ = &store;
  expunge();
}

void Files::stop() {
  store_ = nullptr;
  next_.reset();
}

void Files::expunge() {
  next_.reset();
  if (store_ == nullptr) return;
  // Without the records nothing is known to be old: that is tried again like a removal that fails.
  bool failed = !load(*store_).has_value();
  while (!failed && !incomplete_.empty() && left_of(*incomplete_.begin()) <= Milliseconds{0}) {
    failed = !remove(*store_, incomplete_.begin()->second).has_value();
  }
  failed ? wait(after_failure) : wait();
}

void Files::wait() {
  if (!incomplete_.empty()) wait(left_of(*incomplete_.begin()));
}

/// What comes later is never due earlier: a timer that is there does.
void Files::wait(Milliseconds delay) {
  if (next_ || store_ == nullptr) return;
  next_ = loop_.after(std::max(delay, Milliseconds{0}), [this] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    loop_.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) expunge();
    });
  });
}

Milliseconds Files::left_of(const Incomplete& file) const {
  return std::chrono::ceil<Milliseconds>(file.first + lifetime_ - loop_.now());
}

}  // namespace mock
