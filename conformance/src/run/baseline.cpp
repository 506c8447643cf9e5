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

Deviation read_deviation(const json::Cursor& at, const Catalogue& catalogue) {
  at.only({"requirement", "expected", "reason", "link", "expires"});
  Deviation entry;
  entry.requirement = at.at("requirement").string();
  if (catalogue.find(entry.requirement) == nullptr) {
    at.at("requirement").fail(quote(entry.requirement) + " is not in the catalogue");
  }
  const auto verdict = verdict_named(at.at("expected").string());
  if (!verdict || *verdict == Verdict::pass) {
    at.at("expected").fail("expected one of fail, warn, note, skip, blocked, error");
  }
  entry.expected = *verdict;
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

Result<Baseline> load_baseline(const std::string& file, const Catalogue& catalogue) {
  const auto text = json::detail::read_file(file);
  if (!text) return tl::unexpected(text.error());
  return parse_baseline(*text, file, catalogue);
}

Standing standing(const Deviation* entry, Verdict verdict, std::chrono::sys_days today) {
  if (entry == nullptr) return Standing::none;
  const auto expires = parse_day(entry->expires);
  if (expires && today >= *expires) return Standing::expired;
  return verdict == entry->expected ? Standing::expected : Standing::unexpected;
}

}  // namespace conformance
