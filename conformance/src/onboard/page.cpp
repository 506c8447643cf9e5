// The walk as a page for a browser, and for a printer.
#include <fmt/format.h>

#include "html/page.hpp"
#include "onboard/report.hpp"

namespace conformance::onboard {
namespace {

html::Tone tone_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return html::Tone::good;
    case Outcome::remark:
      return html::Tone::warning;
    case Outcome::trouble:
      return html::Tone::bad;
    case Outcome::not_tried:
      break;
  }
  return html::Tone::neutral;
}

html::Markup seen_in(const Told& told) {
  std::vector<std::string> texts;
  if (!told.seen.empty()) texts.push_back(told.seen);
  for (const Finding& finding : told.findings) {
    texts.push_back(finding.what);
    // Only remedies of trouble are told again above.
    if (told.outcome != Outcome::trouble) texts.push_back(finding.remedy);
  }
  if (texts.size() == 1) return texts.front();
  html::Markup seen;
  for (const std::string& text : texts) seen += html::paragraph(text);
  return seen;
}

html::Markup list_of(const std::vector<Finding>& findings) {
  html::Markup items;
  for (const Finding& finding : findings) {
    items +=
        html::tag("li", html::paragraph(html::Markup(fmt::format("{}: ", told(finding.whose))) +
                                        html::tag("strong", finding.what)) +
                            html::paragraph(finding.remedy));
  }
  return html::tag("ol", items);
}

html::Markup table_of(const std::vector<Step>& steps) {
  html::Table table{"The steps, in the order in which they were taken",
                    {{"Step"}, {"Result"}, {"What is done in it, and why"}, {"What came of it"}},
                    {}};
  std::string waiting;
  for (const Step& step : steps) {
    if (step.waits) {
      waiting += (waiting.empty() ? "" : ", ") + step.name;
      continue;
    }
    table.rows.push_back(
        {step.name,
         html::badge(tone_of(step.told.outcome), std::string(word_of(step.told.outcome))),
         step.tried, seen_in(step.told)});
  }
  // Steps that wait are the last ones, and all wait for the same step.
  if (!waiting.empty()) {
    table.rows.push_back(
        {waiting, html::badge(html::Tone::neutral, std::string(word_of(Outcome::not_tried))), "",
         steps.back().told.seen});
  }
  return html::table(table);
}

}  // namespace

std::string page(const Walk& walk) {
  const auto findings = to_do(walk);
  html::Page page;
  page.title = fmt::format("Ready for {}?", walk.about.service);
  page.tone = ready(walk) ? html::Tone::good : html::Tone::bad;
  page.verdict = ready(walk) ? "Yes."
                 : findings.size() == 1
                     ? "Not yet: one thing is to be done."
                     : fmt::format("Not yet: {} things are to be done.", findings.size());
  if (ready(walk)) page.lead = html::paragraph(walk.about.next);
  if (!findings.empty()) page.sections.push_back({"to-do", "What to do", list_of(findings)});
  page.sections.push_back({"steps", "What was tried", table_of(walk.steps)});
  std::vector<std::pair<std::string, html::Markup>> facts{{"Address", walk.url},
                                                          {"When", shown_time(walk.started)}};
  for (const auto& [name, value] : walk.facts) facts.emplace_back(name, value);
  facts.emplace_back("Walk", fmt::format("{} (each request has it in its User-Agent)", walk.id));
  html::Markup about = html::facts(facts);
  if (!walk.left.empty()) about += html::paragraph(walk.left);
  about += html::paragraph(send_on(walk));
  page.sections.push_back({"about", "For whoever gets this page", about});
  page.made_by = "dex-conformance onboard " + walk.version;
  return html::document(page);
}

}  // namespace conformance::onboard
