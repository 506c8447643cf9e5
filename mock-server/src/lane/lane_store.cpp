#include "lane/lane_store.hpp"

#include <algorithm>
#include <utility>

namespace mock {
namespace {

tl::unexpected<StoreError> not_found() {
  return tl::unexpected(StoreError{StoreError::Kind::not_found, "no upload of this id"});
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
  if (closed_) return not_found();
  if (is_main() && index_.empty()) return {};
  const auto upload = find(id);
  if (!upload) return tl::unexpected(upload.error());
  return {};
}

StoreResult<void> LaneStore::create(const Upload& upload) {
  if (closed_) return not_found();
  if (is_main()) return store_.create(upload);
  auto made = store_.create(stamped(upload));
  if (made) index_.add(upload.id, lane_);
  return made;
}

StoreResult<Upload> LaneStore::find(std::string_view id) {
  if (closed_) return not_found();
  auto upload = store_.find(id);
  if (!upload) return upload;
  if (upload->lane != lane_) return not_found();
  if (!written_.empty()) {
    if (const auto at = written_.find(id); at != written_.end()) upload->modified = at->second;
  }
  return upload;
}

StoreResult<void> LaneStore::update(const Upload& upload) {
  if (closed_) return not_found();
  return is_main() ? store_.update(upload) : store_.update(stamped(upload));
}

StoreResult<Bytes> LaneStore::append(std::string_view id, Bytes at,
                                     std::span<const std::byte> bytes) {
  if (closed_) return not_found();
  auto appended = store_.append(id, at, bytes);
  if (appended && (!written_.empty() || !clock_.is_real())) {
    written_.insert_or_assign(std::string(id), clock_.now());
  }
  return appended;
}

StoreResult<void> LaneStore::stage(std::string_view id) {
  if (closed_) return not_found();
  return store_.stage(id);
}

StoreResult<void> LaneStore::commit(std::string_view id) {
  if (closed_) return not_found();
  return store_.commit(id);
}

StoreResult<void> LaneStore::truncate(std::string_view id, Bytes length) {
  if (closed_) return not_found();
  return store_.truncate(id, length);
}

StoreResult<void> LaneStore::remove(std::string_view id) {
  if (auto mine = check(id); !mine) return mine;
  auto removed = store_.remove(id);
  if (removed) {
    index_.remove(id);
    if (const auto at = written_.find(id); at != written_.end()) written_.erase(at);
  }
  return removed;
}

StoreResult<std::unique_ptr<Reader>> LaneStore::open(std::string_view id) {
  if (auto mine = check(id); !mine) return tl::unexpected(mine.error());
  return store_.open(id);
}

std::vector<std::string> LaneStore::ids() const {
  if (closed_) return {};
  if (!is_main()) return index_.ids(lane_);
  auto all = store_.ids();
  if (!index_.empty()) {
    all.erase(std::remove_if(all.begin(), all.end(),
                             [this](const auto& id) { return index_.lane_of(id) != nullptr; }),
              all.end());
  }
  return all;
}

StoreResult<Store::Join> LaneStore::join(const Upload& final_upload) {
  for (const auto& part : final_upload.parts) {
    if (auto mine = check(part); !mine) return tl::unexpected(mine.error());
  }
  if (closed_) return not_found();
  if (is_main()) return store_.join(final_upload);
  auto joined = store_.join(stamped(final_upload));
  if (!joined) return joined;
  return Join{std::move(joined->work),
              [commit = std::move(joined->commit), id = final_upload.id, lane = lane_,
               &index = index_]() -> StoreResult<void> {
                auto committed = commit();
                if (committed) index.add(id, lane);
                return committed;
              }};
}

}  // namespace mock
