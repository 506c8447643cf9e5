// The shell of a report as a page: one file that opens from disk, asks no network for anything and
// runs no script. It is readable in light and dark (the reader's own setting), without colour, by
// keyboard, by screen readers, and on paper.
//
// How a tool uses it:
//
//   html::Page page;
//   page.title = "dex-loadgen: run 6fc3155bcf38";
//   page.tone = html::Tone::bad;                           // of the verdict
//   page.verdict = "bad: 3 lost";                          // text: escaped, as all strings are
//   page.lead = html::facts({{"target", url}, {"seed", "7"}});
//   html::Table table{"Uploads by phase", {{"phase"}, {"uploads", html::Align::number}}, {}};
//   table.rows.push_back({"rush", "130"});
//   page.sections.push_back({"phases", "By phase", html::table(table)});
//   page.sections.push_back({"rows", "All rows", html::fold("130 rows", html::table(rows))});
//   page.made_by = "dex-loadgen 0.1.0";
//   files::replace("--report", folder / "report.html", html::document(page));
//
// Text from a server goes in as a string. The caller masks secrets before that.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "html/markup.hpp"

namespace html {

/// The tone of a verdict. Colour is never the only sign of it: each tone has a sign of its own, and
/// the text beside it says the same.
enum class Tone { good, bad, warning, neutral };

struct Section {
  std::string id;  ///< of the heading, for links; no two are the same
  std::string title;
  Markup body;
};

struct Page {
  std::string title;  ///< of the document, and its heading
  Tone tone = Tone::neutral;
  std::string verdict;  ///< one line, the first thing that is read
  Markup lead;          ///< what belongs to the verdict
  std::vector<Section> sections;
  std::string made_by;  ///< program and version
};

/// The whole file, in UTF-8.
[[nodiscard]] std::string document(const Page& page);

enum class Align { text, number };
struct Column {
  std::string title;
  Align align = Align::text;
};
/// The first cell of a row is its heading. Rows have as many cells as there are columns.
struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Markup>> rows;
};
/// Scrolls on its own where the page is too narrow.
[[nodiscard]] Markup table(const Table& table);

/// `inside` below `summary`, closed unless `open`; works without a script.
[[nodiscard]] Markup fold(const Markup& summary, const Markup& inside, bool open = false);

/// Names, each with its value.
[[nodiscard]] Markup facts(const std::vector<std::pair<std::string, Markup>>& list);
/// The figures to be seen first, each with its name.
[[nodiscard]] Markup figures(const std::vector<std::pair<std::string, Markup>>& list);

/// A word with the sign of its tone.
[[nodiscard]] Markup badge(Tone tone, const std::string& word);
/// A paragraph that stands out.
[[nodiscard]] Markup note(Tone tone, const Markup& text);
[[nodiscard]] inline Markup paragraph(const Markup& text) { return tag("p", text); }
/// Text as it is, with its line breaks: what was on the wire, or on a terminal.
[[nodiscard]] Markup verbatim(const std::string& label, const std::string& text);

}  // namespace html
