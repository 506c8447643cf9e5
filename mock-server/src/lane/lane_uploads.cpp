#include "lane/lane_uploads.hpp"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>

namespace mock {
namespace {

/// Orders as the texts do, as far as their first eight bytes tell.
std::uint64_t head_of(std::string_view text) {
  std::array<char, sizeof(std::uint64_t)> first{};
  text.copy(first.data(), first.size());
  return boost::endian::load_big_u64(reinterpret_cast<const unsigned char*>(first.data()));
}

}  // namespace

LaneUploads::Entry* LaneUploads::find(std::string_view id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

LaneUploads::Entry& LaneUploads::named(const std::string& id) {
  const auto [at, added] = entries_.try_emplace(id);
  auto& entry = at->second;
  if (added) {
    entry.id = at->first;
    entry.head = head_of(entry.id);
    sorted_.insert(entry);
    if (!condemned_.empty()) condemned_.erase(id);
  }
  return entry;
}

// ---- counting

void LaneUploads::count_in(Entry& entry) {
  if (!entry.known) return;
  if (entry.complete()) {
    ++complete_;
    return;
  }
  ++unfinished_.of(entry);
  if (!entry.expires) return;
  // It is mostly the last to expire.
  expiring_.insert(expiring_.end(), entry);
  if (*entry.expires <= told_) ++expired_.of(entry);
}

void LaneUploads::count_out(Entry& entry) {
  if (!entry.known) return;
  if (entry.complete()) {
    --complete_;
    return;
  }
  --unfinished_.of(entry);
  if (!entry.expires) return;
  expiring_.erase(expiring_.iterator_to(entry));
  if (*entry.expires <= told_) --expired_.of(entry);
}

ServerMetrics::Uploads LaneUploads::counts(TimePoint now) {
  const auto until = [this](TimePoint time) {
    return expiring_.lower_bound(time + TimePoint::duration{1}, ByExpiry{});
  };
  // The clock of a lane may also go back.
  for (auto one = until(std::min(told_, now)); one != until(std::max(told_, now)); ++one) {
    auto& count = expired_.of(*one);
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

void LaneUploads::put(const Upload& upload, Bytes offset) {
  auto& entry = named(upload.id);
  count_out(entry);
  entry.known = true;
  entry.length = upload.length;
  entry.offset = offset;
  entry.staged.reset();
  entry.expires = upload.expires;
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
    sorted_.erase(sorted_.iterator_to(entry->second));
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
  auto entry = sorted_.upper_bound(after, ById{});
  for (; entry != sorted_.end() && ids.size() < most; ++entry) ids.emplace_back(entry->id);
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
