#include "run/causes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace conformance {
namespace {

bool met(const Judgement& judgement, const std::vector<Step>& steps) {
  const auto& unheld = judgement.result.met.unheld;
  return std::any_of(unheld.begin(), unheld.end(), [&](const Step& step) {
    return std::find(steps.begin(), steps.end(), step) != steps.end();
  });
}

/// Stricter levels, and what failed rather than what could not be judged.
std::pair<int, int> rank(const Judgement& judgement) {
  return {static_cast<int>(judgement.result.row->level),
          judgement.result.verdict == Verdict::fail ? 0 : 1};
}

/// Of the rows of a cause the one that shows it best.
const Judgement& best(const std::vector<Judgement>& judgements,
                      const std::vector<std::size_t>& rows) {
  return judgements[*std::min_element(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
    return rank(judgements[a]) < rank(judgements[b]);
  })];
}

class Folding {
 public:
  Folding(const std::vector<Judgement>& judgements, const Tried& tried)
      : judgements_(judgements), tried_(tried) {
    for (std::size_t i = 0; i < judgements.size(); ++i) {
      if (judgements[i].red) left_.insert(i);
    }
  }

  std::vector<Cause> all() {
    if (tried_.death) death(*tried_.death);
    for (const Trial& trial : tried_.trials) {
      if (trial.any_failed()) foundation(trial);
    }
    not_run();
    groups();
    for (const std::size_t row : left_) alone(row);
    std::stable_sort(causes_.begin(), causes_.end(),
                     [](const Cause& a, const Cause& b) { return a.weight() > b.weight(); });
    return std::move(causes_);
  }

 private:
  /// Takes the rows of which `belongs` holds.
  template <class Belongs>
  std::vector<std::size_t> take(Belongs&& belongs) {
    std::vector<std::size_t> rows;
    for (const std::size_t i : left_) {
      if (belongs(judgements_[i])) rows.push_back(i);
    }
    for (const std::size_t i : rows) left_.erase(i);
    return rows;
  }

  void death(const Death& death);
  void foundation(const Trial& trial);
  void not_run();
  void groups();
  void alone(std::size_t row);

  const std::vector<Judgement>& judgements_;
  const Tried& tried_;
  std::set<std::size_t> left_;
  std::vector<Cause> causes_;
};

void Folding::death(const Death& death) {
  Cause cause;
  cause.kind = Cause::Kind::died;
  cause.name = "death";
  const auto& suspects = death.suspects;
  const std::string after =
      death.came_back ? "and it took no connections for a while" : "and nothing listens any more";
  for (const auto& suspect : suspects) {
    if (std::find(cause.ask.begin(), cause.ask.end(), suspect.row) == cause.ask.end()) {
      cause.ask.push_back(suspect.row);
    }
    cause.tries.push_back(fmt::format("{}: {} got no answer", suspect.row, suspect.request));
  }
  if (suspects.empty()) {
    cause.what = "the target went away between two requests, " + after;
    cause.to_do = "look into its log and whether something stopped it; then judge it again";
  } else if (death.alone || cause.ask.size() == 1) {
    cause.what = fmt::format("the target dies of {} ({}): no answer, {}", suspects.front().request,
                             suspects.front().row, after);
    cause.to_do = "look into its log at that request; the evidence of the row has it whole";
  } else {
    cause.what = fmt::format("the target died of one of {} requests that were under way, {}",
                             suspects.size(), after);
    cause.to_do = "start it again and run the rows that asked for them alone, as below";
  }
  cause.rows = take([&](const Judgement& judgement) { return judgement.result.met.unreachable; });
  causes_.push_back(std::move(cause));
}

void Folding::foundation(const Trial& trial) {
  Cause cause;
  cause.kind = trial.unsteady() ? Cause::Kind::unsteady : Cause::Kind::broken;
  cause.name = trial.foundation->name;
  const bool discovery = trial.foundation->name == "OPTIONS";
  cause.rows = take([&](const Judgement& judgement) {
    if (met(judgement, trial.met)) return true;
    // Those that ask nothing, or are judged only as something is not offered, go by what it told.
    const CaseResult& result = judgement.result;
    return discovery && trial.broken() && result.ran &&
           (result.transcript.empty() || !result.row->excludes.empty());
  });
  if (discovery) cause.not_judged = tried_.not_offered;
  // What no row met is no cause of anything; but what changes by itself is told.
  if (cause.rows.empty() && !trial.unsteady()) return;
  std::vector<std::string> answers;
  for (const Trial::Try& one : trial.tries) {
    cause.tries.push_back(fmt::format("{}: {}", one.how, one.lacks.empty() ? "good" : one.lacks));
    if (!one.lacks.empty()) {
      if (cause.transcript.empty()) cause.transcript = one.transcript;
      if (std::find(answers.begin(), answers.end(), one.lacks) == answers.end()) {
        answers.push_back(one.lacks);
      }
    }
  }
  cause.what = fmt::format("{}{}: {}, wanted: {}", trial.foundation->name,
                           trial.unsteady() ? " is unsteady" : "", fmt::join(answers, " or "),
                           trial.foundation->demand);
  if (trial.unsteady()) {
    cause.what += fmt::format(" ({} of {} tries)",
                              std::count_if(trial.tries.begin(), trial.tries.end(),
                                            [](const auto& t) { return !t.lacks.empty(); }),
                              trial.tries.size());
    cause.to_do = "find out why the same request is answered now so, now so";
  } else {
    cause.to_do = trial.foundation->remedy;
  }
  if (!trial.remedy.empty()) cause.to_do = trial.remedy;
  if (!cause.rows.empty()) cause.ask = {best(judgements_, cause.rows).result.row->id};
  causes_.push_back(std::move(cause));
}

/// Whatever ended the run before them is the first cause there is.
void Folding::not_run() {
  if (causes_.empty()) return;
  const auto rows = take([](const Judgement& judgement) {
    return !judgement.result.ran && judgement.result.verdict == Verdict::blocked;
  });
  auto& of_first = causes_.front().rows;
  of_first.insert(of_first.end(), rows.begin(), rows.end());
}

/// Rows that are blocked at the same step with the same answer.
void Folding::groups() {
  std::map<std::pair<std::string_view, std::string>, std::vector<std::size_t>> by_step;
  for (const std::size_t i : left_) {
    const auto& result = judgements_[i].result;
    if (result.verdict != Verdict::blocked || result.met.last_held) continue;
    const Step& last = result.met.unheld.back();
    by_step[{last.foundation->name, last.lacks}].push_back(i);
  }
  for (auto& [key, rows] : by_step) {
    if (rows.size() < 2) continue;
    Cause cause;
    cause.kind = Cause::Kind::group;
    cause.name = key.first;
    const Judgement& shown = best(judgements_, rows);
    const Foundation& foundation = *shown.result.met.unheld.back().foundation;
    cause.what = fmt::format("{} in some requests: {}, wanted: {}", foundation.name, key.second,
                             foundation.demand);
    cause.to_do =
        "a plain one holds by itself: look in the evidence of these rows what else is asked for";
    cause.transcript = shown.result.transcript;
    cause.ask = {shown.result.row->id};
    for (const std::size_t i : rows) left_.erase(i);
    cause.rows = std::move(rows);
    causes_.push_back(std::move(cause));
  }
}

void Folding::alone(std::size_t row) {
  const Judgement& judgement = judgements_[row];
  Cause cause;
  cause.kind = Cause::Kind::row;
  cause.name = judgement.result.row->id;
  cause.what = fmt::format("{} [{}]: {}", cause.name, to_string(judgement.result.row->level),
                           judgement.result.row->text);
  cause.to_do = !judgement.why_red.empty() ? judgement.why_red : judgement.result.outcome.got;
  cause.transcript = judgement.result.transcript;
  cause.rows = {row};
  cause.ask = {cause.name};
  causes_.push_back(std::move(cause));
}

}  // namespace

std::string_view to_string(Cause::Kind kind) {
  switch (kind) {
    case Cause::Kind::died:
      return "died";
    case Cause::Kind::broken:
      return "broken";
    case Cause::Kind::unsteady:
      return "unsteady";
    case Cause::Kind::group:
      return "group";
    case Cause::Kind::row:
      break;
  }
  return "row";
}

std::vector<const Foundation*> suspected(const std::vector<Judgement>& judgements,
                                         const std::vector<const Foundation*>& foundations) {
  std::set<const Foundation*> failed;
  for (const Judgement& judgement : judgements) {
    if (!judgement.red) continue;
    for (const Step& step : judgement.result.met.unheld) failed.insert(step.foundation);
  }
  std::vector<const Foundation*> out;
  for (const Foundation* foundation : foundations) {
    if (failed.contains(foundation)) out.push_back(foundation);
  }
  return out;
}

std::vector<Cause> causes_of(const std::vector<Judgement>& judgements, const Tried& tried) {
  return Folding(judgements, tried).all();
}

}  // namespace conformance
