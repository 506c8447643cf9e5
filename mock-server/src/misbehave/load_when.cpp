#include <nlohmann/json.hpp>

#include "misbehave/load.hpp"
#include "misbehave/reading.hpp"
#include "protocol/http/fields.hpp"
#include "system/registered.hpp"

namespace mock::misbehave {
namespace {

TextCondition condition_of(const Cursor& at) {
  using Kind = TextCondition::Kind;
  if (at.raw().is_boolean()) return {at.boolean() ? Kind::present : Kind::absent, {}, {}};
  if (at.is_string()) return {Kind::equals, at.string(), {}};
  if (!at.is_object())
    at.fail(
        "expected true (present), false (absent), a text, {\"regex\": \"...\"}, or a number as in "
        "{\"above\": 1024}");
  std::vector<std::string_view> keys{"equals", "regex"};
  keys.insert(keys.end(), number_keys.begin(), number_keys.end());
  at.only(std::span<const std::string_view>(keys));
  if (at.find("equals") && at.find("regex")) at.fail("takes either equals or regex");
  const bool text = at.find("equals") || at.find("regex");
  if (text && at.raw().size() > 1) at.fail("takes either a text or a number");
  if (auto equals = at.find("equals")) return {Kind::equals, equals->string(), {}};
  if (auto regex = at.find("regex")) return {Kind::regex, {}, pattern_of(*regex)};
  return {Kind::number, {}, {}, std::make_shared<const NumberCondition>(number_condition_of(at))};
}

std::vector<NamedCondition> conditions_of(const Cursor& at, std::string_view key,
                                          const std::string& label) {
  std::vector<NamedCondition> conditions;
  const auto found = at.find(key);
  if (!found) return conditions;
  for (const auto& [name, value] : found->members()) {
    if (label == "json") {
      try {
        static_cast<void>(nlohmann::json::json_pointer{name});
      } catch (const nlohmann::json::exception&) {
        value.fail("'" + name + "' is not a JSON pointer, such as /upload_status/status");
      }
    } else if (label == "metadata" || label == "query") {
      if (name.empty()) value.fail("a " + label + " key is never empty");
    } else {
      require_token(value, name);
    }
    conditions.push_back({name, condition_of(value), label + " " + name});
  }
  if (conditions.empty()) found->fail("names nothing");
  return conditions;
}

Route route_of(const Cursor& at) {
  const auto route = parse_route(at.string());
  // Rules must never take away the door through which they are managed.
  if (route && !route->is_control()) return *route;
  at.fail("expected one of " + parse_route({}).error().what);
}

StatusRange status_of(const Cursor& at) {
  if (at.is_number()) {
    const auto status = at.unsigned_integer();
    if (status < 200 || status > 599) at.fail("is no status that a reply can have: 200 to 599");
    return {static_cast<int>(status), static_cast<int>(status)};
  }
  const auto& text = at.string();
  if (text.size() != 3 || text[0] < '2' || text[0] > '5' || text.substr(1) != "xx")
    at.fail("expected a status such as 412, or a class such as \"4xx\"");
  return {(text[0] - '0') * 100, (text[0] - '0') * 100 + 99};
}

std::vector<NamedCondition> attributes_of(const Cursor& at) {
  std::vector<NamedCondition> conditions;
  const auto found = at.find("attributes");
  if (!found) return conditions;
  const auto names = attribute_names();
  found->only(names);
  for (const auto& [name, value] : found->members()) {
    auto condition = condition_of(value);
    if (condition.kind == TextCondition::Kind::equals && value.is_string())
      condition.text = attribute_of(value, name);
    conditions.push_back({name, std::move(condition), "upload attribute " + name});
  }
  if (conditions.empty()) found->fail("names nothing");
  return conditions;
}

UploadConditions upload_of(const Cursor& at) {
  at.only({"id", "kind", "attributes", "exists", "deferred", "completing", "complete", "locked",
           "length", "offset", "older_than", "younger_than", "unwritten_for", "written_within",
           "parts", "others"});
  UploadConditions c;
  c.id = optional(at, "id", condition_of);
  c.kind = optional(at, "kind", kind_of);
  c.attributes = attributes_of(at);
  c.exists = optional(at, "exists", flag_of);
  c.deferred = optional(at, "deferred", flag_of);
  c.completing = optional(at, "completing", flag_of);
  c.complete = optional(at, "complete", flag_of);
  c.locked = optional(at, "locked", flag_of);
  c.length = optional(at, "length", number_condition_of);
  c.offset = optional(at, "offset", number_condition_of);
  c.older_than = optional(at, "older_than", duration_of);
  c.younger_than = optional(at, "younger_than", duration_of);
  c.unwritten_for = optional(at, "unwritten_for", duration_of);
  c.written_within = optional(at, "written_within", duration_of);
  c.parts = optional(at, "parts", part_conditions_of);
  c.others = optional(at, "others", other_conditions_of);
  if (!c.any()) at.fail("names nothing");
  return c;
}

ReplyConditions reply_conditions_of(const Cursor& at) {
  at.only({"status", "headers", "json", "body"});
  ReplyConditions c;
  c.status = list(at, "status", status_of);
  c.fields = conditions_of(at, "headers", "reply header");
  c.json = conditions_of(at, "json", "json");
  c.body = optional(at, "body", condition_of);
  if (!c.any()) at.fail("names nothing");
  return c;
}

Chance chance_of(const Cursor& at) {
  Chance chance;
  chance.nth = counts_of(at, "nth");
  chance.every = every_of(at, !chance.nth.empty());
  if (auto probability = at.find("probability")) {
    chance.probability = probability->number();
    if (!(chance.probability > 0)) probability->fail("must be above 0: the rule can never fire");
    if (chance.probability > 1) probability->fail("must be at most 1");
  }
  return chance;
}

ConnectionConditions connection_of(const Cursor& at) {
  at.only({"nth", "every", "server_name"});
  ConnectionConditions c;
  c.nth = counts_of(at, "nth");
  c.every = every_of(at, !c.nth.empty());
  c.server_name = optional(at, "server_name", [](const Cursor& name) {
    auto condition = condition_of(name);
    if (condition.kind == TextCondition::Kind::number) name.fail("is a name, and never a number");
    condition.text = ::http::lower_case(condition.text);
    return condition;
  });
  return c;
}

EffectConditions effect_of(const Cursor& at) {
  at.only({"kind", "name", "attempt"});
  EffectConditions c;
  c.kind = optional(at, "kind", [](const Cursor& kind) {
    return choice<Effect::Kind>(kind, {{"delivery", Effect::Kind::delivery},
                                       {"event", Effect::Kind::event},
                                       {"report", Effect::Kind::report},
                                       {"part", Effect::Kind::part}});
  });
  c.name = optional(at, "name", condition_of);
  c.attempts = list(at, "attempt", [](const Cursor& attempt) {
    const auto number = attempt.unsigned_integer();
    if (number == 0) attempt.fail("counts from 1: the rule can never fire");
    if (number > 1'000'000) attempt.fail("no delivery is tried that often");
    return static_cast<unsigned>(number);
  });
  if (!c.attempts.empty() && c.kind.value_or(Effect::Kind::delivery) != Effect::Kind::delivery)
    at.at("attempt").fail("only deliveries are attempted more than once");
  return c;
}

/// Values such as {length} are those of a request that a rule looks at.
void refuse_values(const Cursor& at, const NumberCondition& condition) {
  if (!condition.names().empty()) at.fail("values of a request are for rules only");
}

}  // namespace

TextCondition read_text_condition(const Cursor& at) {
  auto condition = condition_of(at);
  if (condition.number) refuse_values(at, *condition.number);
  return condition;
}

NumberCondition read_number_condition(const Cursor& at) {
  auto condition = number_condition_of(at);
  refuse_values(at, condition);
  return condition;
}

std::vector<std::uint64_t> counts_of(const Cursor& at, std::string_view key) {
  return list(at, key, [](const Cursor& c) {
    if (c.unsigned_integer() == 0) c.fail("counts from 1: the rule can never fire");
    return c.unsigned_integer();
  });
}

std::uint64_t every_of(const Cursor& at, bool nth) {
  const auto every = at.find("every");
  if (!every) return 1;
  if (every->unsigned_integer() == 0) every->fail("counts from 1: the rule can never fire");
  if (nth) every->fail("and nth exclude each other");
  return every->unsigned_integer();
}

When when_of(const Cursor& at) {
  at.only({"method", "wire_method", "http_version", "on_connection", "route",  "path",
           "query",  "spelled",     "headers",      "metadata",      "lane",   "upload",
           "reply",  "body_byte",   "body_lasts",   "event",         "within", "connection",
           "effect", "after",       "until",        "nth",           "every",  "per",
           "rate",   "concurrent",  "probability"});
  When when;
  when.methods = list(at, "method", method_of);
  when.wire_methods = list(at, "wire_method", method_of);
  when.routes = list(at, "route", route_of);
  when.path = optional(at, "path", pattern_of);
  when.query = conditions_of(at, "query", "query");
  when.arrival = arrival_of(at);
  when.fields = conditions_of(at, "headers", "header");
  when.metadata = conditions_of(at, "metadata", "metadata");
  when.lane = optional(at, "lane", text_of);
  if (auto upload = at.find("upload")) when.upload = upload_of(*upload);
  if (auto reply = at.find("reply")) when.reply = reply_conditions_of(*reply);
  when.body_byte = optional(at, "body_byte", [](const Cursor& c) {
    const auto size = size_of(c);
    if (size == Bytes{0}) c.fail("counts from 1: for 'before the body' leave it out");
    return size;
  });
  when.body_lasts = optional(at, "body_lasts", [](const Cursor& c) {
    const auto time = duration_of(c);
    if (time <= Milliseconds{0}) c.fail("is no time: for 'before the body' leave it out");
    return time;
  });
  when.event = optional(at, "event", [](const Cursor& c) {
    return choice<Event>(c, {{"aborted", Event::aborted},
                             {"stalled", Event::stalled},
                             {"overrun", Event::overrun},
                             {"delivered", Event::delivered}});
  });
  when.within = optional(at, "within", duration_of);
  when.connection = optional(at, "connection", connection_of);
  when.effect = optional(at, "effect", effect_of);
  when.after = optional(at, "after", duration_of);
  when.until = optional(at, "until", duration_of);
  when.counting = count_conditions_of(at);
  when.chance = chance_of(at);
  return when;
}

}  // namespace mock::misbehave
