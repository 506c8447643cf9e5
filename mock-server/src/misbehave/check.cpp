// Rules that look fine and can never fire, or never do what they say.
#include <algorithm>

#include "misbehave/load.hpp"

namespace mock::misbehave {
namespace {

using Why = std::optional<std::string>;

template <class T>
bool only_of(const std::vector<T>& chosen, std::initializer_list<T> group) {
  return !chosen.empty() && std::all_of(chosen.begin(), chosen.end(), [&](const T& value) {
    return std::find(group.begin(), group.end(), value) != group.end();
  });
}

bool names_upload(Route route) {
  return route == Route::upload || route == Route::info || route == Route::redelivery;
}
bool only_creations(const When& when) { return only_of<Route>(when.routes, {Route::creation}); }
/// No route of the rule is about an upload.
bool nowhere(const When& when) {
  return !when.routes.empty() && std::none_of(when.routes.begin(), when.routes.end(), [](Route r) {
    return names_upload(r) || r == Route::creation;
  });
}

// ---- conditions

Why on_the_body(const When& when) {
  if (!only_of<std::string>(when.methods, {"GET", "HEAD", "OPTIONS", "TRACE"})) return std::nullopt;
  const auto& method = when.methods.front();
  if (when.body_byte) return "body_byte: " + method + " has no body, so the rule can never fire";
  if (when.event == Event::aborted || when.event == Event::stalled)
    return "event: " + method + " has no body that could be cut off, so the rule can never fire";
  if (when.event == Event::overrun || when.upload.completing.value_or(false))
    return "upload.completing and event overrun: " + method + " adds no bytes";
  return std::nullopt;
}

Why on_the_moment(const When& when) {
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
  if (upload.deferred.value_or(false) && upload.kind == tus::UploadKind::final)
    return "a final upload never has a deferred length";
  if (upload.older_than && upload.younger_than && *upload.older_than >= *upload.younger_than)
    return "upload.older_than and younger_than leave no age";
  if (upload.exists == false && (upload.kind || upload.deferred || upload.complete ||
                                 upload.older_than || upload.younger_than))
    return "an upload that does not exist has no state";
  if (only_creations(when) && (upload.id || upload.exists || upload.complete || upload.locked ||
                               upload.older_than || upload.younger_than))
    return "upload.id, exists, complete, locked, older_than and younger_than need a route that "
           "names an upload, not creation";
  if (nowhere(when) && (upload.any() || when.event == Event::overrun))
    return "when.upload: no such route names an upload";
  if (nowhere(when) && !when.metadata.empty()) return "when.metadata: no such route has metadata";
  return std::nullopt;
}

Why on_a_connection(const Rule& rule) {
  const auto& when = rule.when;
  const auto& then = rule.then;
  if (when.about_request() || when.upload.any() || !when.metadata.empty() || when.event ||
      when.effect)
    return "a connection is judged when it is accepted: when takes connection, lane, after, until, "
           "nth, every and probability";
  if (then.request || then.commit || then.reply || then.socket || then.pace || then.effect ||
      then.upload)
    return "a connection is judged when it is accepted: then takes connection and server";
  return std::nullopt;
}

/// What happens on its own account, after the request.
Why on_an_effect(const Rule& rule) {
  const auto& when = rule.when;
  const auto& then = rule.then;
  if (when.about_request() || when.event)
    if (!(rule.moment() == Moment::delivered && !when.about_request()))
      return "no request is there any more when this happens: when takes effect, upload, metadata, "
             "lane, after, until, nth, every and probability";
  if (when.upload.completing || when.upload.locked || when.upload.exists)
    return "upload.completing, locked and exists are about a request, and none is there any more";
  if (then.request || then.commit || then.reply || then.socket || then.pace)
    return "no request is there any more when this happens: then takes effect, upload and server";
  if (rule.moment() == Moment::delivered && then.effect)
    return "event delivered: it has happened; use when.effect for what is about to happen";
  const bool of_part = when.effect && when.effect->kind == Effect::Kind::part;
  if (then.effect && then.effect->deliver != of_part)
    return "then.effect.deliver: is what can be done of when.effect.kind part, and of nothing else";
  if (then.effect && then.effect->fail && when.effect && when.effect->kind == Effect::Kind::event)
    return "then.effect.fail: an event that fails is dropped; say so";
  return std::nullopt;
}

// ---- actions

Why on_the_body_edit(const RequestEdit& edit, const When& when) {
  if (edit.body.any() &&
      only_of<std::string>(when.methods, {"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"}))
    return "then.request.body: " + when.methods.front() + " has no body";
  return std::nullopt;
}

Why on_the_commit(const Rule& rule) {
  const auto& commit = *rule.then.commit;
  const auto moment = rule.moment();
  if (moment == Moment::reply) return "then.commit: everything was stored before there was a reply";
  const bool cut_off = moment == Moment::aborted || moment == Moment::stalled;
  if ((moment == Moment::body || cut_off) &&
      (commit.found.any() || commit.position || !commit.skip.empty()))
    return "then.commit: found, position and skip must be known before the body comes";
  if (cut_off &&
      (commit.corrupt || commit.twice || commit.parts_reversed || !commit.failures.empty()))
    return "event aborted: commit takes bytes, told and lasting";
  if (commit.parts_reversed &&
      rule.when.upload.kind.value_or(tus::UploadKind::final) != tus::UploadKind::final)
    return "commit.parts: only a final upload has parts";
  return std::nullopt;
}

Why on_the_reply(const Rule& rule) {
  const auto& then = rule.then;
  const auto& reply = *then.reply;
  const auto moment = rule.moment();
  const bool early = reply.early != ReplyEdit::Early::no;
  if (early && moment == Moment::reply)
    return "reply.early: the handler has already answered when these conditions are known";
  if (early && (moment == Moment::request) && (then.commit || then.request))
    return "reply.early: the handler is never asked, so nothing is edited or stored; drop request "
           "and commit";
  if (early && reply.replay != ReplyEdit::Replay::no)
    return "reply.replay needs a reply of the handler";
  if (reply.early == ReplyEdit::Early::after_body && moment == Moment::body)
    return "reply.early after_body: at a body position only 'now' is possible";
  if (reply.none && (!then.socket || then.socket->end == SocketEnd::keep))
    return "reply none: say what the socket does instead (fin, rst, stall, half_close or zombie)";
  if (reply.none && then.pace &&
      (then.pace->reply.any() || then.pace->slice > Bytes{0} ||
       then.pace->send.bytes_per_second > 0))
    return "reply none: there is nothing to slow down";
  return std::nullopt;
}

Why on_the_socket(const Rule& rule) {
  const auto& then = rule.then;
  if (!then.socket->before) return std::nullopt;
  if (rule.moment() == Moment::reply)
    return "socket before: the handler has already answered when these conditions are known";
  if (then.commit || then.request)
    return "socket before: the handler never sees the request, so nothing else can happen";
  if (then.reply && !then.reply->none)
    return "socket before: nothing is answered; drop reply or use \"at\": \"after\"";
  return std::nullopt;
}

Why on_the_pace(const Rule& rule) {
  const auto& pace = *rule.then.pace;
  const auto moment = rule.moment();
  if (pace.before.any() && moment == Moment::reply)
    return "pace.before: the handler has already answered when these conditions are known";
  if (pace.receive.bytes_per_second > 0 && moment != Moment::request)
    return "pace.receive must be known before the body comes";
  return std::nullopt;
}

Why on_what_is_done(const Rule& rule) {
  const auto& then = rule.then;
  const bool before = (then.upload && then.upload->turn == Turn::before) ||
                      (then.server && then.server->turn == Turn::before);
  if (before && rule.moment() != Moment::request)
    return "\"at\": \"before\" is for rules whose conditions are known before the handler is";
  if (then.upload && nowhere(rule.when)) return "then.upload: no such route names an upload";
  if (then.upload && then.upload->turn == Turn::before && only_creations(rule.when))
    return "then.upload: there is no upload before it is created; use \"at\": \"after\"";
  if (then.server && then.server->crash && (then.reply || then.socket))
    return "server.crash: nobody is left who could answer; drop reply and socket";
  return std::nullopt;
}

Why in_actions(const Rule& rule) {
  const auto& then = rule.then;
  const auto moment = rule.moment();
  if (then.request && moment != Moment::request)
    return "then.request: the request was read before these conditions could be known";
  if ((moment == Moment::aborted || moment == Moment::stalled) &&
      (then.reply || then.socket || then.pace))
    return "event aborted: nobody is left to be answered; commit, upload and server can follow";
  if (then.request)
    if (auto why = on_the_body_edit(*then.request, rule.when)) return why;
  if (then.commit)
    if (auto why = on_the_commit(rule)) return why;
  if (then.reply)
    if (auto why = on_the_reply(rule)) return why;
  if (then.socket)
    if (auto why = on_the_socket(rule)) return why;
  if (then.pace)
    if (auto why = on_the_pace(rule)) return why;
  return std::nullopt;
}

// ---- values

/// Who fills the places in a value, and so what is known then.
enum class Known { before, reply, effect };

class Values {
 public:
  explicit Values(const When& when) : when_(when) {}

  Why look_at(const std::string& place, const std::optional<Template>& value, Known known) {
    return value ? look_at(place, *value, known) : std::nullopt;
  }
  Why look_at(const std::string& place, const Template& value, Known known) {
    for (const auto& name : value.names())
      if (const auto* why = unknown(name, known); why != nullptr)
        return place + ": {" + name + "} is not known there: " + why;
    return std::nullopt;
  }
  Why look_at(const std::string& place, const FieldEdits& edits, Known known) {
    for (const auto& [name, value] : edits.set)
      if (auto why = look_at(place + ".headers.set." + name, value, known)) return why;
    return std::nullopt;
  }

 private:
  [[nodiscard]] const char* unknown(const std::string& name, Known known) const {
    const bool of_upload = name == "offset" || name == "length" || name == "stored" || name == "id";
    if (known == Known::effect)
      return of_upload ? nullptr : "only offset, length, stored and id of the upload are";
    if (of_upload && nowhere(when_)) return "no such route names an upload";
    if (known == Known::reply) return nullptr;
    if (name == "received") return "no byte of the body has come";
    if (name.starts_with("reply.")) return "the handler has not answered";
    if (of_upload && only_creations(when_)) return "the upload is not created yet";
    return nullptr;
  }
  const When& when_;
};

Why in_request_values(Values& values, const Rule& rule) {
  const auto& then = rule.then;
  if (then.request) {
    const auto& edit = *then.request;
    if (auto why = values.look_at("request.target", edit.target, Known::before)) return why;
    if (auto why = values.look_at("request", edit.fields, Known::before)) return why;
    if (auto why = values.look_at("request.body", edit.body.text, Known::before)) return why;
    for (const auto& [name, value] : edit.body.form.set)
      if (auto why = values.look_at("request.body.form.set." + name, value, Known::before))
        return why;
  }
  if (then.commit && rule.moment() == Moment::request) {
    const auto& commit = *then.commit;
    // A creation with a body knows its upload by the time that bytes are stored.
    if (!only_creations(rule.when)) {
      if (auto why = values.look_at("commit.bytes", commit.bytes, Known::before)) return why;
      if (auto why = values.look_at("commit.position", commit.position, Known::before)) return why;
    }
  }
  return std::nullopt;
}

Why in_reply_values(Values& values, const Rule& rule) {
  if (!rule.then.reply) return std::nullopt;
  const auto& edit = *rule.then.reply;
  const bool early = edit.early != ReplyEdit::Early::no && rule.moment() == Moment::request;
  const auto known = early ? Known::before : Known::reply;
  if (auto why = values.look_at("reply.reason", edit.reason, known)) return why;
  if (auto why = values.look_at("reply", edit.fields, known)) return why;
  if (auto why = values.look_at("reply.body", edit.body.text, known)) return why;
  return values.look_at("reply.raw", edit.raw, Known::reply);
}

Why in_values(const Rule& rule) {
  Values values{rule.when};
  const auto& then = rule.then;
  if (auto why = in_request_values(values, rule)) return why;
  if (auto why = in_reply_values(values, rule)) return why;
  const auto moment = rule.moment();
  const bool on_its_own = moment == Moment::effect || moment == Moment::delivered;
  const auto known = [&](Turn turn) {
    if (on_its_own) return Known::effect;
    return turn == Turn::before ? Known::before : Known::reply;
  };
  if (then.effect) {
    if (auto why = values.look_at("effect.fail", then.effect->fail, Known::effect)) return why;
    if (auto why = values.look_at("effect.rename", then.effect->rename, Known::effect)) return why;
  }
  if (then.upload)
    if (auto why =
            values.look_at("upload.roll_back", then.upload->roll_back, known(then.upload->turn)))
      return why;
  if (then.server) {
    if (moment == Moment::connection && then.server->revoke_token)
      return "server.revoke_token: a connection that was just accepted has shown no token";
    return values.look_at("server.revoke_token", then.server->revoke_token,
                          known(then.server->turn));
  }
  return std::nullopt;
}

}  // namespace

Why contradiction_in(const Rule& rule) {
  const auto moment = rule.moment();
  if (auto why = on_the_moment(rule.when)) return why;
  if (moment == Moment::connection) {
    if (auto why = on_a_connection(rule)) return why;
  } else if (moment == Moment::effect || moment == Moment::delivered) {
    if (auto why = on_an_effect(rule)) return why;
  } else if (auto why = in_actions(rule)) {
    return why;
  }
  if (auto why = on_the_body(rule.when)) return why;
  if (auto why = on_the_upload(rule.when)) return why;
  if (auto why = on_what_is_done(rule)) return why;
  return in_values(rule);
}

}  // namespace mock::misbehave
