// What /info tells of an upload, as far as a partner has to know it. Texts of the service are not
// kept: they may contain bytes of the file, which it has by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conformance::onboard {

struct InfoTold {
  bool complete = false;
  std::optional<std::uint64_t> size;
  std::size_t targets = 0;  ///< that it was, or was to be, delivered to
  std::size_t failed = 0;   ///< of them
  [[nodiscard]] bool delivered() const { return targets > 0 && failed == 0; }
};
/// Reads the names of the service or of the guide. Of several attempts at one target the best
/// counts. A body that is no such document gives the defaults.
[[nodiscard]] InfoTold read_info(std::string_view body);

/// Whether a file of that upload below `folder` has these bytes; nullopt: there is no file.
[[nodiscard]] std::optional<bool> delivered_equals_file(const std::string& folder,
                                                        const std::string& id,
                                                        std::string_view bytes);

}  // namespace conformance::onboard
