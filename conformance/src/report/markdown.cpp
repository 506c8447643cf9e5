#include <fmt/format.h>

#include <algorithm>

#include "redact/printable.hpp"
#include "report/names.hpp"
#include "report/page.hpp"

namespace conformance {
namespace {

constexpr std::size_t most_shown = 300;  ///< of what a server said

std::string told(std::string_view text) {
  // Not within a character: UTF-8 goes on with 10xxxxxx.
  if (text.size() > most_shown) {
    std::size_t end = most_shown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return markdown_escape(text.substr(0, end)) + " ...";
  }
  return markdown_escape(text);
}

/// Fenced by more backticks than stand in `text`.
std::string code_block(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return fmt::format("{}sh\n{}\n{}\n", fence, redact::printable(text), fence);
}

std::string rows_of(const Cause& cause, const RunReport& report) {
  constexpr std::size_t most = 8;
  std::string ids;
  for (std::size_t i = 0; i < std::min(cause.rows.size(), most); ++i) {
    ids += fmt::format("{}{}", i == 0 ? "" : ", ", report.judgements[cause.rows[i]].result.row->id);
  }
  if (cause.rows.size() > most) ids += fmt::format(" and {} more", cause.rows.size() - most);
  return ids;
}

}  // namespace

std::string markdown_escape(std::string_view text) {
  std::string out;
  for (const char c : redact::printable(text)) {
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
      // "@name" would notify somebody, and "#12" become a link.
      case '@':
        out += "&#64;";
        break;
      case '#':
        out += "&#35;";
        break;
      case ':':  // "https://..." becomes a link by itself
        out += "&#58;";
        break;
      case '\\':
      case '`':
      case '*':
      case '_':
      case '{':
      case '}':
      case '[':
      case ']':
      case '(':
      case ')':
      case '!':
      case '|':
      case '~':
      case '+':
      case '=':
      case '-':
        out += '\\';
        out += c;
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string markdown_summary(const RunReport& report, const Telling& telling) {
  std::string out = fmt::format("# dex-conformance: {}\n\n**{}**\n\n", told(report.target.url),
                                told(verdict_line(report)));
  std::size_t number = 0;
  for (const Cause& cause : report.causes) {
    out += fmt::format("{}. {}\n", ++number, told(cause.what));
    out += fmt::format("   - {} {}\n",
                       cause.kind == Cause::Kind::row ? "got:" : "do:", told(cause.to_do));
    if (!cause.rows.empty()) out += fmt::format("   - rows: {}\n", rows_of(cause, report));
  }
  if (!report.causes.empty()) out += '\n';
  for (const Judgement& j : report.judgements) {
    if (!j.changes()) continue;
    std::string order;
    for (const Seen& seen : j.seen) {
      order += fmt::format("{}{}", order.empty() ? "" : ", ", to_string(seen.verdict));
    }
    out += fmt::format("- {} changes by itself: {}\n", j.result.row->id, order);
  }
  if (report.against) {
    const Against& against = *report.against;
    out += fmt::format("## What changed\n\nAgainst {}: {} rows as they were, {} not.\n\n",
                       told(against.title), against.same, against.changes.size());
    if (!against.changes.empty()) out += "| row | on record | now |\n|---|---|---|\n";
    for (const auto& [id, difference] : against.changes) {
      out += fmt::format("| {} | {} | {} |\n", told(id), told(difference.recorded),
                         told(difference.found));
    }
    out += '\n';
  }
  out += "## Rows\n\n| verdict | rows |\n|---|---:|\n";
  for (const Verdict v : {Verdict::pass, Verdict::fail, Verdict::warn, Verdict::note, Verdict::skip,
                          Verdict::blocked, Verdict::error}) {
    out += fmt::format("| {} | {} |\n", to_string(v), report.count(v));
  }
  out += fmt::format(
      "\nKnown deviations: {}. Extensions: {}. Judged by dex-conformance {} at {} "
      "UTC, for {}.\n",
      report.expected_deviations(),
      told(fmt::format("{}", fmt::join(report.target.extensions, ", "))), report.version,
      timestamp(report.started), ::to_string(report.duration));
  return out + "\n" + code_block(telling.command);
}

}  // namespace conformance
