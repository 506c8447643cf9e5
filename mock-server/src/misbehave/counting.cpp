#include "misbehave/counting.hpp"

#include "misbehave/engine.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

std::uint64_t above_of(const Cursor& at) {
  const auto above = at.at("above").unsigned_integer();
  if (above == 0) at.at("above").fail("is above 0 with every match: leave it out");
  if (above > most_in_window) at.at("above").fail("counts to " + std::to_string(most_in_window));
  return above;
}

RateLimit rate_of(const Cursor& at) {
  at.only({"above", "in"});
  const RateLimit rate{above_of(at), duration_of(at.at("in"))};
  if (rate.in <= Milliseconds{0}) at.at("in").fail("is no time");
  return rate;
}

std::uint64_t concurrent_of(const Cursor& at) {
  at.only({"above"});
  return above_of(at);
}

}  // namespace

std::string CountConditions::key(const Facts& facts, const std::string& upload) const {
  switch (per) {
    case Per::lane:
      break;
    case Per::upload:
      return upload;
    case Per::connection:
      return std::to_string(facts.request().connection);
  }
  return {};
}

std::optional<Milliseconds> Tally::above(const RateLimit& limit, TimePoint now) {
  // Times in the future were counted before the clock was set back.
  while (!passed_.empty() && (now - passed_.front() >= limit.in || passed_.front() > now))
    passed_.pop_front();
  if (passed_.size() < limit.above) {
    passed_.push_back(now);
    return std::nullopt;
  }
  return std::chrono::ceil<Milliseconds>(passed_.front() + limit.in - now);
}

CountConditions count_conditions_of(const Cursor& at) {
  CountConditions c;
  if (auto per = at.find("per"))
    c.per = choice<Per>(
        *per, {{"lane", Per::lane}, {"upload", Per::upload}, {"connection", Per::connection}});
  c.rate = optional(at, "rate", rate_of);
  c.concurrent_above = optional(at, "concurrent", concurrent_of);
  if (c.per != Per::lane && !c.rate && !c.concurrent_above && !at.find("nth") && !at.find("every"))
    at.at("per").fail("says what nth, every, rate and concurrent count apart: give one of them");
  return c;
}

Why on_the_counting(const Rule& rule) {
  const auto& when = rule.when;
  if (when.counting.per != Per::upload) return std::nullopt;
  if (stage_of(rule.moment()) == Stage::connection)
    return "per upload: a connection that was just accepted is about none";
  if (only_creations(when)) return "per upload: each creation makes another one";
  if (nowhere(when)) return "per upload: no such route names one";
  return std::nullopt;
}

}  // namespace mock::misbehave
