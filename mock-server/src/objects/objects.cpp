#include "objects/objects.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "store/in_background.hpp"
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

/// Of lower-case digits.
std::string from_hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
  }
  return bytes;
}

std::shared_ptr<ObjectRecord> record_for(NewObject object) {
  auto record = std::make_shared<ObjectRecord>();
  record->bucket = std::move(object.bucket);
  record->key = std::move(object.key);
  record->fields = std::move(object.fields);
  return record;
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
  const bool part = record->number > 0;
  if (part && !objects_.multiparts_.contains(record->multipart)) return not_found();
  record->state = part ? State::part : State::object;
  // An id is opaque, and nobody else's.
  record->etag = objects_.etag_ == ETag::md5 ? to_hex(md5()) : upload_.id;
  record->sequence = ++objects_.last_sequence_;
  upload_.attributes = record;
  upload_.length = size_;
  upload_.offset = size_;
  upload_.modified = objects_.loop_.now();
  if (auto updated = store_.update(upload_); !updated) return tl::unexpected(updated.error());
  published_ = true;
  if (part)
    objects_.put_part(store_, *record,
                      {upload_.id, record->etag, size_, record->sequence, upload_.modified});
  else
    objects_.put(store_, *record, upload_.id);
  return object_of(upload_, *record);
}

// ---- Objects

/// What `load` finds of multipart uploads, before all of them are known.
struct Objects::Found {
  std::vector<std::pair<std::shared_ptr<const ObjectRecord>, ObjectPart>> parts;
  std::vector<std::string> completed;  ///< ids of multipart uploads
};

StoreResult<void> Objects::load(Store& store) {
  if (loaded_) return {};
  const auto ids = store.list();
  if (!ids) return tl::unexpected(ids.error());
  buckets_.clear();
  multiparts_.clear();
  Found found;
  for (const auto& id : *ids) {
    const auto upload = store.find(id);
    // A damaged one is set aside.
    if (!upload && upload.error().kind == Kind::io) return tl::unexpected(upload.error());
    if (!upload) continue;
    if (const auto* const record = record_of(*upload)) take(store, *upload, *record, found);
  }
  for (auto& [record, part] : found.parts) put_part(store, *record, std::move(part));
  for (const auto& id : found.completed) abort(store, id);
  loaded_ = true;
  return {};
}

/// Takes in an upload that is stored.
void Objects::take(Store& store, const Upload& upload, const ObjectRecord& record, Found& found) {
  if (std::ranges::count(own_, record.bucket) == 0) return;
  last_sequence_ = std::max(last_sequence_, record.sequence);
  const auto shared = std::make_shared<const ObjectRecord>(record);
  switch (record.state) {
    case State::writing:
      std::ignore = store.withdraw(upload.id);
      break;
    case State::object:
      if (!record.multipart.empty()) found.completed.push_back(record.multipart);
      put(store, record, upload.id);
      break;
    case State::multipart:
      multiparts_[upload.id].record = shared;
      break;
    case State::part:
      found.parts.emplace_back(shared, ObjectPart{upload.id, record.etag, upload.offset,
                                                  record.sequence, upload.modified});
      break;
  }
}

/// Puts the object in the place of the one that had its key; that one is withdrawn.
void Objects::put(Store& store, const ObjectRecord& record, const std::string& id) {
  auto& entry = buckets_[record.bucket][record.key];
  // The later one may be there already: of two that are found at start, or after a long join.
  if (entry.sequence > record.sequence) {
    std::ignore = store.withdraw(id);
    return;
  }
  const auto former = std::exchange(entry, {id, record.sequence});
  if (!former.id.empty()) std::ignore = store.withdraw(former.id);
}

/// Puts the part in the place of the one with its number; if its upload ended, withdraws it.
void Objects::put_part(Store& store, const ObjectRecord& record, ObjectPart part) {
  const auto upload = multiparts_.find(record.multipart);
  if (upload == multiparts_.end()) {
    std::ignore = store.withdraw(part.id);
    return;
  }
  auto& place = upload->second.parts[record.number];
  if (place.sequence < part.sequence) std::swap(place, part);
  if (!part.id.empty()) std::ignore = store.withdraw(part.id);
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

StoreResult<std::unique_ptr<ObjectWriter>> Objects::write(Store& store,
                                                          std::shared_ptr<ObjectRecord> record,
                                                          std::optional<Bytes> length,
                                                          bool hashes) {
  auto upload = new_upload(std::move(record), length);
  if (auto created = store.create(upload); !created) return tl::unexpected(created.error());
  return std::unique_ptr<ObjectWriter>(
      new ObjectWriter(*this, store, std::move(upload), hashes || etag_ == ETag::md5));
}

Upload Objects::new_upload(std::shared_ptr<ObjectRecord> record, std::optional<Bytes> length) {
  Upload upload;
  upload.id = random_hex_id();
  upload.attributes = std::move(record);
  upload.length = length;
  upload.created = loop_.now();
  upload.modified = upload.created;
  return upload;
}

StoreResult<std::unique_ptr<ObjectWriter>> Objects::begin(Store& store, NewObject object) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  const auto length = object.length;
  const bool hashes = object.needs_md5;
  return write(store, record_for(std::move(object)), length, hashes);
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

void Objects::withdraw(Store& store, std::string_view bucket, std::string_view key) {
  const auto* const entry = entry_of(bucket, key);
  if (entry != nullptr && store.withdraw(entry->id)) forget(bucket, key);
}

/// By the index alone: an object that cannot be read now is to go all the same.
StoreResult<void> Objects::withdraw_all(Store& store, std::string_view bucket,
                                        std::string_view prefix,
                                        const std::function<bool(const std::string& key)>& which) {
  if (auto loaded = load(store); !loaded) return loaded;
  const auto found = buckets_.find(bucket);
  if (found == buckets_.end()) return {};
  std::vector<std::string> keys;
  for (auto at = found->second.lower_bound(prefix);
       at != found->second.end() && at->first.starts_with(prefix); ++at) {
    if (which(at->first)) keys.push_back(at->first);
  }
  for (const auto& key : keys) withdraw(store, bucket, key);
  return {};
}

StoreResult<std::vector<Object>> Objects::list(Store& store, std::string_view bucket,
                                               std::string_view prefix, std::string_view after,
                                               std::size_t most) {
  auto listed = list(store, {bucket, prefix, {}, after, most});
  if (!listed) return tl::unexpected(listed.error());
  return std::move(listed->objects);
}

StoreResult<Listing> Objects::list(Store& store, const Selection& selection) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  const auto& [bucket, prefix, delimiter, after, most] = selection;
  Listing listing;
  const auto found = buckets_.find(bucket);
  if (found == buckets_.end() || most == 0) return listing;
  const auto& keys = found->second;
  std::string last;
  auto at = after < prefix ? keys.lower_bound(prefix) : keys.upper_bound(after);
  while (at != keys.end() && at->first.starts_with(prefix)) {
    const auto& key = at->first;
    const auto cut = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    auto told = key.substr(0, cut == std::string::npos ? cut : cut + delimiter.size());
    const auto next = cut == std::string::npos ? std::next(at) : behind(keys, told);
    if (told <= after) {
      at = next;
      continue;
    }
    if (listing.objects.size() + listing.beginnings.size() == most) {
      listing.last = std::move(last);
      break;
    }
    if (cut != std::string::npos) {
      listing.beginnings.push_back(told);
    } else if (auto object = find(store, bucket, key)) {
      listing.objects.push_back(*std::move(object));
    } else if (object.error().kind == Kind::io) {
      return tl::unexpected(object.error());
    }
    // Else it is gone: a reset of the lane removes what it held one by one.
    last = std::move(told);
    at = next;
  }
  return listing;
}

/// The first key after all that begin with `beginning`.
Objects::Keys::const_iterator Objects::behind(const Keys& keys, std::string beginning) {
  while (!beginning.empty() && beginning.back() == '\xFF') beginning.pop_back();
  if (beginning.empty()) return keys.end();
  beginning.back() = static_cast<char>(static_cast<unsigned char>(beginning.back()) + 1);
  return keys.lower_bound(beginning);
}

void Objects::removed(const Upload& upload) {
  const auto* const record = record_of(upload);
  if (record == nullptr) return;
  if (const auto of = multiparts_.find(record->multipart); of != multiparts_.end()) {
    const auto part = of->second.parts.find(record->number);
    if (part != of->second.parts.end() && part->second.id == upload.id)
      of->second.parts.erase(part);
  }
  multiparts_.erase(upload.id);
  const auto* const entry = entry_of(record->bucket, record->key);
  if (entry != nullptr && entry->id == upload.id) forget(record->bucket, record->key);
}

// ---- multipart uploads

StoreResult<std::string> Objects::begin_multipart(Store& store, NewObject object) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  auto record = record_for(std::move(object));
  record->state = State::multipart;
  if (const auto* const entry = entry_of(record->bucket, record->key)) record->former = entry->id;
  const auto upload = new_upload(record, Bytes{0});
  if (auto created = store.create(upload); !created) return tl::unexpected(created.error());
  multiparts_[upload.id].record = std::move(record);
  return upload.id;
}

StoreResult<const Objects::Parts*> Objects::parts(Store& store, std::string_view multipart,
                                                  std::string_view bucket, std::string_view key) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  const auto found = multiparts_.find(multipart);
  if (found == multiparts_.end()) return nullptr;
  const auto& [record, parts] = found->second;
  return record->bucket == bucket && record->key == key ? &parts : nullptr;
}

const std::string& Objects::former_of(std::string_view multipart) const {
  return multiparts_.find(multipart)->second.record->former;
}

StoreResult<std::vector<OpenMultipart>> Objects::multiparts(Store& store, std::string_view bucket) {
  if (auto loaded = load(store); !loaded) return tl::unexpected(loaded.error());
  std::vector<OpenMultipart> open;
  for (const auto& [id, multipart] : multiparts_) {
    if (multipart.record->bucket != bucket) continue;
    const auto upload = store.find(id);
    if (upload) open.push_back({id, multipart.record->key, upload->created});
  }
  std::ranges::sort(open, {}, [](const auto& one) { return std::tie(one.key, one.begun, one.id); });
  return open;
}

StoreResult<std::unique_ptr<ObjectWriter>> Objects::begin_part(Store& store,
                                                               std::string_view multipart,
                                                               unsigned number, Bytes length,
                                                               bool needs_md5) {
  const auto found = multiparts_.find(multipart);
  if (found == multiparts_.end()) return not_found();
  auto record = std::make_shared<ObjectRecord>();
  record->bucket = found->second.record->bucket;
  record->key = found->second.record->key;
  record->multipart = multipart;
  record->number = number;
  return write(store, std::move(record), length, needs_md5);
}

/// As S3 has it: the MD5 of the parts' MD5s, and how many they were.
std::string Objects::etag_of(const std::vector<const ObjectPart*>& parts,
                             const std::string& id) const {
  const auto count = "-" + std::to_string(parts.size());
  if (etag_ == ETag::opaque) return id + count;
  Digest digest(DigestAlgorithm::md5);
  for (const auto* part : parts) digest.update(from_hex(part->etag));
  return to_hex(digest.finish()) + count;
}

void Objects::complete(Store& store, Store& lane, std::string_view multipart,
                       const std::vector<unsigned>& numbers, std::function<bool()> may,
                       std::function<void(StoreResult<Object>)> done) {
  const auto found = multiparts_.find(multipart);
  if (found == multiparts_.end()) return done(not_found());
  std::vector<const ObjectPart*> parts;
  parts.reserve(numbers.size());
  for (const auto number : numbers) parts.push_back(&found->second.parts.at(number));
  auto record = std::make_shared<ObjectRecord>(*found->second.record);
  auto whole = new_upload(record, Bytes{0});
  for (const auto* part : parts) {
    whole.parts.push_back(part->id);
    whole.offset += part->size;
  }
  whole.length = whole.offset;
  record->state = State::object;
  record->multipart = multipart;
  record->former.clear();
  record->etag = etag_of(parts, whole.id);
  record->sequence = ++last_sequence_;
  auto join = store.join(whole);
  if (!join) return done(tl::unexpected(join.error()));
  in_background(loop_, std::move(join->work),
                [this, alive = std::weak_ptr(alive_), commit = std::move(join->commit),
                 may = std::move(may), done = std::move(done), whole = std::move(whole),
                 record = std::move(record), &lane](const StoreResult<void>& copied) {
                  if (alive.expired()) return;
                  if (!copied) return done(tl::unexpected(copied.error()));
                  if (!multiparts_.contains(record->multipart) || !may()) return done(not_found());
                  if (auto committed = commit(); !committed) {
                    return done(tl::unexpected(committed.error()));
                  }
                  put(lane, *record, whole.id);
                  abort(lane, record->multipart);
                  done(object_of(whole, *record));
                });
}

void Objects::abort(Store& store, std::string_view multipart) {
  const auto found = multiparts_.find(multipart);
  if (found == multiparts_.end()) return;
  // First the record of the multipart upload: parts without one are removed at the next start.
  std::ignore = store.withdraw(found->first);
  for (const auto& [number, part] : found->second.parts) std::ignore = store.withdraw(part.id);
  multiparts_.erase(found);
}

}  // namespace mock
