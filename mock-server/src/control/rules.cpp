// /_mock/rules: misbehaviour that comes and goes while the server runs.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/call.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "protocol/http/form.hpp"

namespace mock::control {
namespace {

using misbehave::Misbehaviour;
using misbehave::RuleReport;

Json summary(const RuleReport& rule) {
  Json json{{"name", rule.name},
            {"misbehaviour", rule.misbehaviour},
            {"matched", rule.matched},
            {"fired", rule.fired},
            {"exhausted", rule.exhausted}};
  if (rule.gave_up > 0) json["gave_up"] = rule.gave_up;
  if (!rule.near_miss.empty()) json["near_miss"] = rule.near_miss;
  return json;
}

/// The rules of that name, or all that were loaded under it.
std::vector<RuleReport> find(Call& call, const std::string& name) {
  std::vector<RuleReport> found;
  for (auto& rule : call.lane.rules().report()) {
    if (rule.name == name || rule.misbehaviour == name) found.push_back(std::move(rule));
  }
  return found;
}

Json list_of(const std::vector<RuleReport>& rules) {
  auto list = Json::array();
  for (const auto& rule : rules) list.push_back(summary(rule));
  return {{"rules", list}};
}

/// A misbehaviour without a name gets one, by which it can be removed.
std::string free_name(Call& call) {
  for (std::size_t number = 1;; ++number) {
    auto name = fmt::format("rule-{}", number);
    if (find(call, name).empty()) return name;
  }
}

std::optional<misbehave::Place> place_of(Call& call) {
  const auto form = ::http::parse_form(call.request.query);
  std::string_view place = "last";
  bool known = form.has_value();
  if (form) {
    for (const auto& [key, value] : *form) {
      known = known && key == "place";
      place = value;
    }
  }
  if (known && place == "first") return misbehave::Place::first;
  if (known && place == "last") return misbehave::Place::last;
  call.answer(reply_error(400, "the query is not understood",
                          "?place=first puts the rule before those that are there, ?place=last "
                          "(the default) behind them"));
  return std::nullopt;
}

/// {"fault": NAME} or {"defect": NAME}; nullopt when the body is something else.
std::optional<Result<Misbehaviour>> built_in(const std::string& body) {
  std::optional<Result<Misbehaviour>> loaded;
  auto read = json::decode(body, "body", [&loaded](const json::Cursor& root) {
    for (const auto& [key, kind] : {std::pair{"fault", misbehave::Named::fault},
                                    std::pair{"defect", misbehave::Named::defect}}) {
      if (!root.is_object() || !root.find(key)) continue;
      root.only({key});
      loaded = misbehave::load_named(kind, root.at(key).string());
      return true;
    }
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  return loaded;
}

}  // namespace

void list_rules(Call& call) { call.answer(reply_json(200, list_of(call.lane.rules().report()))); }

void add_rules(Call& call) {
  const auto place = place_of(call);
  if (!place) return;
  auto loaded = built_in(call.body);
  if (!loaded) loaded = misbehave::load_text(call.body, free_name(call));
  if (!*loaded) return call.answer(reply_error(400, loaded->error()));
  const std::string name = (*loaded)->name;
  if (const auto added = call.lane.rules().add(**std::move(loaded), *place); !added) {
    return call.answer(reply_error(409, added.error()));
  }
  auto reply = reply_json(201, list_of(find(call, name)));
  reply.fields.add("Location", call.request.mount + "/_mock/rules/" + ::http::percent_encode(name));
  call.answer(std::move(reply));
}

void clear_rules(Call& call) {
  call.lane.rules().clear();
  Reply reply;
  reply.status = 204;
  call.answer(std::move(reply));
}

void get_rule(Call& call) {
  const auto rules = find(call, call.argument);
  if (rules.empty()) return call.answer(reply_error(404, "there is no such rule"));
  auto list = Json::array();
  for (const auto& rule : rules) {
    auto json = summary(rule);
    json["rule"] = Json::parse(rule.json);
    list.push_back(std::move(json));
  }
  call.answer(reply_json(200, {{"rules", list}}));
}

void remove_rule(Call& call) {
  if (!call.lane.rules().remove(call.argument)) {
    return call.answer(reply_error(404, "there is no such rule"));
  }
  Reply reply;
  reply.status = 204;
  call.answer(std::move(reply));
}

}  // namespace mock::control
