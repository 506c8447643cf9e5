#include "protocol/tus/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "protocol/base64.hpp"
#include "protocol/tus/headers.hpp"

namespace tus {
namespace {

std::string_view trim(std::string_view text, std::string_view blanks) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

template <class Pairs>
auto find_pair(Pairs& pairs, std::string_view key) {
  return std::find_if(pairs.begin(), pairs.end(),
                      [&](const MetadataPair& pair) { return pair.key == key; });
}

// tusd trims white space, splits at single spaces and skips what has more than two pieces.
constexpr std::string_view lenient_blanks = " \t\n\v\f\r";

std::string_view without_blanks_before(std::string_view element) {
  element.remove_prefix(std::min(element.find_first_not_of(lenient_blanks), element.size()));
  return element;
}

/// The parts of a pair, within its element.
struct Element {
  std::string_view key;
  std::optional<std::string_view> text;  ///< of the value; nullopt: there is none
  bool bare = false;                     ///< not even a space is there
};

/// nullopt: it is faulty, and dropped.
std::optional<Element> lenient_element(std::string_view element) {
  element = without_blanks_before(element);
  const std::string_view trimmed = trim(element, lenient_blanks);
  const std::size_t space = trimmed.find(' ');
  const std::string_view key = trimmed.substr(0, space);
  if (key.empty()) return std::nullopt;
  if (space == std::string_view::npos)
    return Element{key, std::nullopt, !element.substr(key.size()).starts_with(' ')};
  const std::string_view text = trimmed.substr(space + 1);
  if (text.find(' ') != std::string_view::npos) return std::nullopt;
  return Element{key, text};
}

/// nullopt: it is faulty, and so dropped.
std::optional<std::string> lenient_value(const Element& element) {
  if (!element.text) return std::string{};
  return base64::decode(*element.text, base64::TrailingBits::ignored);
}

}  // namespace

class MetadataParser {
 public:
  explicit MetadataParser(MetadataStrictness strictness) : strictness_(strictness) {}

  Result<Metadata> parse(std::string_view header) {
    if (header.empty()) {
      if (strictness_ == MetadataStrictness::lenient) return Metadata{};
      return failure(std::string(header::upload_metadata), "is empty, expected \"key base64,...\"");
    }
    for (std::size_t number = 1;; ++number) {
      const std::size_t comma = header.find(',');
      const std::string_view element = header.substr(0, comma);
      if (strictness_ == MetadataStrictness::lenient) {
        add_lenient(element);
      } else if (auto added = add_strict(element); !added) {
        return failure(std::string(header::upload_metadata),
                       fmt::format("pair {} {}", number, added.error().what));
      }
      if (comma == std::string_view::npos) return std::move(metadata_);
      header.remove_prefix(comma + 1);
    }
  }

 private:
  Result<bool> add_strict(std::string_view element) {
    // List syntax allows blanks after the comma (RFC 9110 section 5.6.1); the text is silent.
    element.remove_prefix(std::min(element.find_first_not_of(" \t"), element.size()));
    const std::size_t space = element.find(' ');
    const std::string_view key = element.substr(0, space);
    if (key.empty()) return failure({}, "has no key");
    if (!is_metadata_key(key)) {
      return failure({}, fmt::format("has the key {}, expected visible ASCII", quote(key)));
    }
    if (position_of(key)) return failure({}, fmt::format("repeats the key {}", quote(key)));
    const bool bare = space == std::string_view::npos;
    auto value = bare ? std::string{} : base64::decode(element.substr(space + 1));
    if (!value) return failure({}, fmt::format("({}) has a value that is not Base64", quote(key)));
    append({std::string(key), std::move(*value), bare});
    return true;
  }

  void add_lenient(std::string_view text) {
    const auto element = lenient_element(text);
    if (!element) return;
    auto value = lenient_value(*element);
    if (!value) return;
    MetadataPair pair{std::string(element->key), *std::move(value), element->bare};
    if (const auto at = position_of(pair.key)) {
      metadata_.pairs_[*at] = std::move(pair);
    } else {
      append(std::move(pair));
    }
  }

  [[nodiscard]] std::optional<std::size_t> position_of(std::string_view key) const {
    const auto& pairs = metadata_.pairs_;
    if (pairs.size() > few) {
      const auto at = positions_.find(std::string(key));
      return at == positions_.end() ? std::nullopt : std::optional(at->second);
    }
    const auto at = find_pair(pairs, key);
    if (at == pairs.end()) return std::nullopt;
    return static_cast<std::size_t>(at - pairs.begin());
  }

  void append(MetadataPair pair) {
    auto& pairs = metadata_.pairs_;
    if (pairs.size() == few) {
      for (std::size_t i = 0; i < few; ++i) positions_.emplace(pairs[i].key, i);
    }
    if (pairs.size() >= few) positions_.emplace(pair.key, pairs.size());
    pairs.push_back(std::move(pair));
  }

  /// Up to so many pairs a search is cheaper than an index.
  static constexpr std::size_t few = 16;
  MetadataStrictness strictness_;
  Metadata metadata_;
  /// The index of each key, once there are more than a few: a megabyte may hold 300,000 pairs.
  std::unordered_map<std::string, std::size_t> positions_;
};

std::optional<std::string_view> Metadata::find(std::string_view key) const {
  const auto at = find_pair(pairs_, key);
  if (at == pairs_.end()) return std::nullopt;
  return at->value;
}

void Metadata::set(std::string_view key, std::string value) {
  const bool bare = value.empty();
  if (const auto at = find_pair(pairs_, key); at != pairs_.end()) {
    at->value = std::move(value);
    at->bare = bare;
  } else {
    pairs_.push_back({std::string(key), std::move(value), bare});
  }
}

bool Metadata::remove(std::string_view key) {
  return std::erase_if(pairs_, [&](const MetadataPair& pair) { return pair.key == key; }) > 0;
}

Result<Metadata> parse_metadata(std::string_view header, MetadataStrictness strictness) {
  return MetadataParser(strictness).parse(header);
}

std::optional<std::string> find_metadata(std::string_view header, std::string_view key) {
  std::optional<std::string> found;
  while (!header.empty()) {
    const auto comma = std::min(header.find(','), header.size());
    auto element = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    // All blanks are <= ' ', and so are some other characters, which stay.
    if (!element.empty() && element.front() <= ' ') element = without_blanks_before(element);
    // Most elements have another key, which the first letter tells.
    if (element.size() < key.size() || key.empty() || element.front() != key.front()) continue;
    if (element.substr(0, key.size()) != key) continue;
    const auto cut = lenient_element(element);
    if (!cut || cut->key != key) continue;
    if (auto value = lenient_value(*cut)) found = *std::move(value);
  }
  return found;
}

std::string format_metadata(const Metadata& metadata) {
  std::string out;
  for (const MetadataPair& pair : metadata.pairs()) {
    if (!out.empty()) out += ',';
    out += pair.key;
    if (!pair.bare) {
      out += ' ';
      out += base64::encode(pair.value);
    }
  }
  return out;
}

bool is_metadata_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(),
                                     [](char c) { return c > ' ' && c < '\x7F' && c != ','; });
}

}  // namespace tus
