// HTML and SVG as typed values: text is always escaped, and only tags that the code names are
// markup (decision 46).
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace html {

/// The name of an element or an attribute: a literal, checked at compile time. Names that run a
/// script or fetch something are refused (on..., src, href, style).
class Name {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor)
  consteval Name(const char* name) : name_(name) {
    if (name_.empty()) throw "a name is empty";
    for (const char c : name_) {
      const bool good =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      if (!good) throw "a name has letters, digits and hyphens only";
    }
    if (name_.starts_with("on") || name_ == "src" || name_ == "srcset" || name_ == "href" ||
        name_ == "style" || name_ == "script" || name_ == "iframe" || name_ == "object") {
      throw "a page runs nothing and fetches nothing; for links there is link()";
    }
  }
  [[nodiscard]] std::string_view text() const { return name_; }

 private:
  std::string_view name_;
};

struct Attribute {
  Name name;
  std::string value;  ///< escaped when it is written
};
using Attributes = std::vector<Attribute>;

/// A piece of a page. Made from a string, it is that text: markup characters are escaped, and so is
/// whatever redact::printable escapes (controls, bytes that are not UTF-8), except line feeds and
/// tabs. Secrets are not known here: mask them first. A value type.
class Markup {
 public:
  Markup() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Markup(std::string_view text);
  // NOLINTNEXTLINE(google-explicit-constructor)
  Markup(const std::string& text) : Markup(std::string_view(text)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Markup(const char* text) : Markup(std::string_view(text)) {}

  Markup& operator+=(const Markup& more) {
    markup_ += more.markup_;
    return *this;
  }
  friend Markup operator+(Markup first, const Markup& second) { return std::move(first += second); }
  [[nodiscard]] bool empty() const { return markup_.empty(); }
  /// The markup itself.
  [[nodiscard]] const std::string& str() const { return markup_; }

 private:
  friend Markup tag(Name name, const Attributes& attributes, const Markup& inside);
  friend Markup leaf(Name name, const Attributes& attributes);
  friend Markup link(std::string_view to, const Markup& text);
  friend class Shell;
  std::string markup_;
};

/// <name ...>inside</name>
[[nodiscard]] Markup tag(Name name, const Attributes& attributes, const Markup& inside);
[[nodiscard]] inline Markup tag(Name name, const Markup& inside) { return tag(name, {}, inside); }
/// <name .../>: void elements of HTML, and elements of SVG without content.
[[nodiscard]] Markup leaf(Name name, const Attributes& attributes);
/// A link to `to`: "#id" on the same page, or an http or https URL, which only the reader follows.
/// For anything else ("javascript:") the text alone comes back.
[[nodiscard]] Markup link(std::string_view to, const Markup& text);

/// `text` as an id: lower-case letters, digits and hyphens. Different texts may have the same one.
[[nodiscard]] std::string slug(std::string_view text);

}  // namespace html
