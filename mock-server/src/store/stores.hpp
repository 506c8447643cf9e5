// The stores there are: --store DIR | memory | discard.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "store/store.hpp"

namespace mock {

struct DiskStoreOptions {
  std::filesystem::path folder;  ///< created when it does not exist
  bool fsync = false;            ///< survive a power cut, not only a kill
  /// Called with one line for the log for every damaged .info that was set aside, for what cannot
  /// be undone yet, and when the folder is gone.
  std::function<void(std::string_view)> on_damage;
  /// Of the systems whose uploads it may hold. Uploads of other systems are kept as they are, and
  /// are told of in one line.
  AttributeSchemas schemas = {};
};
/// The file store layout of tusd and DEX: `<id>`, `<id>.info` (info_file.hpp). An Error names the
/// folder and why it cannot be used.
[[nodiscard]] Result<std::unique_ptr<Store>> make_disk_store(DiskStoreOptions options, Loop& loop);
/// Keeps bytes in memory, up to `limit` in all.
[[nodiscard]] std::unique_ptr<Store> make_memory_store(Loop& loop, Bytes limit);
/// Counts bytes and drops them; offsets and attributes are kept.
[[nodiscard]] std::unique_ptr<Store> make_discard_store(Loop& loop);

}  // namespace mock
