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

/// Conditions of which one value of several is enough.
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

/// Keys whose members are conditions with names of the author's choice.
bool names_conditions(const std::string& key) {
  return key == "headers" || key == "metadata" || key == "attributes" || key == "json" ||
         key == "query";
}

bool is_number_key(const std::string& key) {
  return std::ranges::find(number_keys, key) != number_keys.end();
}

/// {"above": 5}, wherever it stands.
bool is_about_number(const json& condition) {
  if (!condition.is_object() || condition.empty()) return false;
  for (const auto& [key, limit] : condition.items())
    if (!is_number_key(key)) return false;
  return true;
}

/// nullopt: a value of the request.
std::optional<std::uint64_t> constant_of(const json& limit) {
  if (limit.is_number_unsigned()) return limit.get<std::uint64_t>();
  if (!limit.is_string()) return std::nullopt;
  const auto size = parse_bytes(limit.get_ref<const std::string&>());
  return size ? std::optional{size->value} : std::nullopt;
}

/// The only number that fulfils the condition.
std::optional<std::uint64_t> only_number(const json& condition) {
  if (condition.is_string()) return whole_number(condition.get_ref<const std::string&>());
  if (condition.is_number_unsigned()) return condition.get<std::uint64_t>();
  if (!condition.is_object()) return std::nullopt;
  if (condition.contains("equals")) return only_number(condition.at("equals"));
  return condition.contains("same_as") ? constant_of(condition.at("same_as")) : std::nullopt;
}

/// Whether every number that fulfils `narrow` also fulfils the member `key` of another condition.
bool implies_number(const json& narrow, const std::string& key, const json& limit) {
  if (narrow.is_object() && narrow.contains(key) && narrow.at(key) == limit) return true;
  const auto wide = constant_of(limit);
  if (!wide) return false;
  const auto fulfils = [&](std::uint64_t number) {
    if (key == "above") return number > *wide;
    if (key == "below") return number < *wide;
    if (key == "same_as") return number == *wide;
    if (key == "other_than") return number != *wide;
    return (number % *wide == 0) == (key == "multiple_of");
  };
  if (const auto number = only_number(narrow)) return fulfils(*number);
  const auto own =
      narrow.is_object() && narrow.contains(key) ? constant_of(narrow.at(key)) : std::nullopt;
  if (!own) return false;
  if (key == "above") return *own >= *wide;
  if (key == "below") return *own <= *wide;
  if (key == "multiple_of") return *own % *wide == 0;
  if (key == "not_multiple_of") return *wide % *own == 0;
  return *own == *wide;
}

/// The same for conditions on one text or number.
bool implies_condition(const json& narrow, const json& wide) {
  if (narrow == wide) return true;
  if (wide == true) return is_about_number(narrow);
  if (!is_about_number(wide)) return false;
  for (const auto& [key, limit] : wide.items())
    if (!implies_number(narrow, key, limit)) return false;
  return true;
}

/// Whether whatever fulfils `narrow` fulfils `wide` as well, as far as can be told.
bool implies(const json& narrow, const json& wide, bool of_conditions = false) {
  for (const auto& [key, value] : wide.items()) {
    if (!narrow.contains(key)) return false;
    const auto& other = narrow.at(key);
    const bool one = of_conditions || key == "length" || key == "offset" || key == "count";
    if (one                                      ? !implies_condition(other, value)
        : is_any_of(key)                         ? !contains_all(value, other)
        : value.is_object() && other.is_object() ? !implies(other, value, names_conditions(key))
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
  // A rule that sets a mark is never hidden: no rule can take that away.
  const auto stage = stage_of(rule.moment());
  const bool of_request = stage == Stage::exchange || stage == Stage::cut_off;
  if (of_request && !rule.sets) result.axes = axes_of(rule.then).names();
  const auto whole = json::parse(rule.json);
  if (whole.contains("when")) result.when = whole.at("when");
  for (const auto* key :
       {"nth", "every", "rate", "concurrent", "probability", "after", "until", "within"})
    result.always = result.always && !result.when.contains(key);
  const auto& others = rule.when.upload.others;
  result.always = result.always && !rule.times && !rule.needs && !(others && others->marked);
  return result;
}

// A file may hold thousands of rules, most of which differ in what they ask for.
constexpr std::size_t most_comparisons = 1'000'000;

/// The conditions of `when` that every `when` which implies it repeats literally. Those on numbers
/// are not among them, as a narrower one reads differently; with `presence`, that there is a number
/// is.
void add_literals(const json& when, const std::string& place, std::vector<std::string>& into,
                  bool presence = false) {
  for (const auto& [key, value] : when.items()) {
    if (is_any_of(key)) continue;
    if (presence && is_about_number(value)) into.push_back(place + '/' + key + "=true");
    if (value.is_object() && !is_about_number(value))
      add_literals(value, place + '/' + key, into, presence);
    else if (!value.is_object())
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
    // The condition that the fewest rules have.
    const auto chosen = std::ranges::min_element(
        literals, {}, [&](const auto& literal) { return numbers(axis, literal).size(); });
    const auto literal = chosen == literals.end() ? std::string{} : *chosen;
    for (const auto& one : earlier.axes) by_key_[key(one, literal)].push_back(number);
  }

  /// In their order.
  [[nodiscard]] std::vector<std::size_t> of(const Written& later) const {
    const auto& axis = *later.axes.begin();
    std::vector<std::string> literals{{}};
    add_literals(later.when, {}, literals, true);
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

std::vector<std::string> marks_asked_for(const Rule& rule) {
  std::vector<std::string> marks;
  if (rule.needs) marks.push_back(*rule.needs);
  const auto& reply = rule.then.reply;
  if (reply && reply->replay == ReplyEdit::Replay::marked) marks.push_back(reply->replay_mark);
  if (rule.when.upload.others && rule.when.upload.others->marked)
    marks.push_back(*rule.when.upload.others->marked);
  if (rule.then.upload && rule.then.upload->of) marks.push_back(*rule.then.upload->of);
  return marks;
}

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
  for (const auto* rule : rules)
    for (const auto& mark : marks_asked_for(*rule))
      if (!is_set(mark)) return lost(*rule, mark);
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
