#include "store/unverified.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

namespace mock {

namespace {

using State = Unverified::Entry::State;
using Kind = StoreError::Kind;

std::string border_of(std::string_view id) { return std::string(id) + ".unverified"; }

bool missing(const StoreError& error) { return error.kind == Kind::not_found; }

}  // namespace

Unverified::Entry* Unverified::find(std::string_view id) {
  if (entries_.empty()) return nullptr;
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

StoreResult<void> Unverified::stage(std::string_view id, Bytes from) {
  auto& entry = entries_[std::string(id)];
  entry = Entry{State::staged, from, from};
  auto recorded = write_border(id, from);
  if (!recorded) {
    // The border may be there all the same, and if it stayed, it would cost bytes at a restart.
    entry.state = State::undo;
    std::ignore = settle(id);
  }
  return recorded;
}

StoreResult<void> Unverified::accept(std::string_view id) {
  auto* entry = find(id);
  if (entry == nullptr) return {};
  if (auto removed = remove_border(id); !removed) return removed;
  entry->recorded = false;
  if (fsync_) {
    if (auto synced = folder_.sync(); !synced) {
      entry->state = State::undo;
      return synced;
    }
  }
  entries_.erase(entries_.find(id));
  return {};
}

void Unverified::give_up(std::string_view id, Bytes from) {
  const auto [at, fresh] = entries_.try_emplace(std::string(id));
  auto& entry = at->second;
  if (entry.state == State::unread) return;
  if (fresh) {
    // How much is behind `from`, only the file knows.
    entry = Entry{State::undo, from, Bytes{std::numeric_limits<std::uint64_t>::max()}, false};
  }
  entry.state = State::undo;
  entry.from = std::min(entry.from, from);
}

void Unverified::forget(std::string_view id) {
  auto* entry = find(id);
  if (entry == nullptr) return;
  entry->state = State::stale;
  std::ignore = settle(id);
}

void Unverified::found(std::string_view id) { entries_[std::string(id)] = {State::unread, {}, {}}; }

StoreResult<void> Unverified::settle(std::string_view id) {
  auto* entry = find(id);
  if (entry == nullptr || !entry->owed()) return {};
  if (entry->state == State::unread) {
    if (auto read = read_border(id, *entry); !read) {
      if (read.error().kind == Kind::damaged) entries_.erase(entries_.find(id));
      return read;
    }
  }
  if (entry->state == State::undo) {
    if (auto done = cut(id, *entry); !done) return done;
    entry->end = entry->from;
  }
  // Also a border of which it is not certain that it was written.
  if (auto removed = remove_border(id); !removed) return removed;
  entries_.erase(entries_.find(id));
  return {};
}

StoreResult<void> Unverified::read_border(std::string_view id, Entry& entry) const {
  const auto text = folder_.read_text(border_of(id));
  if (!text && !missing(text.error())) return tl::unexpected(text.error());
  if (!text) {
    entry.state = State::stale;
    return {};
  }
  std::uint64_t offset = 0;
  const auto* const end = text->data() + text->size();
  const auto [last, error] = std::from_chars(text->data(), end, offset);
  if (error != std::errc{} || last != end || offset > largest_upload.value) {
    return tl::unexpected(
        StoreError{Kind::damaged, "its .unverified does not say where verified bytes end"});
  }
  entry = Entry{State::undo, Bytes{offset}, Bytes{std::numeric_limits<std::uint64_t>::max()}};
  return {};
}

StoreResult<void> Unverified::cut(std::string_view id, Entry& entry) const {
  if (entry.end <= entry.from) return {};
  auto done = folder_.open_file(std::string(id), O_WRONLY).and_then([&](const posix::Fd& fd) {
    auto cut = posix::cut(fd.get(), entry.from.value);
    // The bytes go for good before the border does: without it they would count.
    return cut && fsync_ ? posix::sync_data(fd.get()) : cut;
  });
  if (done || missing(done.error())) return {};
  // A kill must not make them count either, if that can be helped.
  if (!entry.recorded) entry.recorded = write_border(id, entry.from).has_value();
  return done;
}

StoreResult<void> Unverified::write_border(std::string_view id, Bytes from) const {
  auto written = folder_.replace_text(border_of(id), std::to_string(from.value), fsync_);
  return written && fsync_ ? folder_.sync() : written;
}

StoreResult<void> Unverified::remove_border(std::string_view id) const {
  auto removed = folder_.remove(border_of(id));
  if (!removed && missing(removed.error())) return {};
  return removed;
}

}  // namespace mock
