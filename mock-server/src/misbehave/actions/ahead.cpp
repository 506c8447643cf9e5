// then.ahead: replies of the rule's own that go ahead of the reply (1xx; RFC 9110 section 15.2):
// 102 Processing and 103 Early Hints, which this server never sends, or a 104 where none is due
// (draft-ietf-httpbis-resumable-upload). What becomes of the server's own is interim.cpp's.
#include "misbehave/action.hpp"
#include "misbehave/edit.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

AheadEdit::One one_of(const Cursor& at) {
  at.only({"status", "headers", "times", "gap"});
  AheadEdit::One one;
  one.status = interim_status_of(at.at("status"));
  if (auto fields = at.find("headers")) {
    one.fields = fields_of(*fields);
    if (!one.fields.drop.empty() || !one.fields.replace.empty())
      fields->fail("takes set and add: it has no fields but those");
  }
  if (auto times = at.find("times")) {
    const auto count = times->unsigned_integer();
    if (count == 0) times->fail("is 0: it sends nothing");
    if (count > 1000) times->fail("must be at most 1000");
    one.times = static_cast<unsigned>(count);
  }
  one.gap = optional(at, "gap", duration_of).value_or(Milliseconds{0});
  return one;
}

AheadEdit ahead_of(const Cursor& at) {
  AheadEdit edit;
  if (at.is_object() && at.find("send")) {
    at.only({"send", "at"});
    edit.replies = list(at, "send", one_of);
    edit.turn = optional(at, "at", turn_of);
  } else {
    edit.replies.push_back(one_of(at));
  }
  return edit;
}

class AheadAction final : public Action {
 public:
  AheadAction() : Action("ahead") {}

  void read(const Cursor& at, Then& into) const override { into.ahead = ahead_of(at); }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    if (rule.then.ahead->turn == Turn::before && rule.moment() == Moment::reply)
      return "ahead before: the handler has already answered when these conditions are known";
    return std::nullopt;
  }

  void add_axes(const Then& /*then*/, Axes& into) const override { into.add(Axis::ahead); }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    const auto known = turn_of(rule) == Turn::after       ? Known::reply
                       : rule.moment() == Moment::request ? Known::before
                                                          : Known::interim;
    for (const auto& one : rule.then.ahead->replies)
      visit_fields("ahead", one.fields, known, visit);
  }

  void on_request(const ExchangeFiring& firing, Request& /*request*/,
                  RequestPlan& plan) const override {
    send(firing, Turn::before, plan.ahead);
  }
  void on_body(const ExchangeFiring& firing, BodyPlan& plan) const override {
    send(firing, Turn::before, plan.ahead);
  }
  void on_reply(const ExchangeFiring& firing, Reply& /*reply*/, ReplyPlan& plan) const override {
    send(firing, Turn::after, plan.ahead);
  }

 private:
  /// When the rule does not say: as soon as its conditions are known.
  static Turn turn_of(const Rule& rule) {
    return rule.then.ahead->turn.value_or(rule.moment() == Moment::reply ? Turn::after
                                                                         : Turn::before);
  }

  static void send(const ExchangeFiring& firing, Turn turn, std::vector<Ahead>& into) {
    if (turn_of(firing.fired.active->rule) != turn || !firing.claims.take(Axis::ahead)) return;
    for (const auto& one : firing.then().ahead->replies) {
      Reply reply;
      reply.status = one.status;
      Claims fields;
      static_cast<void>(edit_fields(one.fields, Axis::interim_field, firing.lookup, fields,
                                    firing.work, reply.fields));
      for (unsigned i = 0; i < one.times; ++i) into.push_back({reply, one.gap});
    }
  }
};

}  // namespace

const Action& ahead_action() {
  static const AheadAction action;
  return action;
}

}  // namespace mock::misbehave
