#include "html/page.hpp"

#include "html/style.hpp"

namespace html {
namespace {

const char* name_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "good";
    case Tone::bad:
      return "bad";
    case Tone::warning:
      return "warning";
    case Tone::neutral:
      break;
  }
  return "neutral";
}

/// Characters that the fonts of every system have, and that differ in shape.
const char* sign_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\xe2\x9c\x93";  // check mark
    case Tone::bad:
      return "\xe2\x9c\x97";  // ballot x
    case Tone::warning:
      return "!";
    case Tone::neutral:
      break;
  }
  return "\xe2\x80\xa2";  // bullet
}

Markup sign(Tone tone) {
  return tag("span", {{"class", "sign"}, {"aria-hidden", "true"}}, sign_of(tone));
}

std::string classes(const char* what, Tone tone) { return std::string(what) + ' ' + name_of(tone); }

Markup list_of(const char* kind, const std::vector<std::pair<std::string, Markup>>& list) {
  Markup inside;
  for (const auto& [name, value] : list) {
    inside += tag("div", tag("dt", name) + tag("dd", value));
  }
  return tag("dl", {{"class", kind}}, inside);
}

}  // namespace

Markup table(const Table& table) {
  Markup head;
  for (const Column& column : table.columns) {
    const bool number = column.align == Align::number;
    head += tag("th", {{"scope", "col"}, {"class", number ? "n" : "t"}}, column.title);
  }
  Markup body;
  for (const auto& cells : table.rows) {
    Markup row;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool number = i < table.columns.size() && table.columns[i].align == Align::number;
      if (i == 0) {
        row += tag("th", {{"scope", "row"}, {"class", number ? "n" : "t"}}, cells[i]);
      } else if (number) {
        row += tag("td", {{"class", "n"}}, cells[i]);
      } else {
        row += tag("td", cells[i]);
      }
    }
    body += tag("tr", row);
  }
  const Markup whole = tag(
      "table", tag("caption", table.caption) + tag("thead", tag("tr", head)) + tag("tbody", body));
  // What scrolls must be reached by keyboard (WCAG 2.1.1).
  return tag(
      "div",
      {{"class", "scroll"}, {"role", "group"}, {"aria-label", table.caption}, {"tabindex", "0"}},
      whole);
}

Markup fold(const Markup& summary, const Markup& inside, bool open) {
  const Markup all = tag("summary", summary) + tag("div", {{"class", "folded"}}, inside);
  return open ? tag("details", {{"open", ""}}, all) : tag("details", all);
}

Markup facts(const std::vector<std::pair<std::string, Markup>>& list) {
  return list_of("facts", list);
}
Markup figures(const std::vector<std::pair<std::string, Markup>>& list) {
  return list_of("figures", list);
}

Markup badge(Tone tone, const std::string& word) {
  return tag("span", {{"class", classes("badge", tone)}}, sign(tone) + " " + word);
}

Markup note(Tone tone, const Markup& text) {
  return tag("p", {{"class", classes("note", tone)}}, sign(tone) + " " + text);
}

Markup verbatim(const std::string& label, const std::string& text) {
  return tag("pre", {{"role", "group"}, {"aria-label", label}, {"tabindex", "0"}}, text);
}

/// The only class that writes raw markup: the style sheet and the skip link.
class Shell {
 public:
  static std::string document(const Page& page) {
    Markup contents;
    Markup sections;
    for (const Section& section : page.sections) {
      contents += tag("li", link("#" + section.id, section.title));
      sections += tag("section", {{"aria-labelledby", section.id}},
                      tag("h2", {{"id", section.id}}, section.title) + section.body);
    }
    const Markup head =
        leaf("meta", {{"charset", "utf-8"}}) +
        leaf("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}) +
        // Whatever else the page holds, browsers fetch nothing and run nothing (CSP level 3).
        leaf("meta", {{"http-equiv", "Content-Security-Policy"},
                      {"content",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri "
                       "'none'; form-action 'none'"}}) +
        leaf("meta", {{"name", "referrer"}, {"content", "no-referrer"}}) +
        leaf("meta", {{"name", "color-scheme"}, {"content", "light dark"}}) +
        tag("title", page.title) + style();
    Markup body = link("#main", "Skip to the verdict");
    body.markup_.replace(0, 2, "<a class=\"skip\"");
    body += tag("header", tag("h1", page.title));
    if (!page.sections.empty()) {
      body += tag("nav", {{"aria-label", "On this page"}}, tag("ul", contents));
    }
    body += tag(
        "main", {{"id", "main"}, {"tabindex", "-1"}},
        tag("div", {{"class", classes("verdict", page.tone)}},
            tag("p", {{"class", "headline"}}, sign(page.tone) + " " + page.verdict) + page.lead) +
            sections);
    body += tag("footer", tag("p", "Made by " + page.made_by +
                                       ". This page is one file: it runs no script and asks no "
                                       "network for anything."));
    return "<!DOCTYPE html>\n" +
           tag("html", {{"lang", "en"}}, tag("head", head) + tag("body", body)).str() + "\n";
  }

 private:
  static Markup style() {
    Markup made;
    made.markup_ = "<style>" + std::string(style_sheet) + "</style>";
    return made;
  }
};

std::string document(const Page& page) { return Shell::document(page); }

}  // namespace html
