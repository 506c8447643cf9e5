#include "report/masked.hpp"

#include <set>
#include <utility>

namespace conformance {
namespace {

void mask(std::string& text, const redact::Secrets& secrets) { text = secrets.mask(text); }

void mask(std::vector<std::string>& texts, const redact::Secrets& secrets) {
  for (std::string& text : texts) mask(text, secrets);
}

}  // namespace

CaseResult masked(CaseResult result, const redact::Secrets& secrets) {
  mask(result.outcome.expected, secrets);
  mask(result.outcome.got, secrets);
  mask(result.transcript, secrets);
  return result;
}

TargetFacts masked(TargetFacts target, const redact::Secrets& secrets) {
  target.url = secrets.mask(redact::shown_url(target.url));
  std::set<std::string> extensions;
  for (const std::string& name : target.extensions) extensions.insert(secrets.mask(name));
  target.extensions = std::move(extensions);
  return target;
}

RunReport masked(RunReport report, const redact::Secrets& secrets) {
  report.target = masked(std::move(report.target), secrets);
  for (Judgement& judgement : report.judgements) {
    judgement.result = masked(std::move(judgement.result), secrets);
    mask(judgement.why_red, secrets);
    for (Seen& seen : judgement.seen) mask(seen.got, secrets);
  }
  for (Cause& cause : report.causes) {
    for (std::string* text : {&cause.what, &cause.to_do, &cause.transcript}) mask(*text, secrets);
    mask(cause.tries, secrets);
  }
  mask(report.remarks, secrets);
  mask(report.uploads_left, secrets);
  if (report.stopped) mask(report.stopped->why, secrets);
  return report;
}

}  // namespace conformance
