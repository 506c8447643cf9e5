#include "verify/delivered_files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <span>
#include <system_error>
#include <utility>

#include "client/delivered.hpp"

namespace loadgen {

Result<DeliveredFiles> DeliveredFiles::scan(const std::filesystem::path& folder,
                                            const std::string& run_id) {
  DeliveredFiles files;
  const std::string prefix = fmt::format("dex-loadgen-{}-", run_id);
  constexpr std::size_t digits = 8;
  const auto keep = [&](const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    files.files_.emplace(name.substr(name.find(prefix), prefix.size() + digits), file);
    return true;
  };
  if (const auto read = client::each_delivered(folder, prefix, keep); !read) {
    return tl::unexpected(read.error());
  }
  return files;
}

std::vector<std::filesystem::path> DeliveredFiles::of(const std::string& name) const {
  std::vector<std::filesystem::path> list;
  const auto [from, to] = files_.equal_range(name.substr(0, name.rfind('.')));
  for (auto i = from; i != to; ++i) list.push_back(i->second);
  return list;
}

namespace {

/// nullopt: it was read as far as `stopped` let it.
std::optional<Cause> read(const std::filesystem::path& file, Comparison& comparison,
                          const std::function<bool()>& stopped) {
  std::vector<char> buffer(256U << 10U);
  std::ifstream in(file, std::ios::binary);
  while (in && !stopped()) {
    errno = 0;
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    comparison.add(std::as_bytes(std::span(buffer.data(), count)));
  }
  if (in.is_open() && !in.bad()) return std::nullopt;
  return Cause{"verify: a delivered file cannot be read",
               fmt::format("{}: {}", file.string(),
                           std::generic_category().message(errno != 0 ? errno : EIO))};
}

}  // namespace

Delivered compare(const std::vector<std::filesystem::path>& files, const Payload& payload,
                  const std::function<bool()>& stopped) {
  Delivered found;
  std::map<std::filesystem::path, std::filesystem::path> folders;
  for (const auto& file : files) {
    const auto [other, is_first] = folders.emplace(file.parent_path(), file);
    if (!is_first) {
      found.more_than_once =
          Cause{"verify: delivered more than once",
                fmt::format("as {} and {}", other->second.string(), file.string())};
    }
    Comparison comparison(payload);
    if (auto cause = read(file, comparison, stopped)) {
      found.not_seen = std::move(cause);
      continue;
    }
    if (stopped()) return {};
    if (auto damage = comparison.verdict()) {
      damage->cause.detail += " in " + file.string();
      found.damage = std::move(damage);
      return found;
    }
  }
  return found;
}

}  // namespace loadgen
