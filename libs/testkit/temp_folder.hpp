// A folder that lives as long as its object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace testkit {

/// Made below $TMPDIR (or /tmp) with a name of its own; removed with all it holds. Move-only.
class TempFolder {
 public:
  TempFolder();
  TempFolder(TempFolder&& other) noexcept;
  TempFolder& operator=(TempFolder&& other) noexcept;
  ~TempFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file below it (parent folders are made) and returns its path.
  std::string write(const std::filesystem::path& name, std::string_view text) const;
  /// Reads a file below it; throws when it is not there.
  [[nodiscard]] std::string read(const std::filesystem::path& name) const;

 private:
  void remove() noexcept;
  std::filesystem::path path_;
};

/// A whole file; throws when it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace testkit
