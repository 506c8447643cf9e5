// Rules that look fine and can never fire, or never do what they say.
#include <algorithm>

#include "misbehave/load.hpp"

namespace mock::misbehave {
namespace {

template <class T>
bool only_of(const std::vector<T>& chosen, std::initializer_list<T> group) {
  return !chosen.empty() && std::all_of(chosen.begin(), chosen.end(), [&](const T& value) {
    return std::find(group.begin(), group.end(), value) != group.end();
  });
}

bool names_upload(Route route) {
  return route == Route::upload || route == Route::info || route == Route::redelivery;
}

std::optional<std::string> in_conditions(const When& when) {
  const auto& upload = when.upload;
  const bool bodiless = only_of<std::string>(when.methods, {"GET", "HEAD", "OPTIONS", "TRACE"});
  if (when.body_byte && bodiless)
    return "body_byte: " + when.methods.front() + " has no body, so the rule can never fire";
  if (when.aborted && bodiless)
    return "event aborted: " + when.methods.front() +
           " has no body that could be cut off, so the rule can never fire";
  if (when.aborted && when.reply.any())
    return "an aborted request has no reply to look at: drop when.reply or when.event";
  if (when.aborted && when.body_byte) return "takes either body_byte or event";
  if (when.body_byte && when.reply.any())
    return "takes either body_byte or when.reply: they become true at different moments";
  if (upload.completing.value_or(false) && upload.complete.value_or(false))
    return "upload.completing and upload.complete exclude each other";
  if (upload.deferred.value_or(false) && upload.complete.value_or(false))
    return "an upload of deferred length is never complete";
  if (upload.deferred.value_or(false) && upload.kind == tus::UploadKind::final)
    return "a final upload never has a deferred length";
  if (upload.completing.value_or(false) && bodiless)
    return "upload.completing: " + when.methods.front() + " adds no bytes";
  if (upload.older_than && upload.younger_than && *upload.older_than >= *upload.younger_than)
    return "upload.older_than and younger_than leave no age";
  if (upload.exists == false && (upload.kind || upload.deferred || upload.complete ||
                                 upload.older_than || upload.younger_than))
    return "an upload that does not exist has no state";
  const bool creations = only_of<Route>(when.routes, {Route::creation});
  if (creations && (upload.id || upload.exists || upload.complete || upload.locked ||
                    upload.older_than || upload.younger_than))
    return "upload.id, exists, complete, locked, older_than and younger_than need a route that "
           "names an "
           "upload, not creation";
  const bool nowhere =
      !when.routes.empty() && std::none_of(when.routes.begin(), when.routes.end(), [](Route r) {
        return names_upload(r) || r == Route::creation;
      });
  if (nowhere && upload.any()) return "when.upload: no such route names an upload";
  if (nowhere && !when.metadata.empty()) return "when.metadata: no such route has metadata";
  return std::nullopt;
}

std::optional<std::string> in_actions(const Rule& rule) {
  const auto& then = rule.then;
  const auto moment = rule.moment();
  if (then.request && moment != Moment::request)
    return "then.request: the request was read before these conditions could be known";
  if (moment == Moment::aborted && (then.reply || then.socket || then.pace))
    return "event aborted: nobody is left to be answered; only commit can follow";
  if (moment == Moment::reply && then.commit)
    return "then.commit: everything was stored before there was a reply";
  if (then.commit && (moment == Moment::body || moment == Moment::aborted)) {
    const auto& commit = *then.commit;
    if (commit.found.any() || commit.position || !commit.skip.empty())
      return "then.commit: found, position and skip must be known before the body comes";
    if (moment == Moment::aborted &&
        (commit.corrupt || commit.twice || commit.parts_reversed || !commit.failures.empty()))
      return "event aborted: commit takes bytes, told and lasting";
  }
  if (then.commit && then.commit->parts_reversed &&
      rule.when.upload.kind.value_or(tus::UploadKind::final) != tus::UploadKind::final)
    return "commit.parts: only a final upload has parts";
  if (then.reply) {
    const auto& reply = *then.reply;
    const bool early = reply.early != ReplyEdit::Early::no;
    if (early && moment == Moment::reply)
      return "reply.early: the handler has already answered when these conditions are known";
    if (early && (moment == Moment::request) && then.commit)
      return "reply.early: the handler is never asked, so nothing is stored; drop commit";
    if (early && reply.replay_first) return "reply.replay needs a reply of the handler";
    if (reply.early == ReplyEdit::Early::after_body && moment == Moment::body)
      return "reply.early after_body: at a body position only 'now' is possible";
    if (reply.none && (!then.socket || then.socket->end == SocketEnd::keep))
      return "reply none: say what the socket does instead (fin, rst or stall)";
    if (reply.none && then.pace &&
        (then.pace->reply > Milliseconds{0} || then.pace->slice > Bytes{0}))
      return "reply none: there is nothing to slow down";
  }
  if (then.socket && then.socket->before) {
    if (moment == Moment::reply)
      return "socket before: the handler has already answered when these conditions are known";
    if (then.commit || then.request)
      return "socket before: the handler never sees the request, so nothing else can happen";
    if (then.reply && !then.reply->none)
      return "socket before: nothing is answered; drop reply or use \"at\": \"after\"";
  }
  if (then.pace && then.pace->before > Milliseconds{0} && moment == Moment::reply)
    return "pace.before: the handler has already answered when these conditions are known";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> contradiction_in(const Rule& rule) {
  if (auto why = in_conditions(rule.when)) return why;
  return in_actions(rule);
}

}  // namespace mock::misbehave
