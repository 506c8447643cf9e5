#include "run/baseline.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "protocol/json/decode.hpp"

namespace conformance {
namespace {

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t from, std::size_t size) {
    int value = -1;
    const char* end = text.data() + from + size;
    const auto [at, error] = std::from_chars(text.data() + from, end, value);
    return error == std::errc{} && at == end ? value : -1;
  };
  const int y = number(0, 4);
  const int m = number(5, 2);
  const int d = number(8, 2);
  if (y < 0 || m < 0 || d < 0) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{y},
                                        std::chrono::month{static_cast<unsigned>(m)},
                                        std::chrono::day{static_cast<unsigned>(d)}};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days{day};
}

/// One verdict, or a list of those that differ from run to run; only a list may hold `pass`.
std::vector<Verdict> read_expected(const json::Cursor& at) {
  if (!at.is_array()) {
    const auto verdict = verdict_named(at.string());
    if (!verdict || *verdict == Verdict::pass) {
      at.fail("expected one of fail, warn, note, skip, blocked, error, or a list of verdicts");
    }
    return {*verdict};
  }
  std::vector<Verdict> verdicts;
  for (const auto& item : at.items()) {
    const auto verdict = verdict_named(item.string());
    if (!verdict) item.fail("expected one of pass, fail, warn, note, skip, blocked, error");
    if (std::ranges::count(verdicts, *verdict) != 0) item.fail("is there twice");
    verdicts.push_back(*verdict);
  }
  if (std::ranges::all_of(verdicts, [](Verdict v) { return v == Verdict::pass; })) {
    at.fail("expected at least one verdict that is no pass");
  }
  return verdicts;
}

Deviation read_deviation(const json::Cursor& at, const Catalogue& catalogue) {
  at.only({"requirement", "expected", "reason", "link", "expires"});
  Deviation entry;
  entry.requirement = at.at("requirement").string();
  if (catalogue.find(entry.requirement) == nullptr) {
    at.at("requirement").fail(quote(entry.requirement) + " is not in the catalogue");
  }
  entry.expected = read_expected(at.at("expected"));
  entry.reason = at.at("reason").string();
  if (entry.reason.empty()) at.at("reason").fail("must say why the target deviates");
  if (const auto link = at.find("link")) {
    entry.link = link->string();
    if (!entry.link.starts_with("https://") && !entry.link.starts_with("http://")) {
      link->fail("expected an http or https URL");
    }
  }
  if (const auto expires = at.find("expires")) {
    entry.expires = expires->string();
    if (!parse_day(entry.expires)) expires->fail("expected a date like 2027-03-31");
  }
  return entry;
}

}  // namespace

const Deviation* Baseline::find(std::string_view requirement) const {
  const auto entry = std::find_if(deviations.begin(), deviations.end(),
                                  [&](const Deviation& d) { return d.requirement == requirement; });
  return entry == deviations.end() ? nullptr : &*entry;
}

Result<Baseline> parse_baseline(std::string_view text, const std::string& document,
                                const Catalogue& catalogue) {
  return json::decode(text, document, [&](const json::Cursor& root) {
    root.only({"$schema", "target", "deviations"});
    Baseline baseline;
    baseline.target = root.at("target").string();
    std::set<std::string> ids;
    for (const auto& item : root.at("deviations").items()) {
      Deviation entry = read_deviation(item, catalogue);
      if (!ids.insert(entry.requirement).second) {
        item.fail(entry.requirement + " is there twice");
      }
      baseline.deviations.push_back(std::move(entry));
    }
    return baseline;
  });
}

Result<Baseline> load_baseline(const std::string& name_or_file, const Catalogue& catalogue) {
  const bool path = name_or_file.find('/') != std::string::npos || name_or_file.ends_with(".json");
  std::string known;
  for (const auto& file : embedded_baselines()) {
    if (!path && file.stem() == name_or_file) {
      return parse_baseline(file.text, name_or_file, catalogue);
    }
    known += (known.empty() ? "" : ", ") + std::string{file.stem()};
  }
  const auto text = json::detail::read_file(name_or_file);
  if (text) return parse_baseline(*text, name_or_file, catalogue);
  if (path) return tl::unexpected(text.error());
  return failure("--baseline", "there is no baseline " + quote(name_or_file),
                 "built in are " + known + "; a file of your own works as well");
}

std::string to_string(const std::vector<Verdict>& expected) {
  std::string text;
  for (const auto verdict : expected) {
    if (!text.empty()) text += " or ";
    text += to_string(verdict);
  }
  return text;
}

Standing standing(const Deviation* entry, Verdict verdict, std::chrono::sys_days today) {
  if (entry == nullptr) return Standing::none;
  const auto expires = parse_day(entry->expires);
  if (expires && today >= *expires) return Standing::expired;
  return std::ranges::count(entry->expected, verdict) != 0 ? Standing::expected
                                                           : Standing::unexpected;
}

}  // namespace conformance
