#include "misbehave/relations.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "misbehave/engine.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

const std::string no_parts_text = "upload parts: it has none";
const std::string count_text = "upload parts count";
const std::string order_text = "upload parts in_order";
const std::string repeated_text = "upload parts repeated";
const std::string locked_text = "upload others locked";

bool in_order(const Facts& facts, const std::vector<std::string>& parts) {
  std::optional<TimePoint> last;
  for (const auto& id : parts) {
    const auto created = facts.created(id);
    if (created && last && *created < *last) return false;
    last = created ? created : last;
  }
  return true;
}

bool parts_hold(Look& look, const PartConditions& wanted, const Facts& facts) {
  const auto& parts = facts.parts();
  const auto at = [&](const std::string& text, std::string_view key, bool holds, auto value) {
    return look.at(at_upload, parts.empty() ? no_parts_text : text, {"upload", "parts", key},
                   !parts.empty() && holds,
                   [&] { return parts.empty() ? "null" : json_of(value); });
  };
  const auto lookup = [&facts](std::string_view name) { return facts.value(name); };
  if (wanted.count && !at(count_text, "count", wanted.count->holds(parts.size(), lookup),
                          std::optional<std::uint64_t>{parts.size()}))
    return false;
  if (wanted.in_order) {
    const bool ordered = in_order(facts, parts);
    if (!at(order_text, "in_order", *wanted.in_order == ordered, ordered)) return false;
  }
  if (!wanted.repeated) return true;
  const bool repeated = std::set(parts.begin(), parts.end()).size() < parts.size();
  return at(repeated_text, "repeated", *wanted.repeated == repeated, repeated);
}

}  // namespace

PartConditions part_conditions_of(const Cursor& at) {
  at.only({"count", "in_order", "repeated"});
  PartConditions c;
  c.count = optional(at, "count", number_condition_of);
  c.in_order = optional(at, "in_order", flag_of);
  c.repeated = optional(at, "repeated", flag_of);
  if (at.raw().empty()) at.fail("names nothing");
  return c;
}

OtherConditions other_conditions_of(const Cursor& at) {
  at.only({"locked", "marked"});
  OtherConditions c;
  c.locked = optional(at, "locked", flag_of);
  c.marked = optional(at, "marked", mark_of);
  if (at.raw().empty()) at.fail("names nothing");
  return c;
}

bool relations_hold(Look& look, const Facts& facts) {
  const auto& wanted = look.active().rule.when.upload;
  if (wanted.parts && !parts_hold(look, *wanted.parts, facts)) return false;
  if (!wanted.others || !wanted.others->locked) return true;
  const bool locked = facts.another_locked();
  return look.at(at_upload, locked_text, {"upload", "others", "locked"},
                 *wanted.others->locked == locked, [&] { return json_of(locked); });
}

Why on_the_relations(const When& when) {
  const auto& upload = when.upload;
  if (!upload.parts) return std::nullopt;
  if (!upload.may_be_final()) return "upload.parts: only a final upload has parts";
  if (upload.deferred.value_or(false)) return "upload.parts: a final never has a deferred length";
  const auto& count = upload.parts->count;
  if (count && !NumberCondition{*count}.at_least(1).possible())
    return "upload.parts.count: a final has at least one";
  if (count && upload.parts->repeated.value_or(false) &&
      !NumberCondition{*count}.at_least(2).possible())
    return "upload.parts: one alone is not repeated";
  return std::nullopt;
}

}  // namespace mock::misbehave
