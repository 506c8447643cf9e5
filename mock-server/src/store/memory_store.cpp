// The stores without files: bytes in memory, or counted and dropped.
#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "store/stores.hpp"

namespace mock {

namespace {

using Kind = StoreError::Kind;

tl::unexpected<StoreError> failed(Kind kind, std::string detail) {
  return tl::unexpected(StoreError{kind, std::move(detail)});
}

/// A stretch of an upload. Its memory is only ever written behind what a Reader was told of, so a
/// Reader on another thread needs no lock.
struct Block {
  Block(std::size_t first, std::size_t size)
      : start(first), capacity(size), bytes(std::make_unique_for_overwrite<std::byte[]>(size)) {}
  std::size_t start;
  std::size_t capacity;
  std::unique_ptr<std::byte[]> bytes;
};
using Blocks = std::vector<std::shared_ptr<Block>>;

constexpr std::size_t smallest_block = 4U << 10U;
constexpr std::size_t largest_block = 1U << 20U;

/// Copies [at, at + n) out of `blocks`, which hold at least that much.
void copy_out(const Blocks& blocks, std::size_t at, std::byte* into, std::size_t n) {
  auto block = std::upper_bound(blocks.begin(), blocks.end(), at,
                                [](std::size_t pos, const auto& b) { return pos < b->start; });
  for (--block; n > 0; ++block) {
    const auto skip = at - (*block)->start;
    const auto now = std::min(n, (*block)->capacity - skip);
    std::memcpy(into, (*block)->bytes.get() + skip, now);
    into += now;
    at += now;
    n -= now;
  }
}

class MemoryReader : public Reader {
 public:
  MemoryReader(Blocks blocks, std::size_t size) : blocks_(std::move(blocks)), size_(size) {}

  Bytes size() const override { return Bytes{size_}; }

  StoreResult<std::size_t> read(Bytes at, std::span<std::byte> into) override {
    if (at.value >= size_) return std::size_t{0};
    const auto n = std::min<std::size_t>(into.size(), size_ - at.value);
    copy_out(blocks_, at.value, into.data(), n);
    return n;
  }

 private:
  Blocks blocks_;
  std::size_t size_;
};

using Counter = std::uint64_t;

/// Room that a final under way will need; given back unless it was used. Loop thread only, but it
/// may outlive the store.
class Reservation {
 public:
  Reservation(std::shared_ptr<Counter> used, std::uint64_t size)
      : used_(std::move(used)), size_(size) {
    *used_ += size_;
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() { *used_ -= size_; }
  void use() { size_ = 0; }

 private:
  std::shared_ptr<Counter> used_;
  std::uint64_t size_;
};

class MemoryStore : public Store {
 public:
  /// `limit` is nullopt for the store that keeps no bytes.
  MemoryStore(Loop& loop, std::optional<Bytes> limit) : loop_(loop), limit_(limit) {}

  [[nodiscard]] bool keeps_bytes() const override { return limit_.has_value(); }

  StoreResult<void> create(const Upload& upload) override {
    Entry entry{upload, {}, {}};
    entry.upload.offset = Bytes{0};
    if (!entries_.emplace(upload.id, std::move(entry)).second) {
      return failed(Kind::exists, "an upload of this id exists");
    }
    return {};
  }

  StoreResult<Upload> find(std::string_view id) override {
    const auto entry = entries_.find(id);
    if (entry == entries_.end()) return not_found();
    return entry->second.upload;
  }

  [[nodiscard]] const Upload* peek(std::string_view id) override {
    const auto entry = entries_.find(id);
    return entry != entries_.end() ? &entry->second.upload : nullptr;
  }

  StoreResult<void> update(const Upload& upload) override {
    const auto entry = entries_.find(upload.id);
    if (entry == entries_.end()) return not_found();
    auto& mine = entry->second.upload;
    const auto offset = mine.offset;
    const auto modified = mine.modified;
    mine = upload;
    mine.offset = offset;
    mine.modified = modified;
    return {};
  }

  StoreResult<Bytes> append(std::string_view id, Bytes at,
                            std::span<const std::byte> bytes) override {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return not_found();
    auto& entry = found->second;
    if (at != entry.end) return failed(Kind::wrong_offset, "not the end of the upload");
    auto n = bytes.size();
    if (limit_) {
      n = std::min<std::size_t>(n, limit_->value - *used_);
      if (n == 0 && !bytes.empty()) return failed(Kind::no_space, "the memory limit is reached");
      add(entry, bytes.first(n));
      *used_ += n;
    }
    entry.end += Bytes{n};
    if (!entry.staging) entry.upload.offset = entry.end;
    if (n > 0) entry.upload.modified = loop_.now();
    return entry.end;
  }

  StoreResult<void> stage(std::string_view id) override {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return not_found();
    found->second.staging = true;
    return {};
  }

  StoreResult<void> commit(std::string_view id) override {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return not_found();
    found->second.staging = false;
    found->second.upload.offset = found->second.end;
    return {};
  }

  StoreResult<void> truncate(std::string_view id, Bytes length) override {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return not_found();
    auto& entry = found->second;
    if (length >= entry.end) return {};
    if (limit_) cut(entry, length.value);
    entry.end = length;
    entry.upload.offset = std::min(entry.upload.offset, length);
    return {};
  }

  StoreResult<void> roll_back(std::string_view id, Bytes length) override {
    if (auto cut = truncate(id, length); !cut) return cut;
    return commit(id);
  }

  StoreResult<void> remove(std::string_view id) override {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return not_found();
    if (limit_) *used_ -= found->second.end.value;
    entries_.erase(found);
    return {};
  }

  StoreResult<void> withdraw(std::string_view id) override { return remove(id); }

  StoreResult<std::unique_ptr<Reader>> open(std::string_view id) override {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return not_found();
    if (!limit_) return failed(Kind::not_kept, "this store keeps no bytes");
    return std::make_unique<MemoryReader>(found->second.blocks, found->second.upload.offset.value);
  }

  StoreResult<std::vector<std::string>> list() override {
    std::vector<std::string> all;
    all.reserve(entries_.size());
    for (const auto& [id, entry] : entries_) all.push_back(id);
    return all;
  }

  StoreResult<Join> join(const Upload& final_upload) override {
    Bytes total;
    for (const auto& id : final_upload.parts) {
      const auto part = entries_.find(id);
      if (part == entries_.end()) return failed(Kind::not_found, "a part does not exist");
      const auto size = part->second.upload.offset;
      if (size > largest_upload - total) return failed(Kind::no_space, "the sum of the parts");
      total += size;
    }
    if (!limit_) {
      return Join{[]() -> StoreResult<void> { return {}; },
                  [this, upload = final_upload, total] { return add_final(upload, total, {}); }};
    }
    if (total.value > limit_->value - *used_) {
      return failed(Kind::no_space, "the memory limit is reached");
    }
    struct Staged {
      Staged(std::shared_ptr<Counter> used, Bytes size) : room(std::move(used), size.value) {}
      std::vector<MemoryReader> parts;
      Blocks blocks;
      Reservation room;
    };
    auto staged = std::make_shared<Staged>(used_, total);
    for (const auto& id : final_upload.parts) {
      const auto& part = entries_.find(id)->second;
      staged->parts.emplace_back(part.blocks, part.upload.offset.value);
    }
    return Join{[staged, total]() -> StoreResult<void> {
                  if (total == Bytes{0}) return {};
                  auto whole = std::make_shared<Block>(0, total.value);
                  std::size_t at = 0;
                  for (auto& part : staged->parts) {
                    at +=
                        *part.read(Bytes{0}, std::span(whole->bytes.get() + at, part.size().value));
                  }
                  staged->blocks.push_back(std::move(whole));
                  return {};
                },
                [this, staged, upload = final_upload, total] {
                  auto added = add_final(upload, total, staged->blocks);
                  if (added) staged->room.use();
                  return added;
                }};
  }

 private:
  struct Entry {
    Upload upload;
    Blocks blocks;
    Bytes end;  ///< of the bytes, staged ones included
    bool staging = false;
  };

  static tl::unexpected<StoreError> not_found() {
    return failed(Kind::not_found, "no upload of this id");
  }

  static void add(Entry& entry, std::span<const std::byte> bytes) {
    auto size = entry.end.value;
    while (!bytes.empty()) {
      if (entry.blocks.empty() ||
          size == entry.blocks.back()->start + entry.blocks.back()->capacity) {
        auto capacity = std::clamp<std::size_t>(size, smallest_block, largest_block);
        const auto& length = entry.upload.length;
        if (length && length->value > size)
          capacity = std::min<std::size_t>(capacity, length->value - size);
        entry.blocks.push_back(std::make_shared<Block>(size, capacity));
      }
      auto& last = *entry.blocks.back();
      const auto used = size - last.start;
      const auto n = std::min(bytes.size(), last.capacity - used);
      std::memcpy(last.bytes.get() + used, bytes.data(), n);
      size += n;
      bytes = bytes.subspan(n);
    }
  }

  void cut(Entry& entry, std::size_t length) {
    *used_ -= entry.end.value - length;
    auto& blocks = entry.blocks;
    while (!blocks.empty() && blocks.back()->start >= length) blocks.pop_back();
    if (blocks.empty()) return;
    // What is cut off may still be read elsewhere, and will be written again here.
    const auto& old = *blocks.back();
    auto fresh = std::make_shared<Block>(old.start, old.capacity);
    std::memcpy(fresh->bytes.get(), old.bytes.get(), std::min(old.capacity, length - old.start));
    blocks.back() = std::move(fresh);
  }

  StoreResult<void> add_final(const Upload& upload, Bytes total, const Blocks& blocks) {
    Entry entry{upload, blocks, total};
    entry.upload.length = total;
    entry.upload.offset = total;
    entry.upload.modified = loop_.now();
    const auto [place, fresh] = entries_.try_emplace(upload.id);
    if (!fresh && !place->second.upload.awaits_parts()) {
      return failed(Kind::exists, "an upload of this id exists");
    }
    place->second = std::move(entry);
    return {};
  }

  Loop& loop_;
  std::optional<Bytes> limit_;
  std::shared_ptr<Counter> used_ = std::make_shared<Counter>(0);
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };
  // Not ordered: comparing long ids that begin alike took a tenth of the time of a small upload.
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(Loop& loop, Bytes limit) {
  return std::make_unique<MemoryStore>(loop, limit);
}

std::unique_ptr<Store> make_discard_store(Loop& loop) {
  return std::make_unique<MemoryStore>(loop, std::nullopt);
}

}  // namespace mock
