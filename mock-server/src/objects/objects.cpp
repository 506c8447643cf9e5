#include "objects/objects.hpp"

#include <algorithm>
#include <utility>

#include "store/uuid.hpp"

namespace mock {
namespace {

using Kind = StoreError::Kind;
using State = ObjectRecord::State;

tl::unexpected<StoreError> not_found() {
  return tl::unexpected(StoreError{Kind::not_found, "no object of this key"});
}

Object object_of(const Upload& upload, const ObjectRecord& record) {
  return {upload.id,     record.bucket, record.key,     record.etag,
          record.fields, upload.offset, upload.modified};
}

}  // namespace

// ---- ObjectWriter

ObjectWriter::ObjectWriter(Objects& objects, Store& store, Upload upload, bool hashes)
    : objects_(objects), store_(store), upload_(std::move(upload)) {
  if (hashes) hash_.emplace(DigestAlgorithm::md5);
}

ObjectWriter::~ObjectWriter() {
  if (!published_) std::ignore = store_.withdraw(upload_.id);
}

StoreResult<void> ObjectWriter::append(std::span<const std::byte> bytes) {
  const auto end = store_.append(upload_.id, size_, bytes);
  if (!end) return tl::unexpected(end.error());
  if (*end - size_ != Bytes{bytes.size()}) {
    return tl::unexpected(StoreError{Kind::no_space, "not all bytes were written"});
  }
  size_ = *end;
  if (hash_) hash_->update(bytes);
  return {};
}

const std::string& ObjectWriter::md5() {
  if (hash_) md5_ = hash_->finish();
  hash_.reset();
  return md5_;
}

StoreResult<Object> ObjectWriter::publish() {
  // The store keeps the former record until it has this one.
  const auto record = std::make_shared<ObjectRecord>(*record_of(upload_));
  record->state = State::object;
  // An id is opaque, and nobody else's.
  record->etag = objects_.etag_ == ETag::md5 ? to_hex(md5()) : upload_.id;
  record->sequence = ++objects_.last_sequence_;
  upload_.attributes = record;
  upload_.length = size_;
  upload_.offset = size_;
  upload_.modified = objects_.loop_.now();
  if (auto updated = store_.update(upload_); !updated) return tl::unexpected(updated.error());
  published_ = true;
  objects_.put(store_, *record, upload_.id);
  return object_of(upload_, *record);
}

// ---- Objects

StoreResult<void> Objects::load(Store& store) {
  if (loaded_) return {};
  const auto ids = store.list();
  if (!ids) return tl::unexpected(ids.error());
  buckets_.clear();
  for (const auto& id : *ids) {
    const auto upload = store.find(id);
    // A damaged one is set aside.
    if (!upload && upload.error().kind == Kind::io) return tl::unexpected(upload.error());
    if (!upload) continue;
    if (const auto* const record = record_of(*upload)) take(store, *upload, *record);
  }
  loaded_ = true;
  return {};
}

/// One that is stored.
void Objects::take(Store& store, const Upload& upload, const ObjectRecord& record) {
  last_sequence_ = std::max(last_sequence_, record.sequence);
  const auto* const other = entry_of(record.bucket, record.key);
  // A later one was published, and then this process was killed.
  const bool late = other != nullptr && other->sequence > record.sequence;
  if (late || record.state == State::writing) {
    std::ignore = store.withdraw(upload.id);
  } else {
    put(store, record, upload.id);
  }
}

/// In the place of what had its key, which nobody can be told of any more.
void Objects::put(Store& store, const ObjectRecord& record, const std::string& id) {
  auto& entry = buckets_[record.bucket][record.key];
  const auto former = std::exchange(entry, {id, record.sequence});
  if (!former.id.empty()) std::ignore = store.withdraw(former.id);
}

Objects::Entry* Objects::entry_of(std::string_view bucket, std::string_view key) {
  const auto keys = buckets_.find(bucket);
  if (keys == buckets_.end()) return nullptr;
  const auto entry = keys->second.find(key);
  return entry == keys->second.end() ? nullptr : &entry->second;
}

void Objects::forget(std::string_view bucket, std::string_view key) {
  const auto keys = buckets_.find(bucket);
  if (keys == buckets_.end()) return;
  if (const auto entry = keys->second.find(key); entry != keys->second.end()) {
    keys->second.erase(entry);
  }
}

StoreResult<std::unique_ptr<ObjectWriter>> Objects::begin(Store& store, NewObject object) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  auto record = std::make_shared<ObjectRecord>();
  record->bucket = std::move(object.bucket);
  record->key = std::move(object.key);
  record->fields = std::move(object.fields);
  Upload upload;
  upload.id = random_hex_id();
  upload.attributes = std::move(record);
  upload.length = object.length;
  upload.created = loop_.now();
  upload.modified = upload.created;
  if (auto created = store.create(upload); !created) return tl::unexpected(created.error());
  const bool hashes = etag_ == ETag::md5 || object.needs_md5;
  return std::unique_ptr<ObjectWriter>(new ObjectWriter(*this, store, std::move(upload), hashes));
}

StoreResult<Object> Objects::find(Store& store, std::string_view bucket, std::string_view key) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  const auto* const entry = entry_of(bucket, key);
  if (entry == nullptr) return not_found();
  const auto upload = store.find(entry->id);
  if (!upload) return tl::unexpected(upload.error());
  const auto* const record = record_of(*upload);
  if (record == nullptr) return not_found();
  return object_of(*upload, *record);
}

StoreResult<void> Objects::remove(Store& store, std::string_view bucket, std::string_view key) {
  if (auto loaded = load(store); !loaded) return loaded;
  const auto* const entry = entry_of(bucket, key);
  if (entry == nullptr) return not_found();
  auto removed = store.remove(entry->id);
  if (removed || removed.error().kind == Kind::not_found) forget(bucket, key);
  return removed;
}

StoreResult<std::vector<Object>> Objects::list(Store& store, std::string_view bucket,
                                               std::string_view prefix, std::string_view after,
                                               std::size_t most) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  std::vector<Object> found;
  const auto keys = buckets_.find(bucket);
  if (keys == buckets_.end()) return found;
  auto key = after < prefix ? keys->second.lower_bound(prefix) : keys->second.upper_bound(after);
  for (; key != keys->second.end() && found.size() < most; ++key) {
    if (!key->first.starts_with(prefix)) break;
    auto object = find(store, bucket, key->first);
    if (object) found.push_back(*std::move(object));
    // While a lane is reset, what it held is there no more, one by one.
    else if (object.error().kind == Kind::io)
      return tl::unexpected(object.error());
  }
  return found;
}

void Objects::removed(const Upload& upload) {
  const auto* const record = record_of(upload);
  if (record == nullptr) return;
  const auto* const entry = entry_of(record->bucket, record->key);
  if (entry != nullptr && entry->id == upload.id) forget(record->bucket, record->key);
}

}  // namespace mock
