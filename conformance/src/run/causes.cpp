#include "run/causes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace conformance {
namespace {

bool met(const Judgement& judgement, const std::vector<Step>& steps) {
  const auto& unheld = judgement.result.met.unheld;
  return std::any_of(unheld.begin(), unheld.end(), [&](const Step& step) {
    return std::find(steps.begin(), steps.end(), step) != steps.end();
  });
}

/// Least is best: stricter levels, what failed before what could not be judged, then what is short
/// to read.
std::tuple<int, int, std::size_t, std::size_t> rank(const Judgement& judgement) {
  const CaseResult& result = judgement.result;
  const std::size_t shown = result.transcript.empty() ? SIZE_MAX : result.transcript.size();
  return {static_cast<int>(result.row->level), result.verdict == Verdict::fail ? 0 : 1,
          result.met.unheld.size(), shown};
}

/// The row of a cause that shows it best.
const Judgement& best(const std::vector<Judgement>& judgements,
                      const std::vector<std::size_t>& rows) {
  return judgements[*std::min_element(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
    return rank(judgements[a]) < rank(judgements[b]);
  })];
}

/// The second try repeats the first; those that follow ask in another way.
Cause::Kind kind_of(const Trial& trial) {
  if (!trial.unsteady()) return Cause::Kind::broken;
  const bool again_held = trial.tries.size() > 1 && trial.tries[1].lacks.empty();
  return again_held || trial.tries.front().lacks.empty() ? Cause::Kind::unsteady
                                                         : Cause::Kind::partly;
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
    auto late = without_time();
    groups();
    for (const std::size_t row : left_) alone(row);
    std::stable_sort(causes_.begin(), causes_.end(),
                     [](const Cause& a, const Cause& b) { return a.weight() > b.weight(); });
    // Last, whatever their number: they say nothing of the target.
    if (late) causes_.push_back(std::move(*late));
    return std::move(causes_);
  }

 private:
  /// Removes the rows for which `belongs` holds from those that are left.
  template <class Belongs>
  std::vector<std::size_t> take(Belongs&& belongs) {
    std::vector<std::size_t> rows;
    for (const std::size_t i : left_) {
      if (belongs(judgements_[i])) rows.push_back(i);
    }
    for (const std::size_t i : rows) left_.erase(i);
    return rows;
  }

  [[nodiscard]] bool judged_as_not_offered(const Requirement& row) const {
    return std::any_of(row.excludes.begin(), row.excludes.end(), [&](const std::string& name) {
      return std::count(tried_.extensions.begin(), tried_.extensions.end(), name) > 0;
    });
  }
  void death(const Death& death);
  void foundation(const Trial& trial);
  void not_run();
  std::optional<Cause> without_time();
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
    const std::size_t others = cause.ask.size() - 1;
    cause.what = fmt::format("the target dies of {} ({}){}: no answer, {}",
                             suspects.front().request, suspects.front().row,
                             others > 0 ? fmt::format(" and of {} more", others) : "", after);
    cause.to_do =
        fmt::format("look into its log at that request; {}it is sent alone by the command below",
                    death.came_back ? "" : "start it again: ");
  } else {
    constexpr std::size_t most = 3;
    std::vector<std::string> named;
    for (const auto& suspect : suspects) {
      if (named.size() == most) break;
      named.push_back(fmt::format("{} ({})", suspect.request, suspect.row));
    }
    cause.what = fmt::format(
        "the target died of {}{}, which were under way, {}", fmt::join(named, " or "),
        suspects.size() > most ? fmt::format(" or {} more", suspects.size() - most) : "", after);
    cause.to_do = "start it again and run the rows that asked for them alone, as below";
  }
  cause.rows = take([&](const Judgement& judgement) { return judgement.result.met.unreachable; });
  for (const std::size_t row : cause.rows) {
    const CaseResult& result = judgements_[row].result;
    if (!suspects.empty() && result.row->id == suspects.front().row) {
      cause.transcript = result.transcript;
    }
  }
  causes_.push_back(std::move(cause));
}

void Folding::foundation(const Trial& trial) {
  Cause cause;
  cause.kind = kind_of(trial);
  cause.name = trial.foundation->name;
  const bool discovery = trial.foundation->tells_offers;
  cause.rows = take([&](const Judgement& judgement) {
    if (met(judgement, trial.met)) return true;
    // Rows without a request, and rows that are judged because something is not offered, rely on
    // what discovery told.
    const CaseResult& result = judgement.result;
    return discovery && trial.broken() && result.ran &&
           (result.transcript.empty() || judged_as_not_offered(*result.row));
  });
  if (discovery) cause.not_judged = tried_.not_offered;
  // A failure that no row met explains nothing; but an unsteady foundation is told in any case.
  if (cause.rows.empty() && cause.kind != Cause::Kind::unsteady) return;
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
                           cause.kind == Cause::Kind::unsteady ? " is unsteady"
                           : cause.kind == Cause::Kind::partly ? " in a way of asking"
                                                               : "",
                           fmt::join(answers, " or "), trial.foundation->demand);
  if (cause.kind == Cause::Kind::partly) {
    const auto& tries = trial.tries;
    const auto held = std::find_if(tries.begin(), tries.end(),
                                   [](const Trial::Try& one) { return one.lacks.empty(); });
    cause.to_do = fmt::format("mend {} {}: {} it is good", trial.foundation->name,
                              tries.front().how, held->how);
  } else if (cause.kind == Cause::Kind::unsteady) {
    cause.what += fmt::format(" ({} of {} tries)",
                              std::count_if(trial.tries.begin(), trial.tries.end(),
                                            [](const auto& t) { return !t.lacks.empty(); }),
                              trial.tries.size());
    cause.to_do = "find out why the same request is answered otherwise from one time to the next";
  } else {
    cause.to_do = trial.foundation->remedy;
  }
  if (!trial.remedy.empty()) cause.to_do = trial.remedy;
  if (!trial.said.empty()) cause.to_do += "; it says: " + trial.said;
  if (!cause.rows.empty()) cause.ask = {best(judgements_, cause.rows).result.row->id};
  causes_.push_back(std::move(cause));
}

/// The first cause ended the run before these rows, so they are its rows.
void Folding::not_run() {
  if (causes_.empty()) return;
  const auto rows = take([](const Judgement& judgement) {
    return !judgement.result.ran && judgement.result.verdict == Verdict::blocked;
  });
  auto& of_first = causes_.front().rows;
  of_first.insert(of_first.end(), rows.begin(), rows.end());
}

/// Rows for which there was no time, or before which the run was interrupted.
std::optional<Cause> Folding::without_time() {
  const auto rows = take([](const Judgement& judgement) {
    return !judgement.result.ran && judgement.result.verdict == Verdict::error;
  });
  if (rows.empty()) return std::nullopt;
  Cause cause;
  cause.kind = Cause::Kind::group;
  cause.name = "time";
  cause.what = judgements_[rows.front()].result.outcome.got;
  cause.to_do = "mend what the others are red of, give more time with --run-timeout, or --select";
  cause.rows = rows;
  return cause;
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
        key.second == "silence"
            ? "a plain one is answered by itself: run these alone, and look what held the server "
              "up "
              "when they ran beside others"
            : "a plain one holds by itself: look in the evidence of these rows what else is asked "
              "for";
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
    case Cause::Kind::partly:
      return "partly";
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
