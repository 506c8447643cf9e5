// Rules that look fine and can never fire, or never do what they say.
#include <algorithm>

#include "misbehave/load.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

// ---- conditions

Why on_the_body(const When& when) {
  if (!only_methods(when, {"GET", "HEAD", "OPTIONS", "TRACE"})) return std::nullopt;
  const auto& method = when.methods.front();
  if (when.body_lasts) return "body_lasts: " + method + " has no body, so the rule can never fire";
  if (when.body_byte) return "body_byte: " + method + " has no body, so the rule can never fire";
  if (when.event == Event::aborted || when.event == Event::stalled)
    return "event: " + method + " has no body that could be cut off, so the rule can never fire";
  if (when.event == Event::overrun || when.upload.completing.value_or(false))
    return "upload.completing and event overrun: " + method + " adds no bytes";
  return std::nullopt;
}

Why on_the_moment(const When& when) {
  if (when.body_lasts && (when.body_byte || when.event || when.reply.any()))
    return "takes one of body_lasts, body_byte, event and reply: they become true at different "
           "moments";
  if (when.event == Event::aborted || when.event == Event::stalled) {
    if (when.reply.any())
      return "an aborted request has no reply to look at: drop when.reply or when.event";
    if (when.body_byte) return "takes either body_byte or event";
  }
  if (when.within && when.event != Event::aborted && when.event != Event::stalled)
    return "within: is how soon after the request's head the event aborted or stalled comes";
  if (when.event == Event::overrun && (when.body_byte || when.reply.any()))
    return "event overrun: drop body_byte and reply, they become true at other moments";
  if (when.body_byte && when.reply.any())
    return "takes either body_byte or when.reply: they become true at different moments";
  if (when.until && *when.until <= when.after.value_or(Milliseconds{0}))
    return "after and until leave no time in which the rule could fire";
  return std::nullopt;
}

Why on_the_upload(const When& when) {
  const auto& upload = when.upload;
  if (upload.completing.value_or(false) && upload.complete.value_or(false))
    return "upload.completing and upload.complete exclude each other";
  if (upload.deferred.value_or(false) && upload.complete.value_or(false))
    return "an upload of deferred length is never complete";
  if (upload.deferred.value_or(false) && when.event == Event::overrun)
    return "event overrun: an upload of deferred length has no end";
  if (upload.deferred.value_or(false) && upload.only_finals())
    return "a final upload never has a deferred length";
  if (upload.deferred.value_or(false) && upload.length)
    return "upload.length: a deferred length is none";
  if (upload.older_than && upload.younger_than && *upload.older_than >= *upload.younger_than)
    return "upload.older_than and younger_than leave no age";
  if (upload.unwritten_for && upload.written_within &&
      *upload.unwritten_for >= *upload.written_within)
    return "upload.unwritten_for and written_within leave no time";
  if (upload.unwritten_for && upload.younger_than && *upload.unwritten_for >= *upload.younger_than)
    return "upload.unwritten_for: it is not that old";
  if (upload.exists == false &&
      (upload.kind || !upload.attributes.empty() || upload.deferred || upload.complete ||
       upload.length || upload.offset || upload.timed() || upload.parts))
    return "an upload that does not exist has no state";
  if (only_creations(when) && (upload.id || upload.exists || upload.complete || upload.locked ||
                               upload.offset || upload.timed()))
    return "upload.id, exists, complete, locked, offset, older_than, younger_than, unwritten_for "
           "and written_within need a route that names an upload, not creation";
  if (nowhere(when) && (upload.any() || when.event == Event::overrun))
    return "when.upload: no such route names an upload";
  if (nowhere(when) && !when.metadata.empty()) return "when.metadata: no such route has metadata";
  return std::nullopt;
}

Why on_a_connection(const Rule& rule) {
  const auto& when = rule.when;
  if (when.about_request() || when.upload.any() || !when.metadata.empty() || when.event ||
      when.effect)
    return "a connection is judged when it is accepted: when takes connection, lane, after, until, "
           "nth, every, rate and probability";
  return std::nullopt;
}

/// Why an effect cannot be as the rule has it: effects happen by themselves, after the request.
Why on_an_effect(const Rule& rule) {
  const auto& when = rule.when;
  if (when.about_request() || when.event)
    if (!(rule.moment() == Moment::delivered && !when.about_request()))
      return "no request is there any more when this happens: when takes effect, upload, metadata, "
             "lane, after, until, nth, every, rate, per upload and probability";
  if (when.upload.completing || when.upload.locked || when.upload.exists)
    return "upload.completing, locked and exists are about a request, and none is there any more";
  return std::nullopt;
}

// ---- actions

/// "commit, upload and server"
std::string keys_at(Stage stage) {
  std::vector<std::string_view> keys;
  for (const auto* action : actions())
    if (action->acts_at(stage)) keys.push_back(action->key());
  std::string text;
  for (std::size_t i = 0; i < keys.size(); ++i)
    text += (i == 0 ? "" : i + 1 < keys.size() ? ", " : " and ") + std::string{keys[i]};
  return text;
}

Why why_not_at(Stage stage) {
  switch (stage) {
    case Stage::connection:
      return "a connection is judged when it is accepted: then takes " + keys_at(stage);
    case Stage::cut_off:
      return "event aborted: nobody is left to be answered; " + keys_at(stage) + " can follow";
    case Stage::effect:
      return "no request is there any more when this happens: then takes " + keys_at(stage);
    case Stage::exchange:
      break;
  }
  return "this is about a request: then takes " + keys_at(stage);
}

Why in_actions(const Rule& rule) {
  const auto stage = stage_of(rule.moment());
  for (const auto* action : rule.then.actions)
    if (!action->acts_at(stage)) return why_not_at(stage);
  for (const auto* action : rule.then.actions)
    if (auto why = action->contradiction(rule)) return why;
  return std::nullopt;
}

// ---- values

/// Why the name has no value at that time; nullptr: it has one.
const char* unknown(const std::string& name, Known known, const When& when) {
  if (name == "retry_after" && known != Known::effect)
    return when.counting.rate ? nullptr : "only a rule with a rate knows how long to wait";
  const bool of_upload = name == "offset" || name == "length" || name == "stored" || name == "id";
  switch (known) {
    case Known::store:
      return nullptr;
    case Known::effect:
      return of_upload ? nullptr : "only offset, length, stored and id of the upload are";
    case Known::before:
    case Known::interim:
    case Known::reply:
      break;
  }
  if (of_upload && nowhere(when)) return "no such route names an upload";
  if (known == Known::reply) return nullptr;
  if (name == "received" && known == Known::before) return "no byte of the body has come";
  if (name.starts_with("reply.")) return "the handler has not answered";
  if (of_upload && only_creations(when)) return "the upload is not created yet";
  return nullptr;
}

using VisitNumber = std::function<void(const std::string& place, const NumberCondition& number)>;

void visit_numbers(const When& when, const VisitNumber& visit) {
  const auto named = [&](const std::vector<NamedCondition>& conditions) {
    for (const auto& one : conditions)
      if (one.value.number) visit(one.label, *one.value.number);
  };
  named(when.query);
  named(when.fields);
  named(when.metadata);
  named(when.upload.attributes);
  named(when.reply.fields);
  named(when.reply.json);
  if (when.upload.length) visit("upload.length", *when.upload.length);
  if (when.upload.offset) visit("upload.offset", *when.upload.offset);
  if (when.upload.parts && when.upload.parts->count)
    visit("upload.parts.count", *when.upload.parts->count);
}

/// Why a limit names what is not known yet: conditions are looked at before the handler is asked.
Why in_limits(const Rule& rule) {
  Why why;
  const auto known = stage_of(rule.moment()) == Stage::effect ? Known::effect : Known::before;
  visit_numbers(rule.when, [&](const std::string& place, const NumberCondition& number) {
    for (const auto& name : number.names()) {
      const auto* reason = name == "token" || name == "stored" || name == "retry_after"
                               ? "conditions know offset, length, id, host and request.HEADER"
                               : unknown(name, known, rule.when);
      if (!why && reason != nullptr) why = place + ": {" + name + "} is not known there: " + reason;
    }
  });
  return why;
}

Why in_values(const Rule& rule) {
  Why why;
  const auto look_at = [&](const std::string& place, const Template& value, Known known) {
    for (const auto& name : value.names()) {
      const auto* reason = unknown(name, known, rule.when);
      if (!why && reason != nullptr) why = place + ": {" + name + "} is not known there: " + reason;
    }
  };
  for (const auto* action : rule.then.actions) action->visit_values(rule, look_at);
  return why;
}

}  // namespace

bool only_methods(const When& when, std::initializer_list<std::string_view> group) {
  return !when.methods.empty() && std::ranges::all_of(when.methods, [&](const auto& method) {
    return std::ranges::count(group, method) > 0;
  });
}

bool only_creations(const When& when) {
  return !when.routes.empty() && std::ranges::all_of(when.routes, &Route::creates);
}

bool nowhere(const When& when) {
  return !when.routes.empty() && std::ranges::none_of(when.routes, [](Route route) {
    return route.names_upload() || route.creates();
  });
}

Why too_late_for(Turn turn, const Rule& rule) {
  if (turn == Turn::before && rule.moment() != Moment::request)
    return "\"at\": \"before\" is for rules whose conditions are known before the handler is";
  return std::nullopt;
}

Known known_at(Turn turn, const Rule& rule) {
  if (stage_of(rule.moment()) == Stage::effect) return Known::effect;
  return turn == Turn::before ? Known::before : Known::reply;
}

void visit_fields(const std::string& place, const FieldEdits& edits, Known known,
                  const Action::Visit& visit) {
  for (const auto& [name, value] : edits.set) visit(place + ".headers.set." + name, value, known);
  for (const auto& [name, value] : edits.add) visit(place + ".headers.add." + name, value, known);
}

Why contradiction_in(const Rule& rule) {
  if (auto why = on_the_moment(rule.when)) return why;
  const auto stage = stage_of(rule.moment());
  if (stage == Stage::connection)
    if (auto why = on_a_connection(rule)) return why;
  if (stage == Stage::effect)
    if (auto why = on_an_effect(rule)) return why;
  if (auto why = in_actions(rule)) return why;
  if (auto why = on_the_body(rule.when)) return why;
  if (auto why = on_the_upload(rule.when)) return why;
  if (auto why = on_the_relations(rule.when)) return why;
  if (auto why = on_the_arrival(rule.when)) return why;
  if (auto why = on_the_counting(rule)) return why;
  if (auto why = in_limits(rule)) return why;
  return in_values(rule);
}

}  // namespace mock::misbehave
