// What can only be said of rules that are loaded together.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "misbehave/action.hpp"
#include "misbehave/load.hpp"

namespace mock::misbehave {
namespace {

using nlohmann::json;

// ---- conditions, as they are written

/// Of these one value of several is enough.
bool is_any_of(const std::string& key) {
  return key == "method" || key == "wire_method" || key == "route" || key == "status";
}

bool contains_all(const json& all, const json& wanted) {
  const auto one_of = [&](const json& value) {
    if (!all.is_array()) return all == value;
    return std::find(all.begin(), all.end(), value) != all.end();
  };
  if (!wanted.is_array()) return one_of(wanted);
  return std::all_of(wanted.begin(), wanted.end(), one_of);
}

/// Whether whatever fulfils `narrow` fulfils `wide` as well, as far as can be told.
bool implies(const json& narrow, const json& wide) {
  for (const auto& [key, value] : wide.items()) {
    if (!narrow.contains(key)) return false;
    const auto& other = narrow.at(key);
    if (is_any_of(key)                           ? !contains_all(value, other)
        : value.is_object() && other.is_object() ? !implies(other, value)
                                                 : value != other)
      return false;
  }
  return true;
}

struct Written {
  const Rule* rule;
  json when;
  std::set<Axes::Name> axes;
  bool always;  ///< nothing but its conditions keeps it from firing
};

Written written(const Rule& rule) {
  Written result{&rule, json::object(), {}, true};
  // To set a mark is more than any rule takes away.
  const auto stage = stage_of(rule.moment());
  const bool of_request = stage == Stage::exchange || stage == Stage::cut_off;
  if (of_request && !rule.sets) result.axes = axes_of(rule.then).names();
  const auto whole = json::parse(rule.json);
  if (whole.contains("when")) result.when = whole.at("when");
  for (const auto* key : {"nth", "every", "probability", "after", "until", "within"})
    result.always = result.always && !result.when.contains(key);
  result.always = result.always && !rule.times && !rule.needs;
  return result;
}

// A file may hold thousands of rules, most of which differ in what they ask for.
constexpr std::size_t most_comparisons = 1'000'000;

/// The conditions of `when` that are there literally in every `when` that implies it.
void add_literals(const json& when, const std::string& place, std::vector<std::string>& into) {
  for (const auto& [key, value] : when.items()) {
    if (is_any_of(key)) continue;
    if (value.is_object())
      add_literals(value, place + '/' + key, into);
    else
      into.push_back(place + '/' + key + '=' + value.dump());
  }
}

/// Which earlier rules might hide a later one, found by an axis and a condition that it must share.
class Suspects {
 public:
  void add(std::size_t number, const Written& earlier) {
    std::vector<std::string> literals;
    add_literals(earlier.when, {}, literals);
    const auto& axis = *earlier.axes.begin();
    // The one that the fewest have.
    const auto chosen = std::ranges::min_element(
        literals, {}, [&](const auto& literal) { return numbers(axis, literal).size(); });
    const auto literal = chosen == literals.end() ? std::string{} : *chosen;
    for (const auto& one : earlier.axes) by_key_[key(one, literal)].push_back(number);
  }

  /// In their order.
  [[nodiscard]] std::vector<std::size_t> of(const Written& later) const {
    const auto& axis = *later.axes.begin();
    std::vector<std::string> literals{{}};
    add_literals(later.when, {}, literals);
    std::vector<std::size_t> all;
    for (const auto& literal : literals) {
      const auto& found = numbers(axis, literal);
      all.insert(all.end(), found.begin(), found.end());
    }
    std::ranges::sort(all);
    return all;
  }

 private:
  static std::string key(const Axes::Name& axis, const std::string& literal) {
    return std::to_string(static_cast<int>(axis.first)) + axis.second + '\n' + literal;
  }
  [[nodiscard]] const std::vector<std::size_t>& numbers(const Axes::Name& axis,
                                                        const std::string& literal) const {
    static const std::vector<std::size_t> none;
    const auto found = by_key_.find(key(axis, literal));
    return found == by_key_.end() ? none : found->second;
  }

  std::unordered_map<std::string, std::vector<std::size_t>> by_key_;
};

}  // namespace

Result<void> fit_together(const std::vector<const Rule*>& rules, const LoadedNames& loaded) {
  std::set<std::string_view> names;
  std::set<std::string_view> marks;
  for (const auto* rule : rules) {
    if (!names.insert(rule->name).second || loaded.rules.contains(rule->name))
      return failure("rule '" + rule->name + "'", "is loaded twice",
                     "give each rule a name of its own");
    if (rule->sets) marks.insert(*rule->sets);
  }
  const auto lost = [](const Rule& rule, const std::string& mark) {
    return failure("rule '" + rule.name + "'",
                   "needs the mark '" + mark + "', which no rule sets: it can never fire");
  };
  const auto is_set = [&](const std::string& mark) {
    return marks.contains(mark) || loaded.marks.contains(mark);
  };
  for (const auto* rule : rules) {
    if (rule->needs && !is_set(*rule->needs)) return lost(*rule, *rule->needs);
    const auto& reply = rule->then.reply;
    if (reply && reply->replay == ReplyEdit::Replay::marked && !is_set(reply->replay_mark))
      return lost(*rule, reply->replay_mark);
  }
  return {};
}

std::optional<Shadow> shadow_among(const std::vector<Rule>& rules) {
  std::vector<Written> all;
  all.reserve(rules.size());
  Suspects suspects;
  std::size_t left = most_comparisons;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& later = all.emplace_back(written(rules[i]));
    if (later.axes.empty()) continue;
    for (const auto j : suspects.of(later)) {
      if (left-- == 0) return std::nullopt;
      const auto& earlier = all[j];
      if (earlier.rule->moment() == rules[i].moment() &&
          std::ranges::includes(earlier.axes, later.axes) && implies(later.when, earlier.when))
        return Shadow{i, j};
    }
    if (later.always) suspects.add(i, later);
  }
  return std::nullopt;
}

}  // namespace mock::misbehave
