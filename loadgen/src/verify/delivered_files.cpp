#include "verify/delivered_files.hpp"

#include <fmt/format.h>

#include <fstream>
#include <span>

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

std::optional<Damage> compare(const std::filesystem::path& file, const Payload& payload,
                              const std::function<bool()>& stopped) {
  std::vector<char> buffer(256U << 10U);
  Comparison comparison(payload);
  std::ifstream in(file, std::ios::binary);
  while (in) {
    if (stopped()) return std::nullopt;
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    comparison.add(std::as_bytes(std::span(buffer.data(), count)));
  }
  auto damage = comparison.verdict();
  if (damage) damage->cause.detail += " in " + file.string();
  return damage;
}

}  // namespace loadgen
