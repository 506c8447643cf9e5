#include "lane/lane_uploads.hpp"

#include <algorithm>

namespace mock {

LaneUploads::Entry* LaneUploads::find(std::string_view id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

LaneUploads::Entry& LaneUploads::named(const std::string& id) {
  const auto [entry, added] = entries_.try_emplace(id);
  if (added) {
    sorted_.insert(entry->first);
    if (!condemned_.empty()) condemned_.erase(id);
  }
  return entry->second;
}

// ---- counting

void LaneUploads::count_in(const Entry& entry) {
  if (!entry.known) return;
  if (entry.complete()) {
    ++complete_;
    return;
  }
  ++unfinished_.of(entry);
  if (!entry.expires) return;
  expiring_.insert({*entry.expires, &entry});
  if (*entry.expires <= told_) ++expired_.of(entry);
}

void LaneUploads::count_out(const Entry& entry) {
  if (!entry.known) return;
  if (entry.complete()) {
    --complete_;
    return;
  }
  --unfinished_.of(entry);
  if (!entry.expires) return;
  expiring_.erase({*entry.expires, &entry});
  if (*entry.expires <= told_) --expired_.of(entry);
}

ServerMetrics::Uploads LaneUploads::counts(TimePoint now) {
  const auto until = [this](TimePoint time) {
    return expiring_.lower_bound({time + TimePoint::duration{1}, nullptr});
  };
  // The clock of a lane goes back as well.
  for (auto one = until(std::min(told_, now)); one != until(std::max(told_, now)); ++one) {
    auto& count = expired_.of(*one->second);
    if (now > told_)
      ++count;
    else
      --count;
  }
  told_ = now;
  return {unfinished_.without - expired_.without, unfinished_.with - expired_.with, complete_,
          expired_.without + expired_.with};
}

// ---- what becomes of them

void LaneUploads::name(const std::string& id) { named(id); }

void LaneUploads::put(const Upload& upload) {
  auto& entry = named(upload.id);
  count_out(entry);
  entry = {true, upload.length, upload.offset, {}, upload.expires};
  count_in(entry);
}

void LaneUploads::describe(const Upload& upload) {
  auto* const entry = find(upload.id);
  if (entry == nullptr) return;
  count_out(*entry);
  entry->length = upload.length;
  entry->expires = upload.expires;
  count_in(*entry);
}

void LaneUploads::set_offset(Entry& entry, Bytes offset) {
  const bool same = entry.begun() == (offset > Bytes{0}) && !entry.complete() &&
                    (!entry.length || offset != *entry.length);
  if (!same) count_out(entry);
  entry.offset = offset;
  if (!same) count_in(entry);
}

void LaneUploads::ends_at(std::string_view id, Bytes end) {
  auto* const entry = find(id);
  if (entry == nullptr) return;
  if (entry->staged)
    entry->staged = end;
  else
    set_offset(*entry, end);
}

void LaneUploads::stage(std::string_view id) {
  auto* const entry = find(id);
  if (entry != nullptr && !entry->staged) entry->staged = entry->offset;
}

void LaneUploads::commit(std::string_view id) {
  auto* const entry = find(id);
  if (entry == nullptr || !entry->staged) return;
  set_offset(*entry, *entry->staged);
  entry->staged.reset();
}

void LaneUploads::truncate(std::string_view id, Bytes length) {
  auto* const entry = find(id);
  if (entry == nullptr) return;
  if (entry->staged) entry->staged = std::min(*entry->staged, length);
  set_offset(*entry, std::min(entry->offset, length));
}

void LaneUploads::roll_back(std::string_view id, Bytes length) {
  truncate(id, length);
  if (auto* const entry = find(id)) entry->staged.reset();
}

void LaneUploads::remove(std::string_view id) {
  if (const auto entry = entries_.find(id); entry != entries_.end()) {
    count_out(entry->second);
    sorted_.erase(entry->first);
    entries_.erase(entry);
  }
  if (condemned_.empty()) return;
  if (const auto entry = condemned_.find(id); entry != condemned_.end()) condemned_.erase(entry);
}

// ---- what is asked

bool LaneUploads::only_named(std::string_view id) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && !found->second.known;
}

Bytes LaneUploads::offset(std::string_view id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? Bytes{} : found->second.offset;
}

std::vector<std::string> LaneUploads::ids_after(std::string_view after, std::size_t most) const {
  std::vector<std::string> ids;
  for (auto id = sorted_.upper_bound(after); id != sorted_.end() && ids.size() < most; ++id)
    ids.emplace_back(*id);
  return ids;
}

void LaneUploads::condemn() {
  if (condemned_.empty())
    condemned_.swap(entries_);
  else
    condemned_.merge(entries_);
  entries_.clear();
  sorted_.clear();
  expiring_.clear();
  complete_ = 0;
  unfinished_ = {};
  expired_ = {};
}

}  // namespace mock
