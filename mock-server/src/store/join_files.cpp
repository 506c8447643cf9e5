#include "store/join_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mock {

namespace {

constexpr std::size_t buffer_size = 1U << 20U;
// A final may have more parts than there are descriptors to spare.
constexpr std::size_t open_parts = 32;

/// copy_file_range(2) where the file system has it, which may share the blocks instead of copying;
/// otherwise through `buffer`.
StoreResult<void> copy_part(int from, int to, std::size_t at, std::size_t size,
                            std::vector<std::byte>& buffer) {
  loff_t read_at = 0;
  auto write_at = static_cast<loff_t>(at);
  while (static_cast<std::size_t>(read_at) < size) {
    const auto n = ::copy_file_range(from, &read_at, to, &write_at,
                                     size - static_cast<std::size_t>(read_at), 0);
    if (n > 0 || (n < 0 && errno == EINTR)) continue;
    if (n == 0 || errno == ENOSYS || errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP) {
      break;
    }
    return tl::unexpected(posix::error_from("copy_file_range", errno));
  }
  buffer.resize(buffer_size);
  auto done = static_cast<std::size_t>(read_at);
  while (done < size) {
    const auto want = std::min(buffer_size, size - done);
    auto n = posix::read_at(from, done, std::span(buffer).first(want));
    if (!n) return tl::unexpected(n.error());
    if (*n == 0) return tl::unexpected(StoreError{StoreError::Kind::io, "a part became shorter"});
    auto written = posix::write_at(to, at + done, std::span(buffer).first(*n));
    if (!written) return tl::unexpected(written.error());
    if (*written < *n) return tl::unexpected(posix::error_from("write", ENOSPC));
    done += *n;
  }
  return {};
}

}  // namespace

StagedJoin::~StagedJoin() {
  // A staged file that stays goes when the final is joined again, or at the next start.
  if (present_) std::ignore = folder_->remove(staged_);
}

StoreResult<void> StagedJoin::add(const std::string& part, Bytes size) {
  if (size > largest_upload - total_) {
    return tl::unexpected(StoreError{StoreError::Kind::no_space, "the sum of the parts"});
  }
  if (open_.size() < open_parts && !open_.contains(part)) {
    auto fd = folder_->open_file(part, O_RDONLY);
    if (!fd) return tl::unexpected(fd.error());
    open_.emplace(part, std::move(*fd));
  }
  parts_.push_back({part, size});
  total_ += size;
  return {};
}

StoreResult<void> StagedJoin::copy(bool fsync) {
  auto out = folder_->open_file(staged_, O_WRONLY | O_CREAT | O_TRUNC);
  if (!out) return tl::unexpected(out.error());
  present_ = true;
  std::vector<std::byte> buffer;
  std::size_t at = 0;
  for (const auto& part : parts_) {
    if (auto copied = copy(part, out->get(), at, buffer); !copied) return copied;
    at += part.size.value;
  }
  return fsync ? posix::sync_data(out->get()) : StoreResult<void>{};
}

StoreResult<void> StagedJoin::copy(const Part& part, int to, std::size_t at,
                                   std::vector<std::byte>& buffer) {
  if (const auto open = open_.find(part.name); open != open_.end()) {
    return copy_part(open->second.get(), to, at, part.size.value, buffer);
  }
  auto fd = folder_->open_file(part.name, O_RDONLY);
  if (!fd) return tl::unexpected(fd.error());
  return copy_part(fd->get(), to, at, part.size.value, buffer);
}

StoreResult<void> StagedJoin::release(const std::string& name) {
  auto renamed = folder_->rename(staged_, name);
  if (renamed) present_ = false;
  return renamed;
}

}  // namespace mock
