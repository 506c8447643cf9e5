// XML as object stores speak it: elements and text. DTDs are refused, so that no entity can make a
// document grow.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace xml {

struct Element {
  std::string name;  ///< without its prefix
  std::string text;  ///< its own, entities replaced; empty beside children: it is layout then
  std::vector<Element> children;
  /// The first child of that name.
  [[nodiscard]] const Element* find(std::string_view name) const;
  /// The text of that child; nullopt when there is none.
  [[nodiscard]] std::optional<std::string_view> text_of(std::string_view name) const;
  bool operator==(const Element&) const = default;
};

/// The root of a document. Attributes and comments are skipped, CDATA is text. What has a DTD, a
/// processing instruction, an entity besides the five, more than 16 levels or 60,000 elements is
/// refused; the error says at which byte. The caller limits the length of `text`.
[[nodiscard]] Result<Element> parse(std::string_view text);

/// A whole document in UTF-8. `xmlns` is that of the root, if not empty. What XML cannot hold
/// (control characters, bytes that are not UTF-8) becomes U+FFFD.
[[nodiscard]] std::string write(const Element& root, std::string_view xmlns = {});

/// `<name>text</name>`.
[[nodiscard]] inline Element leaf(std::string name, std::string text) {
  return {std::move(name), std::move(text), {}};
}

}  // namespace xml
