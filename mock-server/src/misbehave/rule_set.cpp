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
  enum class Kind { header, upload_id, metadata } kind = Kind::header;
  std::string name;
  bool operator==(const Gate&) const = default;

  [[nodiscard]] std::optional<std::string_view> value(const Facts& facts) const {
    switch (kind) {
      case Kind::header:
        return facts.fields().find(name);
      case Kind::upload_id:
        if (facts.match().id.empty()) return std::nullopt;
        return facts.match().id;
      case Kind::metadata:
        return facts.metadata().find(name);
    }
    return std::nullopt;
  }
};

struct RuleSet::Group {
  struct Member {
    ActiveRule* active;
    Rank rank;
    const std::string* label;
  };
  Gate gate;
  std::unordered_map<std::string, std::vector<ActiveRule*>, Hash, std::equal_to<>> by_value;
  std::vector<ActiveRule*> others;  ///< ask for more than one value
  std::vector<Member> members;
  bool asked = false;
};

struct RuleSet::Cell {
  std::vector<ActiveRule*> plain;  ///< behind no gate
  std::vector<Group> groups;

  void add(ActiveRule& active) {
    const auto& when = active.rule.when;
    // Equality sorts out most, and a header is had for nothing.
    const auto named = [&](const std::vector<NamedCondition>& conditions, Gate::Kind kind,
                           Rank rank, bool equal) {
      for (const auto& one : conditions) {
        const bool fits =
            equal ? one.value.kind == TextCondition::Kind::equals : wants_presence(one.value);
        if (!fits) continue;
        put(active, {kind, one.name}, one.value, rank, one.label);
        return true;
      }
      return false;
    };
    for (const bool equal : {true, false}) {
      if (named(when.fields, Gate::Kind::header, at_header, equal)) return;
      const auto& id = when.upload.id;
      if (id && (equal ? id->kind == TextCondition::Kind::equals : wants_presence(*id)))
        return put(active, {Gate::Kind::upload_id, {}}, *id, at_upload, upload_id_text);
      if (named(when.metadata, Gate::Kind::metadata, at_metadata, equal)) return;
    }
    plain.push_back(&active);
  }

  void put(ActiveRule& active, Gate gate, const TextCondition& condition, Rank rank,
           const std::string& label) {
    auto group = std::ranges::find(groups, gate, &Group::gate);
    if (group == groups.end()) {
      groups.push_back({std::move(gate), {}, {}, {}, false});
      group = std::prev(groups.end());
    }
    if (condition.kind == TextCondition::Kind::equals)
      group->by_value[condition.text].push_back(&active);
    else
      group->others.push_back(&active);
    group->members.push_back({&active, rank, &label});
  }
};

RuleSet::RuleSet(Rules by_order) : rules_(std::move(by_order)) {
  for (const auto& active : rules_) {
    const auto& when = active->rule.when;
    const auto& reply = active->rule.then.reply;
    if (reply && reply->replay == ReplyEdit::Replay::marked) replayed_.insert(reply->replay_mark);
    if (active->moment == Moment::connection) {
      connections_.push_back(active.get());
      continue;
    }
    if (active->moment == Moment::effect || active->moment == Moment::delivered) {
      effects_.push_back(active.get());
      continue;
    }
    for (std::size_t route = 0; route < route_count; ++route) {
      const auto named = static_cast<Route>(route);
      if (named == Route::control) continue;
      if (!when.routes.empty() && std::ranges::count(when.routes, named) == 0) continue;
      for (std::size_t method = 0; method < method_count; ++method) {
        const auto takes = [&](const std::string& name) { return method_slot(name) == method; };
        if (!when.methods.empty() && std::ranges::none_of(when.methods, takes)) continue;
        auto& cell = cells_[route][method];
        if (!cell) cell = std::make_shared<Cell>();
        cell->add(*active);
      }
    }
  }
}

std::vector<Pending> RuleSet::holding(const Facts& facts) const {
  std::vector<Pending> holding;
  const auto& cell =
      cells_[static_cast<std::size_t>(facts.match().route)][method_slot(facts.method())];
  if (!cell) return holding;
  const auto look_at = [&](const std::vector<ActiveRule*>& rules) {
    for (auto* active : rules) {
      Pending pending{active};
      if (holds_so_far(facts, pending)) holding.push_back(pending);
    }
  };
  look_at(cell->plain);
  for (auto& group : cell->groups) {
    group.asked = true;
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

void RuleSet::tell_misses() const {
  for (const auto& route : cells_)
    for (const auto& cell : route) {
      if (!cell) continue;
      for (const auto& group : cell->groups) {
        if (!group.asked) continue;
        for (const auto& member : group.members) {
          const auto& counts = member.active->counts;
          if (counts.nearest_miss == nullptr && counts.matched == 0)
            member.active->miss(member.rank, *member.label);
        }
      }
    }
}

}  // namespace mock::misbehave
