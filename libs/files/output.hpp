// What a program writes for others: reports, and its standard output.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace files {

/// Replaces the regular file `file`, or makes it: written beside it under a name of its own, then
/// renamed (decision 14). On any failure, and when the process dies, the former file is as it was.
/// Keeps the former file's mode, and its owner where that is allowed; follows symbolic links. Where
/// no file can take the place of `file` - its folder is closed to us, or it is a mount point - it
/// is written in place. An Error names the file and the reason; `flag` is its beginning. Any
/// thread.
[[nodiscard]] Result<void> replace(const std::string& flag, const std::filesystem::path& file,
                                   std::string_view content);

/// Content that is too large to hold in memory: a function that passes its pieces to `put`, in
/// order. It may be called again, and then starts from the beginning.
using Pieces = std::function<void(const std::function<void(std::string_view)>& put)>;
[[nodiscard]] Result<void> replace(const std::string& flag, const std::filesystem::path& file,
                                   const Pieces& content);

/// A report: asked for before the work, written after it. Move-only; not thread-safe.
class Output {
 public:
  /// Finds out whether `path` can be written, and leaves what is there as it is. What is no regular
  /// file (a device, a pipe, /dev/stdout, /dev/fd/N) is opened and stays open. An empty path makes
  /// an object that writes nothing.
  [[nodiscard]] static Result<Output> open(const std::string& flag, const std::string& path);
  Output(Output&& other) noexcept;
  Output& operator=(Output&& other) noexcept;
  ~Output();

  [[nodiscard]] bool wanted() const { return !path_.empty(); }
  /// Writes a regular file as `replace` does, anything else directly, after what the program has
  /// printed. To be called once.
  [[nodiscard]] Result<void> write(std::string_view text);

 private:
  Output() = default;
  std::string flag_, path_;
  int fd_ = -1;  ///< of what is no regular file
};

/// Flushes standard output. False, after one line on standard error that begins with `program`,
/// when anything that was printed since the start could not be written (a full device, a closed
/// pipe).
[[nodiscard]] bool finish_standard_output(std::string_view program);

}  // namespace files
