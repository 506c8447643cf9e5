#include "protocol/xml/element.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/json/encode.hpp"

namespace xml {
namespace {

constexpr std::size_t most_levels = 16;
constexpr std::size_t most_elements = 60'000;
constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view replacement = "\xEF\xBF\xBD";

constexpr bool is_name_start(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == ':' || byte >= 0x80;
}
constexpr bool is_name_character(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}
/// XML 1.0 section 2.2, of code points that UTF-8 can hold.
constexpr bool is_character(unsigned long code) {
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xD7FF) ||
         (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

void append_utf8(std::string& out, unsigned long code) {
  const auto byte = [&](unsigned long bits) { out += static_cast<char>(bits); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6U);
    byte(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12U);
    byte(0x80 | (code >> 6U & 0x3FU));
    byte(0x80 | (code & 0x3FU));
  } else {
    byte(0xF0 | code >> 18U);
    byte(0x80 | (code >> 12U & 0x3FU));
    byte(0x80 | (code >> 6U & 0x3FU));
    byte(0x80 | (code & 0x3FU));
  }
}

/// The character that "&name;" stands for.
std::optional<std::string> entity(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> known{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [known_name, character] : known) {
    if (name == known_name) return std::string(1, character);
  }
  if (!name.starts_with('#')) return std::nullopt;
  const bool hexadecimal = name.starts_with("#x");
  name.remove_prefix(hexadecimal ? 2 : 1);
  unsigned long code = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, code, hexadecimal ? 16 : 10);
  if (error != std::errc{} || stop != end || !is_character(code)) return std::nullopt;
  std::string out;
  append_utf8(out, code);
  return out;
}

/// Thrown and caught in this file.
struct Wrong {
  std::string what;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Element document() {
    take("\xEF\xBB\xBF");
    if (take("<?xml ")) skip_past("?>", "an XML declaration that does not end");
    skip_between();
    if (!take("<")) fail("expected an element");
    Element root;
    open(root);
    while (!open_.empty()) content();
    skip_between();
    if (at_ != text_.size()) fail("something follows the document");
    return root;
  }

  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  struct Open {
    Element* element;
    std::string_view name;  ///< with its prefix, for the end tag
  };

  [[noreturn]] void fail(std::string what) const { throw Wrong{std::move(what)}; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  bool take(std::string_view literal) {
    if (!rest().starts_with(literal)) return false;
    at_ += literal.size();
    return true;
  }
  std::string_view until(std::string_view literal, const char* otherwise) {
    const std::size_t end = text_.find(literal, at_);
    if (end == std::string_view::npos) fail(otherwise);
    const std::string_view before = text_.substr(at_, end - at_);
    at_ = end + literal.size();
    return before;
  }
  void skip_past(std::string_view literal, const char* otherwise) {
    static_cast<void>(until(literal, otherwise));
  }
  bool skip_blanks() {
    const std::size_t before = at_;
    at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
    return at_ > before;
  }
  /// What may stand around the root.
  void skip_between() {
    skip_blanks();
    while (take("<!--")) {
      skip_past("-->", "a comment that does not end");
      skip_blanks();
    }
  }

  std::string_view name() {
    const std::string_view left = rest();
    if (left.empty() || !is_name_start(left[0])) fail("expected a name");
    const auto end = std::find_if_not(left.begin(), left.end(), is_name_character);
    const auto length = static_cast<std::size_t>(end - left.begin());
    at_ += length;
    return left.substr(0, length);
  }

  /// Reads the rest of a start tag, after '<'.
  void open(Element& element) {
    if (open_.size() == most_levels) fail(fmt::format("deeper than {} levels", most_levels));
    if (++elements_ > most_elements) fail(fmt::format("more than {} elements", most_elements));
    const std::string_view written = name();
    element.name = written.substr(written.rfind(':') + 1);
    while (skip_blanks() && !rest().starts_with('/') && !rest().starts_with('>')) attribute();
    const bool empty = take("/");
    if (!take(">")) fail("a tag that does not end");
    if (!empty) open_.push_back({&element, written});
  }

  void attribute() {
    static_cast<void>(name());
    skip_blanks();
    if (!take("=")) fail("an attribute without a value");
    skip_blanks();
    const std::string_view quote = rest().substr(0, 1);
    if (quote != "\"" && quote != "'") fail("an attribute without quotes");
    ++at_;
    skip_past(quote, "an attribute that does not end");
  }

  void content() {
    Element& element = *open_.back().element;
    if (at_ == text_.size()) fail(fmt::format("<{}> does not end", element.name));
    if (take("<![CDATA[")) {
      element.text += until("]]>", "CDATA that does not end");
    } else if (take("<!--")) {
      skip_past("-->", "a comment that does not end");
    } else if (take("</")) {
      close();
    } else if (take("<")) {
      // This may move the siblings, which are closed; no element that is open changes its address.
      element.children.emplace_back();
      open(element.children.back());
    } else if (take("&")) {
      const auto character = entity(until(";", "an entity that does not end").substr(0, 12));
      if (!character) fail("an unknown entity");
      element.text += *character;
    } else {
      const std::size_t end = std::min(text_.find_first_of("<&", at_), text_.size());
      element.text += text_.substr(at_, end - at_);
      at_ = end;
    }
  }

  void close() {
    Element& element = *open_.back().element;
    if (name() != open_.back().name) fail(fmt::format("<{}> ends otherwise", element.name));
    skip_blanks();
    if (!take(">")) fail("a tag that does not end");
    if (!element.children.empty()) {
      if (element.text.find_first_not_of(blanks) != std::string::npos) {
        fail(fmt::format("<{}> has text beside elements", element.name));
      }
      element.text.clear();
    }
    open_.pop_back();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  std::vector<Open> open_;
};

constexpr bool is_left_as_it_is(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '&' && c != '<' && c != '>' && c != '"';
}

void write_text(std::string& out, std::string_view text) {
  while (true) {
    const auto special = std::ranges::find_if_not(text, is_left_as_it_is);
    const auto run = static_cast<std::size_t>(special - text.begin());
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) return;
    const char c = text[0];
    std::size_t length = 1;
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\r') {
      out += "&#13;";  // a reader makes LF of a bare one
    } else if (static_cast<unsigned char>(c) < 0x80) {
      out += is_character(static_cast<unsigned char>(c)) ? std::string_view(&c, 1) : replacement;
    } else {
      length = 2;
      while (length <= 4 && length <= text.size() && !json::is_utf8(text.substr(0, length))) {
        ++length;
      }
      const bool whole = length <= 4 && length <= text.size();
      const std::string_view sequence = text.substr(0, whole ? length : 1);
      const bool allowed = whole && sequence != "\xEF\xBF\xBE" && sequence != "\xEF\xBF\xBF";
      out += allowed ? sequence : replacement;
      length = sequence.size();
    }
    text.remove_prefix(length);
  }
}

void write_element(std::string& out, const Element& element, std::string_view xmlns) {
  out += '<' + element.name;
  if (!xmlns.empty()) out.append(" xmlns=\"").append(xmlns).append("\"");
  out += '>';
  write_text(out, element.text);
  for (const Element& child : element.children) write_element(out, child, {});
  out += "</" + element.name + '>';
}

}  // namespace

const Element* Element::find(std::string_view wanted) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const Element& child) { return child.name == wanted; });
  return found == children.end() ? nullptr : &*found;
}

std::optional<std::string_view> Element::text_of(std::string_view wanted) const {
  const Element* const child = find(wanted);
  return child == nullptr ? std::nullopt : std::optional<std::string_view>(child->text);
}

Result<Element> parse(std::string_view text) {
  Parser parser(text);
  try {
    return parser.document();
  } catch (const Wrong& wrong) {
    return failure(fmt::format("XML, byte {}", parser.at()), wrong.what);
  }
}

std::string write(const Element& root, std::string_view xmlns) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  write_element(out, root, xmlns);
  return out;
}

}  // namespace xml
