// /_mock/rules: misbehaviour that comes and goes while the server runs.
#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "control/call.hpp"
#include "loop/loop.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "protocol/http/form.hpp"
#include "record/recorded_fields.hpp"
#include "services.hpp"

namespace mock::control {
namespace {

using misbehave::Misbehaviour;
using misbehave::RuleReport;

// Longer ones are read off the loop: thousands of rules, or expressions that take a while to build.
constexpr std::size_t short_body = 4096;

/// What was found may be a secret, so it is told as the journal tells it: values of queries and
/// bodies are not told.
Json told(std::string_view field, Json got) {
  if (!got.is_string()) return got;
  for (const std::string_view place : {"headers.", "reply.headers."}) {
    if (!field.starts_with(place)) continue;
    const auto name = field.substr(place.size());
    const auto& value = got.get_ref<const std::string&>();
    return RecordedFields::of_all_systems().told(name,
                                                 without_credentials(name, value).value_or(value));
  }
  for (const std::string_view place : {"query.", "reply.body", "reply.json."})
    if (field.starts_with(place)) return redacted_value;
  return got;
}

Json near_miss(const RuleReport& rule) {
  Json json{{"why", rule.near_miss}};
  if (!rule.nearest) return json;
  if (!rule.nearest->method.empty()) {
    json["method"] = rule.nearest->method;
    json["target"] = rule.nearest->target;
  }
  auto conditions = Json::array();
  for (const auto& one : rule.nearest->conditions) {
    conditions.push_back({{"field", one.field},
                          {"wanted", Json::parse(one.wanted)},
                          {"got", told(one.field, Json::parse(one.got))},
                          {"matched", one.matched}});
  }
  json["conditions"] = std::move(conditions);
  return json;
}

Json summary(const RuleReport& rule) {
  Json json{{"name", rule.name},
            {"misbehaviour", rule.misbehaviour},
            {"matched", rule.matched},
            {"fired", rule.fired},
            {"exhausted", rule.exhausted}};
  if (rule.gave_up > 0) json["gave_up"] = rule.gave_up;
  if (!rule.near_miss.empty()) json["near_miss"] = near_miss(rule);
  return json;
}

/// The rules of a name, or all that were loaded under it, or every one: a few at a time, so that
/// thousands do not hold up the loop.
struct Listing : std::enable_shared_from_this<Listing> {
  Listing(Call& c, std::string n, bool d) : call(c), name(std::move(n)), details(d) {}

  void step() {
    constexpr std::size_t handful = 128;
    auto page = call.lane.rules().report(from, handful, name);
    for (const auto& rule : page.rules) {
      auto json = summary(rule);
      if (details) json["rule"] = Json::parse(rule.json);
      body += (empty ? "" : ",") + json::dump(json);
      empty = false;
    }
    if (!page.next) return done(*this);
    from = *page.next;
    call.lane.services().loop.post(call.if_wanted([self = shared_from_this()] { self->step(); }));
  }
  [[nodiscard]] Reply reply(int status) const { return json_reply(status, body + "]}\n"); }

  Call& call;
  std::string name;
  bool details;
  std::function<void(Listing&)> done = [](Listing& self) { self.call.answer(self.reply(200)); };
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  bool empty = true;
  std::string body = R"({"rules":[)";
};

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

/// A misbehaviour without a name gets `name`, so that it can be removed.
Result<Misbehaviour> load(const std::string& body, const std::string& name) {
  if (auto loaded = built_in(body)) return *std::move(loaded);
  return misbehave::load_text(body, name);
}

/// Loads off the loop; then calls `then` on the loop, unless the client has gone.
void load_aside(Call& call, const std::shared_ptr<const std::string>& body,
                std::function<void(Result<Misbehaviour>)> then) {
  struct Work {
    std::string name;
    std::optional<Result<Misbehaviour>> loaded;
  };
  auto work = std::make_shared<Work>(Work{call.lane.rules().free_name(), std::nullopt});
  call.lane.services().loop.background(
      [work, body] { work->loaded = load(*body, work->name); },
      call.if_wanted([work, body, &call, then = std::move(then)](const std::exception_ptr& thrown) {
        if (thrown) std::rethrow_exception(thrown);
        auto& loaded = *work->loaded;
        const bool named_here = loaded && loaded->name == work->name;
        // Another request may have taken the name meanwhile.
        if (named_here && call.lane.rules().free_name() != work->name)
          return load_aside(call, body, then);
        then(std::move(loaded));
      }));
}

}  // namespace

void list_rules(Call& call) { std::make_shared<Listing>(call, "", false)->step(); }

void add_rules(Call& call) {
  const auto place = place_of(call);
  if (!place) return;
  const auto add = [&call, place = *place](Result<Misbehaviour> loaded) {
    if (!loaded) return call.answer(reply_error(400, loaded.error()));
    const std::string name = loaded->name;
    if (const auto added = call.lane.rules().add(*std::move(loaded), place); !added) {
      return call.answer(reply_error(409, added.error()));
    }
    const auto listing = std::make_shared<Listing>(call, name, false);
    listing->done = [](Listing& self) {
      auto reply = self.reply(201);
      reply.fields.add("Location", self.call.request.mount + "/_mock/rules/" +
                                       ::http::percent_encode(self.name));
      self.call.answer(std::move(reply));
    };
    listing->step();
  };
  if (call.body.size() <= short_body) return add(load(call.body, call.lane.rules().free_name()));
  load_aside(call, std::make_shared<const std::string>(std::move(call.body)), add);
}

void clear_rules(Call& call) {
  call.lane.rules().clear();
  Reply reply;
  reply.status = 204;
  call.answer(std::move(reply));
}

void get_rule(Call& call) {
  const auto listing = std::make_shared<Listing>(call, call.argument, true);
  listing->done = [](Listing& self) {
    self.call.answer(self.empty ? reply_error(404, "there is no such rule") : self.reply(200));
  };
  listing->step();
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
