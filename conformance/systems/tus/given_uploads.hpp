// Uploads that another API made (--upload-url), for the checks.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "protocol/units.hpp"

namespace conformance {

/// Each is given to one check. Thread-safe.
class GivenUploads {
 public:
  /// `url` is an upload of `length` bytes, at offset 0.
  void add(const std::string& url, Bytes length);
  /// An upload of that length that no check had; nullopt: there is none left.
  [[nodiscard]] std::optional<std::string> take(Bytes length);

 private:
  std::mutex mutex_;
  std::multimap<std::uint64_t, std::string> by_length_;
};

}  // namespace conformance
