#include "misbehave/arrival.hpp"

#include <algorithm>

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

/// The condition that fails; nullptr: none.
const std::string* miss_on(const OnConnection& wanted, const Request& request) {
  if (!wanted.nth.empty() && std::ranges::count(wanted.nth, request.nth) == 0) return &nth_text;
  if (request.nth % wanted.every != 0) return &nth_text;
  const auto age = request.received - request.connected;
  if (wanted.older_than && !(age > *wanted.older_than)) return &age_text;
  if (wanted.younger_than && !(age < *wanted.younger_than)) return &age_text;
  if (wanted.idle_for && request.received - request.idle_since < *wanted.idle_for)
    return &idle_text;
  return nullptr;
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

bool arrival_holds(ActiveRule& active, const ArrivalConditions& wanted, const Facts& facts) {
  const auto& request = facts.request();
  if (wanted.minor_version && *wanted.minor_version != request.minor_version) {
    active.miss(at_wire_method, version_text);
    return false;
  }
  if (wanted.on_connection)
    if (const auto* missed = miss_on(*wanted.on_connection, request)) {
      active.miss(at_wire_method, *missed);
      return false;
    }
  for (const auto& [name, there] : wanted.spelled)
    if ((std::ranges::find(facts.fields(), name, &::http::Field::name) != facts.fields().end()) !=
        there) {
      active.miss(at_header, spelled_text);
      return false;
    }
  return true;
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
