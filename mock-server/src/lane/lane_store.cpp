#include "lane/lane_store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace mock {
namespace {

tl::unexpected<StoreError> not_found() {
  return tl::unexpected(StoreError{StoreError::Kind::not_found, "no upload of this id"});
}

/// What no client can help. A damaged upload is reported where it is set aside.
bool is_failure(const StoreError& error) {
  return error.kind == StoreError::Kind::io || error.kind == StoreError::Kind::no_space;
}

Notice notice_of(const std::string& lane, std::string_view id, const StoreError& error) {
  std::string text =
      error.kind == StoreError::Kind::no_space ? "the store has no space left" : "the store failed";
  if (!error.detail.empty()) text += ": " + error.detail;
  return {"store", lane, std::string(id), std::move(text)};
}

}  // namespace

// ---- LaneIndex

void LaneIndex::add(const std::string& id, const std::string& lane) {
  if (lane.empty()) return;
  lane_of_[id] = lane;
  ids_[lane].insert(id);
}

void LaneIndex::remove(std::string_view id) {
  const auto found = lane_of_.find(id);
  if (found == lane_of_.end()) return;
  const auto lane = ids_.find(found->second);
  lane->second.erase(found->first);
  if (lane->second.empty()) ids_.erase(lane);
  lane_of_.erase(found);
}

const std::string* LaneIndex::lane_of(std::string_view id) const {
  const auto found = lane_of_.find(id);
  return found == lane_of_.end() ? nullptr : &found->second;
}

std::vector<std::string> LaneIndex::ids(const std::string& lane) const {
  const auto found = ids_.find(lane);
  if (found == ids_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

// ---- LaneStore

Upload LaneStore::stamped(const Upload& upload) const {
  Upload copy = upload;
  copy.lane = lane_;
  return copy;
}

StoreResult<void> LaneStore::check(std::string_view id) {
  if (hidden(id)) return not_found();
  if (is_main() && index_.empty()) return {};
  const auto upload = find(id);
  if (!upload) return tl::unexpected(upload.error());
  return {};
}

void LaneStore::tell(std::string_view id, const StoreError& error) const {
  if (notify_ && is_failure(error)) notify_(notice_of(lane_, id, error));
}

StoreResult<void> LaneStore::create(const Upload& upload) {
  if (closed_) return not_found();
  if (!is_main() && prepare_) {
    if (auto prepared = prepare_(); !prepared) return prepared;
  }
  auto made = is_main() ? store_.create(upload) : store_.create(stamped(upload));
  if (!made) tell(upload.id, made.error());
  if (!made) return made;
  if (!is_main()) index_.add(upload.id, lane_);
  // Its bytes are told of as they come.
  uploads_->put(upload, Bytes{0});
  return made;
}

StoreResult<Upload> LaneStore::find(std::string_view id) {
  if (hidden(id)) return not_found();
  auto upload = store_.find(id);
  if (!upload) {
    tell(id, upload.error());
    // Somebody else may have emptied the folder.
    if (upload.error().kind == StoreError::Kind::not_found) uploads_->remove(id);
    return upload;
  }
  if (upload->lane != lane_) return not_found();
  if (!written_.empty()) {
    if (const auto at = written_.find(id); at != written_.end()) upload->modified = at->second;
  }
  return upload;
}

const Upload* LaneStore::peek(std::string_view id) {
  // The times of the lane's own clock are not in the store underneath.
  if (hidden(id) || !written_.empty()) return nullptr;
  const auto* const upload = store_.peek(id);
  return upload != nullptr && upload->lane == lane_ ? upload : nullptr;
}

StoreResult<void> LaneStore::update(const Upload& upload) {
  if (hidden(upload.id)) return not_found();
  auto updated = is_main() ? store_.update(upload) : store_.update(stamped(upload));
  if (updated)
    uploads_->describe(upload);
  else
    tell(upload.id, updated.error());
  return updated;
}

StoreResult<Bytes> LaneStore::append(std::string_view id, Bytes at,
                                     std::span<const std::byte> bytes) {
  if (hidden(id)) return not_found();
  auto appended = store_.append(id, at, bytes);
  if (!appended) {
    failed(id, appended.error());
  } else {
    uploads_->ends_at(id, *appended);
    if (appended->value - at.value < bytes.size())
      tell(id, {StoreError::Kind::no_space, "not all bytes were written"});
  }
  if (appended && (!written_.empty() || !clock_.is_real())) {
    written_.insert_or_assign(std::string(id), clock_.now());
  }
  return appended;
}

StoreResult<void> LaneStore::stage(std::string_view id) {
  if (hidden(id)) return not_found();
  auto done = store_.stage(id);
  if (done)
    uploads_->stage(id);
  else
    failed(id, done.error());
  return done;
}

StoreResult<void> LaneStore::commit(std::string_view id) {
  if (hidden(id)) return not_found();
  auto done = store_.commit(id);
  if (done)
    uploads_->commit(id);
  else
    failed(id, done.error());
  return done;
}

StoreResult<void> LaneStore::truncate(std::string_view id, Bytes length) {
  if (hidden(id)) return not_found();
  auto done = store_.truncate(id, length);
  if (done)
    uploads_->truncate(id, length);
  else
    failed(id, done.error());
  return done;
}

StoreResult<void> LaneStore::roll_back(std::string_view id, Bytes length) {
  // Also for a lane that was closed meanwhile: a write is undone whoever it was for.
  auto undone = store_.roll_back(id, length);
  if (undone)
    uploads_->roll_back(id, length);
  else
    failed(id, undone.error());
  return undone;
}

StoreResult<void> LaneStore::remove(std::string_view id) {
  if (auto mine = check(id); !mine) return mine;
  auto removed = store_.remove(id);
  if (!removed) {
    tell(id, removed.error());
  } else {
    forget(id);
  }
  return removed;
}

StoreResult<void> LaneStore::withdraw(std::string_view id) {
  auto removed = store_.withdraw(id);
  if (!removed) {
    tell(id, removed.error());
  } else {
    forget(id);
  }
  return removed;
}

void LaneStore::forget(std::string_view id) {
  index_.remove(id);
  uploads_->remove(id);
  if (const auto at = written_.find(id); at != written_.end()) written_.erase(at);
}

StoreResult<std::unique_ptr<Reader>> LaneStore::open(std::string_view id) {
  if (auto mine = check(id); !mine) return tl::unexpected(mine.error());
  auto opened = store_.open(id);
  if (!opened) tell(id, opened.error());
  return opened;
}

StoreResult<std::vector<std::string>> LaneStore::list() {
  if (closed_) return {};
  if (started_) return uploads_->ids_after({}, std::numeric_limits<std::size_t>::max());
  if (!is_main()) return index_.ids(lane_);
  auto all = store_.list();
  if (!all) tell({}, all.error());
  if (all && !index_.empty()) {
    all->erase(std::remove_if(all->begin(), all->end(),
                              [this](const auto& id) { return index_.lane_of(id) != nullptr; }),
               all->end());
  }
  return all;
}

StoreResult<std::vector<std::string>> LaneStore::list_after(std::string_view after,
                                                            std::size_t most) {
  if (closed_) return {};
  return started_ ? uploads_->ids_after(after, most) : Store::list_after(after, most);
}

StoreResult<Store::Join> LaneStore::join(const Upload& final_upload) {
  for (const auto& part : final_upload.parts) {
    if (auto mine = check(part); !mine) return tl::unexpected(mine.error());
  }
  if (closed_) return not_found();
  auto joined = is_main() ? store_.join(final_upload) : store_.join(stamped(final_upload));
  if (!joined) {
    tell(final_upload.id, joined.error());
    return joined;
  }
  // The work may be done after the lane was closed, so it refers to nothing of this object.
  const auto told = [notify = notify_, id = final_upload.id, lane = lane_](StoreResult<void> done) {
    if (!done && notify && is_failure(done.error())) notify(notice_of(lane, id, done.error()));
    return done;
  };
  auto whole = std::make_shared<Upload>(final_upload);
  whole->offset = Bytes{0};
  for (const auto& part : final_upload.parts) whole->offset += uploads_->offset(part);
  whole->length = whole->offset;
  return Join{[work = std::move(joined->work), told] { return told(work()); },
              [commit = std::move(joined->commit), told, whole, lane = lane_, &index = index_,
               uploads = uploads_] {
                auto committed = told(commit());
                if (!committed) return committed;
                index.add(whole->id, lane);
                uploads->put(*whole);
                return committed;
              }};
}

// ---- what is kept of it

/// As the store says; for when it is not clear what became of a call.
void LaneStore::look_at(std::string_view id) {
  if (hidden(id)) return;
  const auto upload = store_.find(id);
  if (upload && upload->lane == lane_) return uploads_->put(*upload);
  if (upload || upload.error().kind == StoreError::Kind::not_found) uploads_->remove(id);
}

void LaneStore::failed(std::string_view id, const StoreError& error) {
  tell(id, error);
  look_at(id);
}

StoreResult<void> LaneStore::start() {
  const auto ids = list();
  if (!ids) return tl::unexpected(ids.error());
  for (const auto& id : *ids) uploads_->name(id);
  started_ = true;
  return {};
}

std::string LaneStore::look_at_some(const std::string& after, std::size_t most) {
  if (closed_) return {};
  const auto ids = uploads_->ids_after(after, most);
  for (const auto& id : ids)
    if (uploads_->only_named(id)) look_at(id);
  return ids.size() < most ? std::string{} : ids.back();
}

void LaneStore::condemn() { uploads_->condemn(); }

std::optional<Upload> LaneStore::remove_condemned(const std::string& id) {
  auto upload = store_.find(id);
  const auto removed = store_.remove(id);
  if (removed || removed.error().kind == StoreError::Kind::not_found) {
    forget(id);
    return removed && upload ? std::optional(*std::move(upload)) : std::nullopt;
  }
  tell(id, removed.error());
  // Its name is enough for the next reset to try again.
  if (upload)
    uploads_->put(*upload);
  else
    uploads_->name(id);
  return std::nullopt;
}

}  // namespace mock
