// Upload-Metadata (protocol.md, Headers/Upload-Metadata, with PRs #90 and #161).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace tus {

struct MetadataPair {
  std::string key;    ///< not empty, no space, no comma
  std::string value;  ///< decoded bytes; may be empty and need not be text
  bool bare = false;  ///< sent as "key" without the space: kept so that the bytes come back as sent
  bool operator==(const MetadataPair&) const = default;
};

/// The pairs in the order they came. Keys are unique. A value type.
class Metadata {
 public:
  Metadata() = default;

  [[nodiscard]] const std::vector<MetadataPair>& pairs() const { return pairs_; }
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;
  [[nodiscard]] bool empty() const { return pairs_.empty(); }
  /// Replaces the value in place, or appends a new pair. `key` must satisfy is_metadata_key. An
  /// empty value is written bare: a space at the end of a field does not survive HTTP.
  void set(std::string_view key, std::string value);
  /// Whether a pair of that key was there.
  bool remove(std::string_view key);
  bool operator==(const Metadata&) const = default;

 private:
  friend class MetadataParser;
  std::vector<MetadataPair> pairs_;
};

/// How much of a faulty header is forgiven.
enum class MetadataStrictness {
  strict,  ///< any faulty or duplicate pair is an Error that names it; space after a comma is taken
  lenient,  ///< as tusd: (ASCII) blanks around a pair and faulty pairs are dropped, the last of two
            ///< duplicates wins, keys may hold any byte but space and comma, and trailing Base64
            ///< bits are ignored
};

/// An empty header is no metadata in lenient form, and an Error in strict form.
[[nodiscard]] Result<Metadata> parse_metadata(std::string_view header,
                                              MetadataStrictness strictness);
/// The value of that key in the lenient form, without reading the other pairs; nullopt: there is
/// none.
[[nodiscard]] std::optional<std::string> find_metadata(std::string_view header,
                                                       std::string_view key);
/// "key base64,key2 base64": parse_metadata(format_metadata(m)) == m for every Metadata that is not
/// empty.
[[nodiscard]] std::string format_metadata(const Metadata& metadata);
/// Whether `key` may be sent: not empty, no space, comma or control character, ASCII.
[[nodiscard]] bool is_metadata_key(std::string_view key);

}  // namespace tus
