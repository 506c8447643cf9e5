#include "misbehave/arrival.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "misbehave/engine.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

const std::string version_text = "http_version";
const std::string spelled_text = "spelled";
const std::string nth_text = "on_connection nth or every";
const std::string age_text = "on_connection age";
const std::string idle_text = "on_connection idle_for";

OnConnection on_connection_of(const Cursor& at) {
  at.only({"nth", "every", "older_than", "younger_than", "idle_for"});
  OnConnection c;
  c.nth = counts_of(at, "nth");
  c.every = every_of(at, !c.nth.empty());
  c.older_than = optional(at, "older_than", duration_of);
  c.younger_than = optional(at, "younger_than", duration_of);
  c.idle_for = optional(at, "idle_for", duration_of);
  if (at.raw().empty()) at.fail("names nothing");
  return c;
}

bool on_connection_holds(Look& look, const OnConnection& wanted, const Request& request) {
  const auto at = [&](const std::string& text, std::string_view key, bool holds, auto value) {
    return look.at(at_wire_method, text, {"on_connection", key}, holds,
                   [&] { return json_of(value); });
  };
  const std::optional nth{request.nth};
  const auto age = request.received - request.connected;
  const auto idle = request.received - request.idle_since;
  return (wanted.nth.empty() ||
          at(nth_text, "nth", std::ranges::count(wanted.nth, request.nth) > 0, nth)) &&
         (wanted.every == 1 || at(nth_text, "every", request.nth % wanted.every == 0, nth)) &&
         (!wanted.older_than || at(age_text, "older_than", age > *wanted.older_than, age)) &&
         (!wanted.younger_than || at(age_text, "younger_than", age < *wanted.younger_than, age)) &&
         (!wanted.idle_for || at(idle_text, "idle_for", idle >= *wanted.idle_for, idle));
}

}  // namespace

std::optional<ArrivalConditions> arrival_of(const Cursor& at) {
  ArrivalConditions c;
  c.minor_version = optional(at, "http_version", [](const Cursor& version) {
    return choice<int>(version, {{"1.0", 0}, {"1.1", 1}});
  });
  if (auto spelled = at.find("spelled")) {
    for (const auto& [name, there] : spelled->members()) {
      require_token(there, name);
      c.spelled.emplace_back(name, there.boolean());
    }
    if (c.spelled.empty()) spelled->fail("names nothing");
  }
  c.on_connection = optional(at, "on_connection", on_connection_of);
  if (!c.minor_version && c.spelled.empty() && !c.on_connection) return std::nullopt;
  return c;
}

bool arrival_holds(Look& look, const ArrivalConditions& wanted, const Facts& facts) {
  const auto& request = facts.request();
  if (wanted.minor_version &&
      !look.at(at_wire_method, version_text, {"http_version"},
               *wanted.minor_version == request.minor_version, [&] {
                 return json_of(std::string_view(request.minor_version == 0 ? "1.0" : "1.1"));
               }))
    return false;
  if (wanted.on_connection && !on_connection_holds(look, *wanted.on_connection, request))
    return false;
  return std::ranges::all_of(wanted.spelled, [&](const auto& one) {
    const auto& [name, there] = one;
    const auto& fields = facts.fields();
    const bool found = std::ranges::find(fields, name, &::http::Field::name) != fields.end();
    return look.at(at_header, spelled_text, {"spelled", name}, found == there,
                   [&] { return json_of(found); });
  });
}

Why on_the_arrival(const When& when) {
  if (!when.arrival) return std::nullopt;
  for (const auto& [name, there] : when.arrival->spelled)
    for (const auto& field : when.fields)
      if (there && field.value.kind == TextCondition::Kind::absent &&
          ::http::same_name(field.name, name))
        return "spelled: a header that is not there is written in no way";
  const auto& connection = when.arrival->on_connection;
  if (!connection || !connection->younger_than) return std::nullopt;
  for (const auto& least : {connection->older_than, connection->idle_for})
    if (least && *least >= *connection->younger_than)
      return "on_connection: older_than, idle_for and younger_than leave no age";
  return std::nullopt;
}

}  // namespace mock::misbehave
