#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <unordered_map>

#include "misbehave/common_syntax.hpp"
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
const std::string path_text = "path";
const std::string after_text = "after: the time had not come yet";
const std::string until_text = "until: the time was over";
const std::string age_text = "upload age";
const std::string written_text = "upload unwritten_for or written_within";

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

/// Hash and equality of names without regard to letter case.
struct AnyCase {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a, with the bit set that tells cases
    for (const char c : name)
      hash = (hash ^ (static_cast<unsigned char>(c) | 0x20U)) * 1'099'511'628'211U;
    return hash;
  }
  bool operator()(std::string_view a, std::string_view b) const { return ::http::same_name(a, b); }
};

/// A map by text. By its size alone, most texts are known not to be in it.
template <class Value>
class ByText {
 public:
  Value& operator[](const std::string& text) {
    sizes_ |= bit(text);
    return values_[text];
  }
  Value* find(std::string_view text) {
    if ((sizes_ & bit(text)) == 0) return nullptr;
    const auto found = values_.find(text);
    return found != values_.end() ? &found->second : nullptr;
  }

 private:
  static std::uint64_t bit(std::string_view text) { return 1ULL << (text.size() % 64); }
  std::uint64_t sizes_ = 0;
  std::unordered_map<std::string, Value, Hash, std::equal_to<>> values_;
};

/// Whether the condition needs a value to be there, which can be looked up before the rule is.
bool wants_presence(const TextCondition& condition) {
  return condition.kind != TextCondition::Kind::absent;
}

}  // namespace

/// A value of the request that is looked up once for all rules that ask for it.
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
  ByText<Candidates> by_value;
  Candidates others;  ///< rules that more than one value satisfies

  template <class LookAt>
  void ask(const Facts& facts, const LookAt& look_at) {
    const auto value = gate.value(facts);
    if (!value) return;
    if (auto* const found = by_value.find(*value)) look_at(*found);
    look_at(others);
  }
};

/// The gates of one kind.
struct RuleSet::Groups {
  std::vector<Group> all;
  std::unordered_map<std::string, std::size_t> by_name;  ///< index in `all`
  std::unordered_map<std::string, std::vector<std::size_t>, AnyCase, AnyCase> by_letters;

  Group& of(Gate gate) {
    const auto [known, added] = by_name.emplace(gate.name, all.size());
    if (added) {
      by_letters[gate.name].push_back(all.size());
      all.push_back({std::move(gate), {}, {}});
    }
    return all[known->second];
  }

  /// More than a request usually has names: then the request's names are looked up in these.
  [[nodiscard]] bool many() const { return all.size() > 8; }
  /// Indices of those with that name, in any letter case.
  [[nodiscard]] std::span<const std::size_t> called(std::string_view name) const {
    const auto found = by_letters.find(name);
    return found != by_letters.end() ? found->second : std::span<const std::size_t>{};
  }
  template <class LookAt>
  void ask_all(const Facts& facts, const LookAt& look_at) {
    for (auto& group : all) group.ask(facts, look_at);
  }
};

/// Rules by the time or duration that they ask for: only those up to a value, or from it on, are
/// looked at.
struct RuleSet::Scale {
  std::map<TimePoint::duration, Candidates> rules;

  template <class LookAt>
  void ask_up_to(TimePoint::duration value, const LookAt& look_at) {
    for (auto at = rules.begin(); at != rules.end() && at->first <= value; ++at)
      look_at(at->second);
  }
  template <class LookAt>
  void ask_from(TimePoint::duration value, const LookAt& look_at) {
    for (auto at = rules.lower_bound(value); at != rules.end(); ++at) look_at(at->second);
  }
};

struct RuleSet::Cell {
  /// Up to so many rules, the first `told_limit` requests since one was added look at each, so that
  /// reports can tell what the requests had. With more rules, reports tell what gates ask for.
  static constexpr std::size_t few = 256;
  std::size_t taken = 0;     ///< how many rules of the set catch_up has seen
  Candidates all;            ///< as long as they are few
  bool many = false;         ///< there are more than `few`
  std::uint64_t looked = 0;  ///< how many requests looked at all rules
  Candidates plain;          ///< behind no gate
  Groups headers;
  Groups metadata;
  Groups others;
  ByText<Candidates> by_beginning;      ///< of the path
  std::vector<std::size_t> beginnings;  ///< how long these are
  std::string all_begin;                ///< what all beginnings have in common
  Scale after, until;                   ///< by the lane's clock
  Scale older_than, younger_than;       ///< of uploads
  Scale unwritten_for, written_within;  ///< of uploads

  void add(ActiveRule& active) {
    looked = 0;
    many = many || all.size() == few;
    many ? all.clear() : all.push_back(&active);
    if (!put_by_text(active) && !put_by_path(active) && !put_by_time(active))
      plain.push_back(&active);
  }

  bool put_by_text(ActiveRule& active) {
    const auto& when = active.rule.when;
    // Equality rules most requests out, and a header is the cheapest to look up.
    const auto named = [&](const std::vector<NamedCondition>& conditions, Gate::Kind kind,
                           Groups& groups, bool equal) {
      for (const auto& one : conditions) {
        const bool fits =
            equal ? one.value.kind == TextCondition::Kind::equals : wants_presence(one.value);
        if (!fits) continue;
        put(active, groups.of({kind, one.name}), one.value, one.label);
        return true;
      }
      return false;
    };
    for (const bool equal : {true, false}) {
      if (named(when.fields, Gate::Kind::header, headers, equal)) return true;
      const auto& id = when.upload.id;
      if (id && (equal ? id->kind == TextCondition::Kind::equals : wants_presence(*id))) {
        put(active, others.of({Gate::Kind::upload_id, {}}), *id, upload_id_text);
        return true;
      }
      if (named(when.metadata, Gate::Kind::metadata, metadata, equal)) return true;
      if (named(when.upload.attributes, Gate::Kind::attribute, others, equal)) return true;
    }
    return false;
  }

  static void put(ActiveRule& active, Group& group, const TextCondition& condition,
                  const std::string& label) {
    if (condition.kind == TextCondition::Kind::equals)
      group.by_value[condition.text].push_back(&active);
    else
      group.others.push_back(&active);
    sort_out(active, label);
  }

  bool put_by_path(ActiveRule& active) {
    const auto& path = active.rule.when.path;
    const auto beginning = path ? literal_prefix(path->expression()) : std::string{};
    // All paths begin with a slash.
    if (beginning.size() < 2) return false;
    if (beginnings.empty()) all_begin = beginning;
    all_begin.erase(std::ranges::mismatch(all_begin, beginning).in1, all_begin.end());
    by_beginning[beginning].push_back(&active);
    if (std::ranges::count(beginnings, beginning.size()) == 0)
      beginnings.push_back(beginning.size());
    sort_out(active, path_text);
    return true;
  }

  /// Not for rules with a condition that is looked at before the time: reports name the condition
  /// that failed first.
  bool put_by_time(ActiveRule& active) {
    const auto& when = active.rule.when;
    const auto put = [&](Scale& scale, TimePoint::duration bound, const std::string& label) {
      scale.rules[bound].push_back(&active);
      sort_out(active, label);
      return true;
    };
    if (when.lane) return false;
    const auto since_loaded = [&](Milliseconds time) {
      const auto loaded = active.since.time_since_epoch();
      const auto left = TimePoint::duration::max() - loaded;
      return time < left ? loaded + time : TimePoint::duration::max();
    };
    if (when.after) return put(after, since_loaded(*when.after), after_text);
    if (when.until) return put(until, since_loaded(*when.until), until_text);
    if (!when.wire_methods.empty() || when.arrival || when.path || !when.fields.empty() ||
        !when.metadata.empty())
      return false;
    const auto& upload = when.upload;
    if (upload.older_than) return put(older_than, *upload.older_than, age_text);
    if (upload.younger_than) return put(younger_than, *upload.younger_than, age_text);
    if (upload.unwritten_for) return put(unwritten_for, *upload.unwritten_for, written_text);
    if (upload.written_within) return put(written_within, *upload.written_within, written_text);
    return false;
  }

  /// The index is made for a request. Until one looks at the rule itself, reports say that requests
  /// failed at the condition by which the rule is indexed.
  static void sort_out(ActiveRule& active, const std::string& label) {
    if (active.counts.gate_miss == nullptr) active.counts.gate_miss = &label;
  }

  template <class LookAt>
  void ask(const Facts& facts, const LookAt& look_at) {
    look_at(plain);
    ask_names(facts, look_at);
    others.ask_all(facts, look_at);
    ask_beginnings(facts.request().path, look_at);
    if (!after.rules.empty() || !until.rules.empty()) {
      after.ask_up_to(facts.now().time_since_epoch(), look_at);
      until.ask_from(facts.now().time_since_epoch(), look_at);
    }
    ask_ages(facts, look_at);
  }

  template <class LookAt>
  void ask_names(const Facts& facts, const LookAt& look_at) {
    if (!headers.many()) {
      headers.ask_all(facts, look_at);
    } else {
      const auto& fields = facts.fields();
      for (const auto& field : fields) {
        const auto called = headers.called(field.name);
        // An earlier field of that name has asked already.
        if (called.empty() || fields.find(field.name)->data() != field.value.data()) continue;
        for (const auto at : called) headers.all[at].ask(facts, look_at);
      }
    }
    if (!metadata.many()) return metadata.ask_all(facts, look_at);
    const auto* const attributes = facts.attributes();
    if (attributes == nullptr) return;
    std::set<std::size_t> asked;
    attributes->visit_metadata([&](std::string_view name, const std::string&) {
      for (const auto at : metadata.called(name))
        if (asked.insert(at).second) metadata.all[at].ask(facts, look_at);
    });
  }

  template <class LookAt>
  void ask_beginnings(std::string_view path, const LookAt& look_at) {
    if (beginnings.empty() || !path.starts_with(all_begin)) return;
    for (const auto size : beginnings) {
      if (size > path.size()) continue;
      if (auto* const found = by_beginning.find(path.substr(0, size))) look_at(*found);
    }
  }

  template <class LookAt>
  void ask_ages(const Facts& facts, const LookAt& look_at) {
    const bool any = !older_than.rules.empty() || !younger_than.rules.empty() ||
                     !unwritten_for.rules.empty() || !written_within.rules.empty();
    const auto* const upload = any ? facts.upload() : nullptr;
    if (upload == nullptr) return;
    const auto lived = facts.now() - upload->created;
    older_than.ask_up_to(lived, look_at);
    younger_than.ask_from(lived, look_at);
    const auto quiet = facts.now() - upload->modified;
    unwritten_for.ask_up_to(quiet, look_at);
    written_within.ask_from(quiet, look_at);
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
  const auto look_at = [&](Candidates& rules) {
    bool exhausted = false;
    for (auto* active : rules) {
      Pending pending{active};
      if (holds_so_far(facts, pending)) holding.push_back(pending);
      exhausted = exhausted || active->exhausted();
    }
    // They never come back in this set: resetting the counts makes another.
    if (exhausted) std::erase_if(rules, [](const auto* active) { return active->exhausted(); });
  };
  if (!cell->many && cell->looked < told_limit) {
    ++cell->looked;
    look_at(cell->all);
  } else {
    cell->ask(facts, look_at);
  }
  const auto order = [](const Pending& pending) { return pending.active->order; };
  if (!std::ranges::is_sorted(holding, {}, order)) std::ranges::sort(holding, {}, order);
  return holding;
}

}  // namespace mock::misbehave
