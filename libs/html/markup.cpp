#include "html/markup.hpp"

#include "redact/printable.hpp"

namespace html {
namespace {

/// Makes text safe inside elements and inside attributes in double quotes.
void put_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

void put_text(std::string& out, std::string_view text) {
  put_escaped(out, redact::printable(text, redact::Lines::kept));
}

void put_attribute(std::string& out, std::string_view name, std::string_view value) {
  ((out += ' ') += name) += "=\"";
  put_text(out, value);
  out += '"';
}

void put_tag(std::string& out, Name name, const Attributes& attributes) {
  (out += '<') += name.text();
  for (const auto& attribute : attributes) {
    put_attribute(out, attribute.name.text(), attribute.value);
  }
}

}  // namespace

Markup::Markup(std::string_view text) { put_text(markup_, text); }

Markup tag(Name name, const Attributes& attributes, const Markup& inside) {
  Markup made;
  made.markup_.reserve(inside.markup_.size() + 32);
  put_tag(made.markup_, name, attributes);
  (made.markup_ += '>') += inside.markup_;
  ((made.markup_ += "</") += name.text()) += '>';
  return made;
}

Markup leaf(Name name, const Attributes& attributes) {
  Markup made;
  put_tag(made.markup_, name, attributes);
  made.markup_ += "/>";
  return made;
}

Markup link(std::string_view to, const Markup& text) {
  if (!to.starts_with('#') && !to.starts_with("https://") && !to.starts_with("http://")) {
    return text;
  }
  Markup made;
  made.markup_ = "<a";
  put_attribute(made.markup_, "href", to);
  ((made.markup_ += '>') += text.markup_) += "</a>";
  return made;
}

std::string slug(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      made += c;
    } else if (c >= 'A' && c <= 'Z') {
      made += static_cast<char>(c - 'A' + 'a');
    } else if (!made.empty() && made.back() != '-') {
      made += '-';
    }
  }
  while (made.ends_with('-')) made.pop_back();
  return made.empty() ? "x" : made;
}

}  // namespace html
