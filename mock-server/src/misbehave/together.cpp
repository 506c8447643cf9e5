// What can only be said of rules that are loaded together.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "misbehave/load.hpp"

namespace mock::misbehave {
namespace {

using nlohmann::json;

// ---- axes: what the first rule takes away from those after it

void add_fields(std::set<std::string>& axes, const std::string& of, const FieldEdits& edits) {
  const auto add = [&](std::string name) {
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    axes.insert(of + " header " + name);
  };
  for (const auto& [name, value] : edits.set) add(name);
  for (const auto& name : edits.drop) add(name);
  for (const auto& replace : edits.replace) add(replace.name);
}

void add_reply(std::set<std::string>& axes, const ReplyEdit& edit) {
  if (edit.none || edit.raw) axes.insert("reply raw");
  if (edit.early != ReplyEdit::Early::no) axes.insert("reply early");
  if (edit.status) axes.insert("reply status");
  if (edit.reason) axes.insert("reply reason");
  if (edit.body.any()) axes.insert("reply body");
  if (edit.truncate_head || edit.truncate_body) axes.insert("reply truncate");
  if (edit.replay != ReplyEdit::Replay::no) axes.insert("reply replay");
  add_fields(axes, "reply", edit.fields);
}

void add_pace(std::set<std::string>& axes, const Pace& pace) {
  if (pace.before.any()) axes.insert("pace before");
  if (pace.reply.any()) axes.insert("pace reply");
  if (pace.slice > Bytes{0}) axes.insert("pace slice");
  if (pace.receive.bytes_per_second > 0) axes.insert("pace receive");
  if (pace.send.bytes_per_second > 0) axes.insert("pace send");
}

/// Empty when the rule does something that no other rule can take away.
std::set<std::string> axes_of(const Rule& rule) {
  const auto& then = rule.then;
  std::set<std::string> axes;
  if (rule.sets || then.upload || then.server || then.connection || then.effect) return axes;
  if (then.request) {
    if (then.request->method) axes.insert("request method");
    if (then.request->target) axes.insert("request target");
    if (then.request->body.any()) axes.insert("request body");
    add_fields(axes, "request", then.request->fields);
  }
  if (then.commit) axes.insert("commit");
  if (then.reply) add_reply(axes, *then.reply);
  if (then.socket) axes.insert(then.socket->before ? "socket before" : "socket after");
  if (then.pace) add_pace(axes, *then.pace);
  return axes;
}

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
  std::set<std::string> axes;
  bool always;  ///< nothing but its conditions keeps it from firing
};

Written written(const Rule& rule) {
  Written result{&rule, json::object(), axes_of(rule), true};
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
  static std::string key(const std::string& axis, const std::string& literal) {
    return axis + '\n' + literal;
  }
  [[nodiscard]] const std::vector<std::size_t>& numbers(const std::string& axis,
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
