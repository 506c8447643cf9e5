#include "store/join_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mock {

namespace {

constexpr std::size_t buffer_size = 1U << 20U;

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
  if (present_) ::unlink(staged_.c_str());
}

void StagedJoin::add(posix::Fd part, Bytes size) {
  parts_.push_back({std::move(part), size});
  total_ += size;
}

StoreResult<void> StagedJoin::copy(bool fsync) {
  auto out = posix::open_file(staged_, O_WRONLY | O_CREAT | O_TRUNC);
  if (!out) return tl::unexpected(out.error());
  present_ = true;
  std::vector<std::byte> buffer;
  std::size_t at = 0;
  for (const auto& part : parts_) {
    auto copied = copy_part(part.fd.get(), out->get(), at, part.size.value, buffer);
    if (!copied) return copied;
    at += part.size.value;
  }
  if (fsync && ::fdatasync(out->get()) != 0) {
    return tl::unexpected(posix::error_from("fdatasync", errno));
  }
  return {};
}

StoreResult<void> StagedJoin::release(const std::filesystem::path& name) {
  auto renamed = posix::rename_file(staged_, name);
  if (renamed) present_ = false;
  return renamed;
}

}  // namespace mock
