// then.reply: what the client is answered.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "misbehave/action.hpp"
#include "misbehave/edit.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"
#include "protocol/http/fields.hpp"

namespace mock::misbehave {
namespace {

/// "first", "previous" or {"mark": NAME}.
void read_replay(const Cursor& at, ReplyEdit& edit) {
  using Replay = ReplyEdit::Replay;
  if (!at.is_object()) {
    edit.replay = choice<Replay>(at, {{"first", Replay::first}, {"previous", Replay::previous}});
    return;
  }
  at.only({"mark"});
  edit.replay = Replay::marked;
  edit.replay_mark = mark_of(at.at("mark"));
}

constexpr std::string_view length_field = "Content-Length";

bool edits_length(const FieldEdits& edits) {
  const auto is = [](const std::string& name) { return ::http::same_name(name, length_field); };
  const auto named = [&](const auto& edit) { return is(edit.first); };
  return std::ranges::any_of(edits.set, named) || std::ranges::any_of(edits.add, named) ||
         std::ranges::any_of(edits.drop, is) ||
         std::ranges::any_of(edits.replace, [&](const auto& edit) { return is(edit.name); });
}

/// "none", or {"length": "{reply.content-length+10}"}.
ReplyEdit::Framing framing_of(const Cursor& at) {
  if (!at.is_object()) {
    static_cast<void>(choice<bool>(at, {{"none", true}}));
    return {};
  }
  at.only({"length"});
  return {template_of(at.at("length"))};
}

ReplyEdit reply_of(const Cursor& at) {
  ReplyEdit edit;
  if (at.is_string()) {
    edit.none = choice<bool>(at, {{"none", true}});
    return edit;
  }
  at.only({"early", "status", "reason", "headers", "framing", "body", "raw", "truncate", "replay"});
  if (at.raw().empty()) at.fail("edits nothing");
  if (auto early = at.find("early")) {
    using Early = ReplyEdit::Early;
    if (early->is_string())
      edit.early = choice<Early>(*early, {{"now", Early::now}, {"after_body", Early::after_body}});
    else if (early->boolean())
      edit.early = Early::now;
  }
  edit.status = optional(at, "status", [](const Cursor& c) {
    const auto status = c.unsigned_integer();
    if (status < 200 || status > 999) c.fail("expected a final HTTP status, 200 or above");
    return static_cast<int>(status);
  });
  edit.reason = optional(at, "reason", template_of);
  if (auto fields = at.find("headers")) edit.fields = fields_of(*fields);
  edit.framing = optional(at, "framing", framing_of);
  if (edit.framing && edits_length(edit.fields))
    at.at("framing").fail("says what Content-Length is: leave it out of headers");
  if (auto body = at.find("body")) {
    edit.body = body_of(*body);
    if (edit.body.form.any())
      body->at("form").fail("replies are no forms: edit the request's body");
  }
  edit.raw = optional(at, "raw", template_of);
  if (auto truncate = at.find("truncate")) {
    truncate->only({"head", "body"});
    edit.truncate_head = optional(*truncate, "head", size_of);
    edit.truncate_body = optional(*truncate, "body", size_of);
    if (edit.truncate_head && edit.truncate_body)
      truncate->fail("takes either head or body: a cut head has no body");
  }
  if (auto replay = at.find("replay")) read_replay(*replay, edit);
  if (edit.early != ReplyEdit::Early::no && !edit.status && !edit.raw)
    at.fail("an early reply needs a status");
  if (edit.raw && (edit.status || edit.fields.any() || edit.framing || edit.body.any() ||
                   edit.replay != ReplyEdit::Replay::no))
    at.at("raw").fail("is the whole reply: status, headers and body go into it");
  return edit;
}

/// A long download stays as it is, unless it is replaced as a whole.
bool edit_reply_body(const BodyEdit& edit, const Template::Lookup& lookup, PatternWork& work,
                     Reply& reply) {
  if (reply.source) {
    auto body = edit.text ? std::string() : small_body_of(reply);
    if (!body) return true;
    reply.body = *std::move(body);
    reply.source.reset();
  }
  return edit_body(edit, lookup, {}, work, reply.body);
}

/// Everything but `none`, `early`, `replay` and `framing`.
bool edit_reply(const ReplyEdit& edit, const Template::Lookup& lookup, Claims& claims,
                PatternWork& work, Reply& reply, ReplyPlan& plan) {
  if (edit.status && claims.take(Axis::reply_status)) {
    reply.status = *edit.status;
    // The usual phrase, unless an earlier rule gave one.
    if (!claims.taken(Axis::reply_reason)) reply.reason.clear();
  }
  if (edit.reason && claims.take(Axis::reply_reason)) {
    reply.reason = one_line(edit.reason->fill(lookup));
    reply.no_reason = reply.reason.empty();
  }
  bool in_time = edit_fields(edit.fields, Axis::reply_field, lookup, claims, work, reply.fields);
  if (edit.body.any() && claims.take(Axis::reply_body))
    in_time &= edit_reply_body(edit.body, lookup, work, reply);
  if (edit.raw && claims.take(Axis::reply_whole)) plan.raw = edit.raw->fill(lookup);
  if ((edit.truncate_head || edit.truncate_body) && claims.take(Axis::reply_truncate)) {
    plan.truncate_head = edit.truncate_head;
    plan.truncate_body = edit.truncate_body;
  }
  return in_time;
}

/// The reply of a rule that answers in place of the handler; the rule edits it again when it is
/// written.
Reply early_reply(const ReplyEdit& edit, const Template::Lookup& lookup, PatternWork& work) {
  Reply reply;
  ReplyPlan plan;  // raw and truncation are applied when this reply is written
  Claims claims;
  // What takes too long here does so again then, and is reported then.
  static_cast<void>(edit_reply(edit, lookup, claims, work, reply, plan));
  return reply;
}

bool is_early(const ReplyEdit& edit) { return edit.early != ReplyEdit::Early::no; }

class ReplyAction final : public Action {
 public:
  ReplyAction() : Action("reply") {}

  void read(const Cursor& at, Then& into) const override { into.reply = reply_of(at); }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto& then = rule.then;
    const auto& reply = *then.reply;
    const auto moment = rule.moment();
    const bool early = is_early(reply);
    if (early && moment == Moment::reply)
      return "reply.early: the handler has already answered when these conditions are known";
    if (early && (moment == Moment::request) && (then.commit || then.request))
      return "reply.early: the handler is never asked, so nothing is edited or stored; drop "
             "request "
             "and commit";
    if (early && reply.replay != ReplyEdit::Replay::no)
      return "reply.replay needs a reply of the handler";
    if (reply.early == ReplyEdit::Early::after_body && within_body(moment))
      return "reply.early after_body: within the body only 'now' is possible";
    if (reply.none && (!then.socket || then.socket->end == SocketEnd::keep))
      return "reply none: say what the socket does instead (fin, rst, stall, half_close or zombie)";
    if (reply.none && then.pace &&
        (then.pace->reply.any() || then.pace->slice > Bytes{0} ||
         then.pace->send.bytes_per_second > 0))
      return "reply none: there is nothing to slow down";
    return std::nullopt;
  }

  void add_axes(const Then& then, Axes& into) const override {
    const auto& edit = *then.reply;
    if (edit.none || edit.raw) into.add(Axis::reply_whole);
    if (is_early(edit)) into.add(Axis::reply_early);
    if (edit.status) into.add(Axis::reply_status);
    if (edit.reason) into.add(Axis::reply_reason);
    if (edit.body.any()) into.add(Axis::reply_body);
    if (edit.truncate_head || edit.truncate_body) into.add(Axis::reply_truncate);
    if (edit.replay != ReplyEdit::Replay::no) into.add(Axis::reply_replay);
    into.add(Axis::reply_field, edit.fields);
    if (edit.framing) into.add(Axis::reply_field, length_field);
  }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    const auto& edit = *rule.then.reply;
    const bool early = is_early(edit) && rule.moment() == Moment::request;
    const auto known = early ? Known::before : Known::reply;
    if (edit.reason) visit("reply.reason", *edit.reason, known);
    visit_fields("reply", edit.fields, known, visit);
    if (edit.body.text) visit("reply.body", *edit.body.text, known);
    if (edit.framing && edit.framing->length)
      visit("reply.framing.length", *edit.framing->length, Known::reply);
    if (edit.raw) visit("reply.raw", *edit.raw, Known::reply);
  }

  void on_request(const ExchangeFiring& firing, Request& /*request*/,
                  RequestPlan& plan) const override {
    const auto& edit = *firing.then().reply;
    if (!answers(firing)) return;
    plan.instead = early_reply(edit, firing.lookup, firing.work);
    plan.instead_after_body = edit.early == ReplyEdit::Early::after_body;
  }

  void on_body(const ExchangeFiring& firing, BodyPlan& plan) const override {
    const auto& edit = *firing.then().reply;
    if (answers(firing)) plan.instead = early_reply(edit, firing.lookup, firing.work);
  }

  void on_reply(const ExchangeFiring& firing, Reply& reply, ReplyPlan& plan) const override {
    const auto* answering = firing.request.answering();
    if (answering != nullptr && answering != firing.fired.active) return;
    const auto& edit = *firing.then().reply;
    if (edit.none) {
      if (firing.claims.take(Axis::reply_whole)) plan.send = false;
      return;
    }
    if (edit.replay != ReplyEdit::Replay::no && firing.claims.take(Axis::reply_replay))
      replay(firing, edit, reply);
    if (!edit_reply(edit, firing.lookup, firing.claims, firing.work, reply, plan)) firing.give_up();
    if (edit.framing && firing.claims.take(Axis::reply_field, length_field))
      frame(*edit.framing, firing.lookup, reply);
  }

 private:
  /// In place of the handler, unless another rule does already.
  static bool answers(const ExchangeFiring& firing) {
    if (!is_early(*firing.then().reply) || firing.request.answering() != nullptr) return false;
    firing.request.answer(*firing.fired.active);
    return true;
  }

  static void frame(const ReplyEdit::Framing& framing, const Template::Lookup& lookup,
                    Reply& reply) {
    if (framing.length)
      reply.fields.set(length_field, one_line(framing.length->fill(lookup)));
    else
      reply.fields.remove(length_field);
  }

  static void replay(const ExchangeFiring& firing, const ReplyEdit& edit, Reply& reply) {
    auto& request = firing.request;
    if (edit.replay == ReplyEdit::Replay::marked) {
      const auto* kept = request.engine().kept_reply(edit.replay_mark, request.upload_id());
      if (kept != nullptr) reply = *kept;
      return;
    }
    auto* kept = firing.fired.active->kept_reply(request.facts().target(), reply);
    if (kept == nullptr) return;
    if (edit.replay == ReplyEdit::Replay::first)
      reply = *kept;
    else
      std::swap(reply, *kept);
  }
};

}  // namespace

const Action& reply_action() {
  static const ReplyAction action;
  return action;
}

}  // namespace mock::misbehave
