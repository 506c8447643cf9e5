// then.socket: how the connection ends.
#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"

namespace mock::misbehave {
namespace {

SocketEdit socket_of(const Cursor& at) {
  if (at.is_string()) return {end_of(at), false};
  at.only({"end", "at"});
  SocketEdit edit;
  edit.end = end_of(at.at("end"));
  if (auto place = at.find("at"))
    edit.before = choice<bool>(*place, {{"before", true}, {"after", false}});
  return edit;
}

class SocketAction final : public Action {
 public:
  SocketAction() : Action("socket") {}

  void read(const Cursor& at, Then& into) const override { into.socket = socket_of(at); }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
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

  void add_axes(const Then& then, Axes& into) const override {
    into.add(then.socket->before ? Axis::socket_before : Axis::socket_after);
  }

  void on_request(const ExchangeFiring& firing, Request& /*request*/,
                  RequestPlan& plan) const override {
    const auto& edit = *firing.then().socket;
    if (edit.before && firing.claims.take(Axis::socket_before)) plan.end = edit.end;
  }

  void on_body(const ExchangeFiring& firing, BodyPlan& plan) const override {
    const auto& edit = *firing.then().socket;
    // After an early reply, the connection ends when that is written. A rule that is not about a
    // position in the body fires here because only the body proved its conditions.
    const bool here = !is_early(firing) && (within_body(firing.moment()) || edit.before);
    if (here && firing.claims.take(Axis::socket_before)) plan.end = edit.end;
  }

  void on_reply(const ExchangeFiring& firing, Reply& /*reply*/, ReplyPlan& plan) const override {
    const auto& edit = *firing.then().socket;
    // A rule about a position in the body has ended the connection there, unless it answered early.
    const bool ends = !edit.before && (!within_body(firing.moment()) ||
                                       firing.request.answering() == firing.fired.active);
    if (ends && firing.claims.take(Axis::socket_after)) plan.end = edit.end;
  }

 private:
  static bool is_early(const ExchangeFiring& firing) {
    const auto& reply = firing.then().reply;
    return reply && reply->early != ReplyEdit::Early::no;
  }
};

}  // namespace

const Action& socket_action() {
  static const SocketAction action;
  return action;
}

}  // namespace mock::misbehave
