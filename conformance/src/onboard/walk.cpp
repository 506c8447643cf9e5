#include "onboard/walk.hpp"

#include <algorithm>

#include "redact/printable.hpp"

namespace conformance::onboard {

Told done(std::string seen) { return {Outcome::done, std::move(seen), {}}; }
Told remark(std::string seen, std::vector<Finding> findings) {
  return {Outcome::remark, std::move(seen), std::move(findings)};
}
Told trouble(Finding finding, std::string seen) {
  return {Outcome::trouble, std::move(seen), {std::move(finding)}};
}
Told troubles(std::vector<Finding> findings) { return {Outcome::trouble, {}, std::move(findings)}; }
Told not_tried(std::string why) { return {Outcome::not_tried, std::move(why), {}}; }

bool ready(const Walk& walk) {
  return std::none_of(walk.steps.begin(), walk.steps.end(),
                      [](const Step& step) { return step.told.outcome == Outcome::trouble; });
}

ExitCode exit_code(const Walk& walk) {
  const auto first = std::find_if(walk.steps.begin(), walk.steps.end(), [](const Step& step) {
    return step.told.outcome == Outcome::trouble;
  });
  if (first == walk.steps.end()) return ExitCode::conformant;
  return first->access ? ExitCode::unreachable : ExitCode::not_conformant;
}

std::vector<Finding> to_do(const Walk& walk) {
  std::vector<Finding> all;
  for (const Step& step : walk.steps) {
    if (step.told.outcome != Outcome::trouble) continue;
    for (const Finding& finding : step.told.findings) {
      if (std::find(all.begin(), all.end(), finding) == all.end()) all.push_back(finding);
    }
  }
  return all;
}

std::string_view told(Whose whose) {
  switch (whose) {
    case Whose::partner:
      return "On your side";
    case Whose::network:
      return "In your network";
    case Whose::service:
      return "At the service";
    case Whose::unclear:
      break;
  }
  return "In your network, or at the service";
}

std::string verdict_line(const Walk& walk) {
  if (ready(walk)) return "READY";
  const auto count = to_do(walk).size();
  return "NOT READY: " + std::to_string(count) + (count == 1 ? " thing to do" : " things to do");
}

Step masked(Step step, const redact::Secrets& secrets) {
  const auto mask = [&](std::string& text) { text = redact::printable(secrets.mask(text)); };
  mask(step.tried);
  mask(step.told.seen);
  for (Finding& finding : step.told.findings) {
    mask(finding.what);
    mask(finding.remedy);
  }
  return step;
}

Walk masked(Walk walk, const redact::Secrets& secrets) {
  walk.url = redact::printable(secrets.mask(redact::shown_url(walk.url)));
  for (Step& step : walk.steps) step = masked(std::move(step), secrets);
  walk.left = redact::printable(secrets.mask(walk.left));
  for (Fact& fact : walk.facts) fact.second = redact::printable(secrets.mask(fact.second));
  return walk;
}

std::string bytes_told(std::uint64_t count) {
  if (count == 1) return "1 byte";
  std::string digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits + " bytes";
}

std::string in_quotes(std::string_view text) {
  // All of it or nothing: masking would not find half a secret.
  constexpr std::size_t longest = 200;
  if (text.size() > longest) return "a text of " + std::to_string(text.size()) + " characters";
  return "\"" + redact::printable(text) + "\"";
}

std::string either(const std::vector<std::string>& values) {
  constexpr std::size_t most = 12;
  std::string text;
  const std::size_t shown = std::min(values.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == values.size() ? " or " : ", ";
    text += in_quotes(values[i]);
  }
  if (values.size() > most) text += " or one of " + std::to_string(values.size() - most) + " more";
  return text;
}

}  // namespace conformance::onboard
