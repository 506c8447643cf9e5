#include "misbehave/reading.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "misbehave/chance.hpp"
#include "protocol/http/fields.hpp"
#include "system/registered.hpp"

namespace mock::misbehave {
namespace {

/// The percentiles of a recorded delay; "median" is p50.
constexpr std::array<std::pair<std::string_view, double>, 11> percentile_names{{{"p1", 0.01},
                                                                                {"p5", 0.05},
                                                                                {"p10", 0.1},
                                                                                {"p25", 0.25},
                                                                                {"p50", 0.5},
                                                                                {"median", 0.5},
                                                                                {"p75", 0.75},
                                                                                {"p90", 0.9},
                                                                                {"p95", 0.95},
                                                                                {"p99", 0.99},
                                                                                {"p99.9", 0.999}}};
/// The longest delay that is drawn by percentiles when there is no p100.
constexpr Milliseconds longest_delay = std::chrono::hours{1};

/// {"median": "80ms", "p99": "1s"}, or {"p50": "80ms", "p90": "200ms", "p99": "1s", "p100": "3s"}.
Delay recorded_delay_of(const Cursor& at) {
  std::vector<std::string_view> keys{"p0", "p100"};
  for (const auto& [name, fraction] : percentile_names) keys.push_back(name);
  if (std::ranges::none_of(keys, [&](auto key) { return at.find(key).has_value(); }))
    keys.insert(keys.begin(), {"mean", "jitter"});
  at.only(std::span<const std::string_view>(keys));
  Delay delay;
  delay.least = optional(at, "p0", duration_of).value_or(Milliseconds{0});
  delay.most = optional(at, "p100", duration_of).value_or(longest_delay);
  auto former = delay.least;
  for (const auto& [name, fraction] : percentile_names) {
    const auto given = at.find(name);
    if (!given) continue;
    const auto time = duration_of(*given);
    if (time <= Milliseconds{0}) given->fail("has to be longer than 0");
    if (time < former) given->fail("is less than a lower percentile");
    const auto normal = normal_quantile(fraction);
    if (!delay.percentiles.empty() && delay.percentiles.back().normal == normal)
      given->fail("is p50 by another name: drop one");
    delay.percentiles.push_back({normal, std::log(static_cast<double>(time.count()))});
    former = time;
  }
  if (delay.percentiles.size() < 2)
    at.fail("needs two percentiles at least, such as median and p99");
  if (delay.most < former) at.at("p100").fail("is less than a lower percentile");
  return delay;
}

/// "200ms", or {"mean": "200ms", "jitter": "50ms"}, or percentiles.
Delay delay_of(const Cursor& at) {
  if (!at.is_object()) return {duration_of(at), Milliseconds{0}};
  if (!at.find("mean") && !at.find("jitter") && !at.raw().empty()) return recorded_delay_of(at);
  at.only({"mean", "jitter"});
  Delay delay{duration_of(at.at("mean")), duration_of(at.at("jitter"))};
  if (delay.jitter > delay.mean) at.at("jitter").fail("is larger than the mean");
  return delay;
}

Template field_value_of(const Cursor& at, const std::string& name) {
  require_token(at, name);
  if (at.is_string() && !::http::is_field_value(at.string()))
    at.fail("holds a line break or NUL: use \"raw\" for malformed replies");
  return template_of(at);
}

FormEdits form_of(const Cursor& at) {
  at.only({"set", "drop"});
  FormEdits edits;
  if (auto set = at.find("set"))
    for (const auto& [name, value] : set->members())
      edits.set.emplace_back(name, template_of(value));
  edits.drop = list(at, "drop", text_of);
  if (!edits.any()) at.fail("names nothing to edit");
  return edits;
}

}  // namespace

std::string attribute_of(const Cursor& at, std::string_view name) {
  const auto& text = at.string();
  const auto* const attribute = find_attribute(name);
  if (attribute == nullptr || attribute->values.empty()) return text;
  std::string known;
  for (const auto& value : attribute->values) {
    if (value == text) return text;
    known.append(known.empty() ? "" : ", ").append(value);
  }
  at.fail("expected one of " + known);
}

std::string kind_of(const Cursor& at) { return attribute_of(at, "kind"); }

Delay delay_at(const Cursor& at, std::string_view key) {
  return optional(at, key, delay_of).value_or(Delay{});
}

Damage damage_of(const Cursor& at) {
  if (!at.is_object()) return {size_of(at)};
  at.only({"at", "bytes", "to"});
  Damage damage{size_of(at.at("at"))};
  damage.size = optional(at, "bytes", size_of).value_or(Bytes{1});
  if (damage.size == Bytes{0}) at.at("bytes").fail("is 0: it damages nothing");
  if (auto to = at.find("to"))
    damage.zeroed = choice<bool>(*to, {{"flipped", false}, {"zeros", true}});
  return damage;
}

FieldEdits fields_of(const Cursor& at) {
  at.only({"set", "drop", "replace", "add"});
  FieldEdits edits;
  if (auto set = at.find("set"))
    for (const auto& [name, value] : set->members())
      edits.set.emplace_back(name, field_value_of(value, name));
  edits.drop = list(at, "drop", [](const Cursor& c) {
    require_token(c, c.string());
    return c.string();
  });
  if (auto replace = at.find("replace")) {
    for (const auto& [name, value] : replace->members()) {
      require_token(value, name);
      value.only({"regex", "with"});
      edits.replace.push_back({name, pattern_of(value.at("regex")), value.at("with").string()});
    }
  }
  if (auto add = at.find("add")) {
    for (const auto& member : add->members()) {
      const std::string name = member.first;
      for (auto& value : list(*add, name, [&](const Cursor& c) { return field_value_of(c, name); }))
        edits.add.emplace_back(name, std::move(value));
    }
  }
  if (!edits.any()) at.fail("names nothing to edit");
  return edits;
}

BodyEdit body_of(const Cursor& at) {
  BodyEdit edit;
  if (at.is_string()) {
    edit.text = template_of(at);
    return edit;
  }
  at.only({"regex", "with", "json_patch", "json_merge", "form"});
  if (auto regex = at.find("regex")) edit.regex = {pattern_of(*regex), at.at("with").string()};
  if (auto patch = at.find("json_patch")) {
    if (!patch->is_array()) patch->fail("expected a list of operations (RFC 6902)");
    for (const auto& step : patch->items()) {
      step.only({"op", "path", "from", "value"});
      choice<int>(
          step.at("op"),
          {{"add", 0}, {"remove", 0}, {"replace", 0}, {"move", 0}, {"copy", 0}, {"test", 0}});
      static_cast<void>(step.at("path").string());
    }
    edit.json_patch = std::make_shared<const nlohmann::json>(patch->raw());
  }
  if (auto merge = at.find("json_merge"))
    edit.json_merge = std::make_shared<const nlohmann::json>(merge->raw());
  if (auto form = at.find("form")) edit.form = form_of(*form);
  if (!edit.any()) at.fail("edits nothing");
  return edit;
}

SocketEnd end_of(const Cursor& at) {
  return choice<SocketEnd>(at, {{"keep", SocketEnd::keep},
                                {"fin", SocketEnd::fin},
                                {"rst", SocketEnd::rst},
                                {"stall", SocketEnd::stall},
                                {"half_close", SocketEnd::half_close},
                                {"zombie", SocketEnd::zombie}});
}

int interim_status_of(const Cursor& at) {
  const auto status = at.unsigned_integer();
  // 101 would end HTTP on this connection (RFC 9110 section 15.2.2).
  if (status < 100 || status > 199 || status == 101)
    at.fail("expected an interim HTTP status: 100 to 199, and not 101");
  return static_cast<int>(status);
}

Turn turn_of(const Cursor& at) {
  return choice<Turn>(at, {{"before", Turn::before}, {"after", Turn::after}});
}

}  // namespace mock::misbehave
