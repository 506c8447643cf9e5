#include "onboard/report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace conformance::onboard {
namespace {

std::string paint(std::string_view text, std::string_view code, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string_view colour_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "32";
    case Outcome::remark:
      return "33";
    case Outcome::trouble:
      return "31;1";
    case Outcome::not_tried:
      break;
  }
  return "2";
}

/// So that no text of a stranger becomes a link, a table or HTML.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#~!").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

/// What came of a step, all sentences in one.
std::string seen_in(const Told& told) {
  std::string all = told.seen;
  for (const Finding& finding : told.findings) {
    if (!all.empty()) all += ' ';
    all += finding.what;
    // Only remedies of trouble are told again below.
    if (told.outcome != Outcome::trouble) all += ' ' + finding.remedy;
  }
  return all;
}

}  // namespace

std::string_view word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::remark:
      return "note";
    case Outcome::trouble:
      return "STOP";
    case Outcome::not_tried:
      break;
  }
  return "not tried";
}

std::string shown_time(std::chrono::system_clock::time_point at) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC",
                     fmt::gmtime(std::chrono::floor<std::chrono::seconds>(at)));
}

std::string terminal_head(const Walk& walk) {
  return fmt::format("dex-conformance {}: are you ready for {}?\nwalk {} to {}\n\n", walk.version,
                     walk.about.service, walk.id, walk.url);
}

std::string terminal_line(const Step& step, bool colour) {
  std::string out = fmt::format(
      "{} {}\n",
      paint(fmt::format("{:>9}", word_of(step.told.outcome)), colour_of(step.told.outcome), colour),
      step.name);
  const auto line = [&](const std::string& text) {
    if (!text.empty()) out += fmt::format("          {}\n", text);
  };
  if (!step.waits) line(step.told.seen);
  for (const Finding& finding : step.told.findings) {
    line(finding.what);
    if (step.told.outcome != Outcome::trouble) line(finding.remedy);
  }
  return out;
}

std::string terminal_end(const Walk& walk, bool colour) {
  std::string out = "\n";
  for (const auto& [name, value] : walk.facts) out += fmt::format("{}: {}\n", name, value);
  if (!walk.left.empty()) out += walk.left + '\n';
  out += paint(verdict_line(walk), ready(walk) ? "32;1" : "31;1", colour) + '\n';
  int number = 0;
  for (const Finding& finding : to_do(walk)) {
    out += fmt::format(" {}. {}: {}\n    do: {}\n", ++number, told(finding.whose), finding.what,
                       finding.remedy);
  }
  if (ready(walk)) out += walk.about.next + '\n';
  return out;
}

std::string send_on(const Walk& walk) {
  return fmt::format(
      "{} {}. It tells them what was tried, when, and where to find it. It holds no password, no "
      "token and nothing of the file, and none of these should be sent by mail.",
      ready(walk) ? "Send this page to" : "When you ask for help, send this page to your IT or to",
      walk.about.people);
}

std::string markdown(const Walk& walk) {
  const auto findings = to_do(walk);
  std::string out = fmt::format("# Ready for {}?\n\n", escaped(walk.about.service));
  if (findings.empty() && ready(walk)) {
    out += fmt::format("**Yes.** {}\n\n", escaped(walk.about.next));
  } else {
    out += fmt::format("**Not yet: {}.**\n\n",
                       findings.size() == 1
                           ? "one thing is to be done"
                           : fmt::format("{} things are to be done", findings.size()));
  }
  if (!findings.empty()) {
    out += "## What to do\n\n";
    int number = 0;
    for (const Finding& finding : findings) {
      out += fmt::format("{}. {}: **{}**\n   {}\n", ++number, told(finding.whose),
                         escaped(finding.what), escaped(finding.remedy));
    }
    out += '\n';
  }
  out += "## What was tried\n\n| | step | what came of it |\n|---|---|---|\n";
  std::string waiting;
  for (const Step& step : walk.steps) {
    if (step.waits) {
      waiting += fmt::format("{}**{}**", waiting.empty() ? "" : ", ", escaped(step.name));
      continue;
    }
    out += fmt::format("| {} | **{}** {} | {} |\n", word_of(step.told.outcome), escaped(step.name),
                       escaped(step.tried), escaped(seen_in(step.told)));
  }
  // Steps that wait are the last ones, and all wait for the same step.
  if (!waiting.empty()) {
    out += fmt::format("| {} | {} | {} |\n", word_of(Outcome::not_tried), waiting,
                       escaped(walk.steps.back().told.seen));
  }
  out += "\n## For whoever gets this page\n\n| | |\n|---|---|\n";
  const auto row = [&](std::string_view name, std::string_view value) {
    out += fmt::format("| {} | {} |\n", escaped(name), escaped(value));
  };
  row("Address", walk.url);
  row("When", shown_time(walk.started));
  for (const auto& [name, value] : walk.facts) row(name, value);
  row("Walk", fmt::format("{} (each request has it in its User-Agent)", walk.id));
  row("Made by", "dex-conformance onboard " + walk.version);
  out += "\n";
  if (!walk.left.empty()) out += escaped(walk.left) + "\n\n";
  return out + escaped(send_on(walk)) + "\n";
}

}  // namespace conformance::onboard
