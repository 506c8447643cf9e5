// Files of the user's own, in place of those that are made.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace loadgen {

/// A file as it was when the run began. It is opened for each read, and must be the same file with
/// the same size and time of change: an upload never mixes bytes of two versions. Thread-safe.
class OwnFile {
 public:
  /// An Error names what is no regular file, or cannot be read.
  static Result<void> add(const std::string& path, std::deque<OwnFile>& to);
  struct Stamp {
    std::uint64_t device = 0, number = 0, size = 0;
    std::int64_t changed_s = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  OwnFile(std::string path, Stamp stamp) : path_(std::move(path)), stamp_(stamp) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Bytes size() const { return Bytes{stamp_.size}; }
  /// The extension of its name, if that says what a file is ("csv", "fastq.gz"), or else "bin".
  [[nodiscard]] std::string extension() const;
  /// As Payload::read; 0 once the file has changed.
  [[nodiscard]] std::size_t read(Bytes at, std::span<std::byte> into) const;
  /// What was found wrong with it since the run began, as in "changed while the run went on";
  /// empty: nothing.
  [[nodiscard]] std::string trouble() const;

 private:
  std::string path_;
  Stamp stamp_;
  mutable std::atomic<int> trouble_{0};  ///< errno of reading it; -1: it is another one
};

/// Thread-safe; what is told of its files goes to the terminal only, never into a report.
class OwnFiles {
 public:
  /// `path` is a file or a folder. In a folder, subfolders and files whose names begin with a dot
  /// do not count.
  [[nodiscard]] static Result<std::shared_ptr<const OwnFiles>> open(const std::string& path);

  /// A pure function: the file that an upload sends.
  [[nodiscard]] const OwnFile& drawn(std::uint64_t seed, std::uint64_t upload) const;
  [[nodiscard]] std::size_t count() const { return files_.size(); }
  /// A line for each file that has changed.
  [[nodiscard]] std::vector<Error> troubles() const;

 private:
  std::deque<OwnFile> files_;  ///< by name
};

}  // namespace loadgen
