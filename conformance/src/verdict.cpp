#include "verdict.hpp"

#include <utility>

namespace conformance {

Outcome holds(std::string seen) { return {Outcome::Kind::holds, {}, std::move(seen)}; }
Outcome broken(std::string expected, std::string got) {
  return {Outcome::Kind::broken, std::move(expected), std::move(got)};
}
Outcome broken_must(std::string expected, std::string got) {
  return {Outcome::Kind::broken_must, std::move(expected), std::move(got)};
}
Outcome observed(std::string what) { return {Outcome::Kind::observed, {}, std::move(what)}; }
Outcome not_offered(std::string reason) {
  return {Outcome::Kind::not_offered, {}, std::move(reason)};
}

Verdict verdict_of(const Outcome& outcome, Level level) {
  switch (outcome.kind) {
    case Outcome::Kind::holds:
      return Verdict::pass;
    case Outcome::Kind::broken:
      if (level == Level::must || level == Level::must_not) return Verdict::fail;
      return level == Level::may ? Verdict::note : Verdict::warn;
    case Outcome::Kind::broken_must:
      return Verdict::fail;
    case Outcome::Kind::observed:
      return Verdict::note;
    case Outcome::Kind::not_offered:
      return Verdict::skip;
    case Outcome::Kind::blocked:
      return Verdict::blocked;
    case Outcome::Kind::error:
      break;
  }
  return Verdict::error;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::warn:
      return "warn";
    case Verdict::note:
      return "note";
    case Verdict::skip:
      return "skip";
    case Verdict::blocked:
      return "blocked";
    case Verdict::error:
      break;
  }
  return "error";
}

std::optional<Verdict> verdict_named(std::string_view name) {
  for (const Verdict v : {Verdict::pass, Verdict::fail, Verdict::warn, Verdict::note, Verdict::skip,
                          Verdict::blocked, Verdict::error}) {
    if (to_string(v) == name) return v;
  }
  return std::nullopt;
}

std::string_view to_string(Level level) {
  switch (level) {
    case Level::must:
      return "MUST";
    case Level::must_not:
      return "MUST NOT";
    case Level::should:
      return "SHOULD";
    case Level::should_not:
      return "SHOULD NOT";
    case Level::may:
      break;
  }
  return "MAY";
}

std::optional<Level> level_named(std::string_view name) {
  for (const Level l :
       {Level::must, Level::must_not, Level::should, Level::should_not, Level::may}) {
    if (to_string(l) == name) return l;
  }
  return std::nullopt;
}

}  // namespace conformance
