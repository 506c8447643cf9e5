#include <algorithm>

#include "misbehave/engine.hpp"

namespace mock::misbehave {
namespace {

constexpr std::array<std::string_view, 8> methods{"OPTIONS", "HEAD",  "GET",    "POST",
                                                  "PUT",     "PATCH", "DELETE", "TRACE"};

std::size_t method_slot(std::string_view method) {
  const auto found = std::find(methods.begin(), methods.end(), method);
  return static_cast<std::size_t>(found - methods.begin());
}

const std::string upload_id_text = "upload id";

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

/// Conditions that something is there, and so worth looking at before the rule.
bool wants_presence(const TextCondition& condition) {
  return condition.kind != TextCondition::Kind::absent;
}

}  // namespace

/// What is looked up once for all rules that ask for it.
struct RuleSet::Gate {
  enum class Kind { header, upload_id, metadata, attribute } kind = Kind::header;
  std::string name;

  [[nodiscard]] std::optional<std::string_view> value(const Facts& facts) const {
    switch (kind) {
      case Kind::header:
        return facts.fields().find(name);
      case Kind::upload_id:
        if (facts.addressed().id.empty()) return std::nullopt;
        return facts.addressed().id;
      case Kind::metadata:
        return facts.metadata(name);
      case Kind::attribute:
        return facts.attribute(name);
    }
    return std::nullopt;
  }
};

struct RuleSet::Group {
  Gate gate;
  std::unordered_map<std::string, std::vector<ActiveRule*>, Hash, std::equal_to<>> by_value;
  std::vector<ActiveRule*> others;  ///< ask for more than one value
};

struct RuleSet::Cell {
  std::size_t taken = 0;           ///< how many rules of the set were looked at for it
  std::vector<ActiveRule*> plain;  ///< behind no gate
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> by_gate;  ///< index in `groups`

  void add(ActiveRule& active) {
    const auto& when = active.rule.when;
    // Equality sorts out most, and a header is had for nothing.
    const auto named = [&](const std::vector<NamedCondition>& conditions, Gate::Kind kind,
                           bool equal) {
      for (const auto& one : conditions) {
        const bool fits =
            equal ? one.value.kind == TextCondition::Kind::equals : wants_presence(one.value);
        if (!fits) continue;
        put(active, {kind, one.name}, one.value, one.label);
        return true;
      }
      return false;
    };
    for (const bool equal : {true, false}) {
      if (named(when.fields, Gate::Kind::header, equal)) return;
      const auto& id = when.upload.id;
      if (id && (equal ? id->kind == TextCondition::Kind::equals : wants_presence(*id)))
        return put(active, {Gate::Kind::upload_id, {}}, *id, upload_id_text);
      if (named(when.metadata, Gate::Kind::metadata, equal)) return;
      if (named(when.upload.attributes, Gate::Kind::attribute, equal)) return;
    }
    plain.push_back(&active);
  }

  void put(ActiveRule& active, Gate gate, const TextCondition& condition,
           const std::string& label) {
    const auto key = std::to_string(static_cast<int>(gate.kind)) + gate.name;
    const auto [known, added] = by_gate.emplace(key, groups.size());
    if (added) groups.push_back({std::move(gate), {}, {}});
    auto& group = groups[known->second];
    if (condition.kind == TextCondition::Kind::equals)
      group.by_value[condition.text].push_back(&active);
    else
      group.others.push_back(&active);
    // The request that brings the rule here is the first to be sorted out, unless it asks the rule.
    if (active.counts.gate_miss == nullptr) active.counts.gate_miss = &label;
  }
};

RuleSet::RuleSet() = default;
RuleSet::~RuleSet() = default;

RuleSet::RuleSet(Rules by_order) {
  rules_.reserve(by_order.size());
  for (auto& active : by_order) append(std::move(active));
}

void RuleSet::append(std::shared_ptr<ActiveRule> active) {
  const auto& reply = active->rule.then.reply;
  if (reply && reply->replay == ReplyEdit::Replay::marked) replayed_.insert(reply->replay_mark);
  if (active->moment == Moment::connection) connections_.push_back(active.get());
  if (active->moment == Moment::effect || active->moment == Moment::delivered)
    effects_.push_back(active.get());
  rules_.push_back(std::move(active));
}

RuleSet::Row& RuleSet::row_of(Route route) {
  for (auto& row : rows_) {
    if (row.route == route) return row;
  }
  return rows_.emplace_back(Row{route, {}});
}

void RuleSet::catch_up(Cell& cell, Route route, std::size_t method) const {
  for (; cell.taken < rules_.size(); ++cell.taken) {
    auto& active = *rules_[cell.taken];
    const auto& when = active.rule.when;
    if (active.moment == Moment::connection || active.moment == Moment::effect ||
        active.moment == Moment::delivered)
      continue;
    if (!when.routes.empty() && std::ranges::count(when.routes, route) == 0) continue;
    const auto takes = [&](const std::string& name) { return method_slot(name) == method; };
    if (!when.methods.empty() && std::ranges::none_of(when.methods, takes)) continue;
    cell.add(active);
  }
}

std::vector<Pending> RuleSet::holding(const Facts& facts) {
  std::vector<Pending> holding;
  const auto route = facts.addressed().route;
  const auto method = method_slot(facts.method());
  auto& cell = row_of(route).cells[method];
  if (!cell) cell = std::make_unique<Cell>();
  if (cell->taken < rules_.size()) catch_up(*cell, route, method);
  const auto look_at = [&](const std::vector<ActiveRule*>& rules) {
    for (auto* active : rules) {
      Pending pending{active};
      if (holds_so_far(facts, pending)) holding.push_back(pending);
    }
  };
  look_at(cell->plain);
  for (const auto& group : cell->groups) {
    const auto value = group.gate.value(facts);
    if (!value) continue;
    if (const auto found = group.by_value.find(*value); found != group.by_value.end())
      look_at(found->second);
    look_at(group.others);
  }
  const auto order = [](const Pending& pending) { return pending.active->order; };
  if (!std::ranges::is_sorted(holding, {}, order)) std::ranges::sort(holding, {}, order);
  return holding;
}

}  // namespace mock::misbehave
