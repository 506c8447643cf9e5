// The `.info` document beside an upload's bytes: tusd's FileInfo. What that cannot hold is in one
// more member, "DexMock", which other servers ignore: the system's name, unless it is tus, and
// whatever else that system knows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "store/store.hpp"

namespace mock {

/// `data` and `info` are where the two files are: tusd finds the bytes by them. Members of
/// `former`, the document that this one replaces, that the mock knows nothing of are kept: another
/// server may want them back.
[[nodiscard]] std::string format_info(const Upload& upload, const std::filesystem::path& data,
                                      const std::filesystem::path& info,
                                      std::string_view former = {});

/// An Error when `text` is not a whole document of an upload called `id`. `offset` is as the
/// document says; without "DexMock" (written by tusd or DEX) the dates are left at their epoch. The
/// attributes are read by the schema of the system that the document names. If `schemas` lack it,
/// they are opaque, and written back as they are.
[[nodiscard]] Result<Upload> parse_info(std::string_view text, std::string_view id,
                                        const AttributeSchemas& schemas);
/// The system of an upload that `parse_info` had no schema for; nullopt: it had.
[[nodiscard]] std::optional<std::string_view> foreign_system(const Upload& upload);

}  // namespace mock
