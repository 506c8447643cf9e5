// Data files that are part of a program, so that an installed one needs no fixtures.
#pragma once

#include <string_view>

/// One of the files that `dex_embed` (cmake/embed.cmake) compiled in. Lives as long as the program.
struct EmbeddedFile {
  std::string_view path;  ///< below fixtures/: "networks/flaky.json"
  std::string_view text;

  /// "flaky", "tusd-2.10": the name of the file without its last extension.
  [[nodiscard]] constexpr std::string_view stem() const {
    const auto name = path.substr(path.rfind('/') + 1);
    return name.substr(0, name.rfind('.'));
  }
};
