#include "merge/shard_rows.hpp"

#include <fmt/format.h>

#include <string_view>

#include "report/seconds_csv.hpp"
#include "report/uploads_csv.hpp"

namespace loadgen {
namespace {

constexpr std::size_t longest_line = 1U << 20U;

std::string place(const std::string& name, std::uint64_t line) {
  return fmt::format("{}: line {}", name, line);
}

/// The next line, without CRLF; nullopt: the file is over. A file that was cut short ends without.
Result<std::optional<std::string>> line_of(std::ifstream& in, const std::string& name,
                                           std::uint64_t number) {
  std::string line;
  for (int c = in.get(); c != std::ifstream::traits_type::eof(); c = in.get()) {
    if (c == '\n') {
      if (!line.ends_with('\r')) return failure(place(name, number), "does not end with CRLF");
      line.pop_back();
      return std::optional(std::move(line));
    }
    if (line.size() == longest_line) return failure(place(name, number), "is too long");
    line += static_cast<char>(c);
  }
  if (in.bad()) return failure(name, "cannot be read");
  if (!line.empty()) return failure(place(name, number), "is torn: the file was cut short");
  return std::optional<std::string>();
}

Result<void> check_head(std::ifstream& in, const std::string& name, std::string_view head) {
  if (!in.is_open()) return failure(name, "cannot be read");
  const auto line = line_of(in, name, 1);
  if (!line) return tl::unexpected(line.error());
  if (!*line || **line + "\r\n" != head) {
    return failure(place(name, 1), "these are not the columns of this run and this version");
  }
  return {};
}

}  // namespace

ShardUploads::ShardUploads(const ShardFile& shard, const Roster& whose, Duration later)
    : shard_(shard),
      roster_(whose),
      later_(later),
      name_((shard.folder / "uploads.csv").string()),
      in_(name_, std::ios::binary) {}

Result<std::optional<UploadResult>> ShardUploads::next() {
  if (line_ == 0) {
    if (const auto good = check_head(in_, name_, uploads_csv_head()); !good) {
      return tl::unexpected(good.error());
    }
    line_ = 1;
  }
  const auto line = line_of(in_, name_, ++line_);
  if (!line) return tl::unexpected(line.error());
  if (!*line) return std::optional<UploadResult>();
  const auto refuse = [&](std::string what) {
    return failure(place(name_, line_), std::move(what));
  };
  auto upload = read_uploads_csv_line(**line, Time{} + later_);
  if (!upload) return refuse(upload.error().what);
  if (former_ && upload->index <= *former_) {
    return refuse(fmt::format("upload {} stands behind {}", upload->index, *former_));
  }
  former_ = upload->index;
  const auto found = roster_.place_of(upload->index);
  if (!found || !roster_.has(found->stream, found->who.in_group)) {
    return refuse(
        fmt::format("upload {} is none of shard {}", upload->index, to_string(shard_.shard)));
  }
  if (upload->size != roster_.size_of(found->who, found->file)) {
    return refuse(fmt::format("upload {} has another size in this scenario", upload->index));
  }
  upload->group = static_cast<std::uint32_t>(found->who.group);
  upload->phase = static_cast<std::uint32_t>(roster_.phase_at(upload->intended - Time{} - later_));
  return std::optional(*std::move(upload));
}

Result<std::vector<Second>> seconds_of(const ShardFile& shard) {
  const auto name = (shard.folder / "seconds.csv").string();
  std::ifstream in(name, std::ios::binary);
  if (const auto good = check_head(in, name, seconds_csv_head(*shard.scenario)); !good) {
    return tl::unexpected(good.error());
  }
  std::vector<Second> all;
  for (std::uint64_t number = 2;; ++number) {
    const auto line = line_of(in, name, number);
    if (!line) return tl::unexpected(line.error());
    if (!*line) {
      if (shard.load_seconds <= (all.empty() ? 0 : all.back().number)) return all;
      return failure(name, fmt::format("is torn: there were {} seconds", shard.load_seconds));
    }
    auto second = read_seconds_csv_line(**line, *shard.scenario);
    if (!second) return failure(place(name, number), second.error().what);
    if (second->number <= (all.empty() ? 0 : all.back().number)) {
      return failure(place(name, number), "its second is not behind the one before");
    }
    all.push_back(*std::move(second));
  }
}

}  // namespace loadgen
