// then.connection: what becomes of a connection when it is accepted.
#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"

namespace mock::misbehave {
namespace {

ConnectionEdit connection_edit_of(const Cursor& at) {
  at.only({"delay", "handshake", "end"});
  ConnectionEdit edit;
  edit.delay = delay_at(at, "delay");
  if (auto handshake = at.find("handshake"))
    edit.fail_handshake = choice<bool>(*handshake, {{"fail", true}});
  if (auto end = at.find("end")) edit.end = end_of(*end);
  if (!edit.delay.any() && !edit.fail_handshake && edit.end == SocketEnd::keep)
    at.fail("changes nothing");
  if (edit.fail_handshake && edit.end != SocketEnd::keep)
    at.fail("takes either handshake or end: a connection that ends has no handshake");
  return edit;
}

class ConnectionAction final : public Action {
 public:
  ConnectionAction() : Action("connection") {}

  void read(const Cursor& at, Then& into) const override {
    into.connection = connection_edit_of(at);
  }
  [[nodiscard]] bool acts_at(Stage stage) const override { return stage == Stage::connection; }

  void add_axes(const Then& then, Axes& into) const override {
    const auto& edit = *then.connection;
    into.add(Axis::connection_delay, edit.delay);
    if (edit.fail_handshake || edit.end != SocketEnd::keep) into.add(Axis::connection_end);
  }

  void on_connection(const Firing& firing, ConnectionPlan& plan) const override {
    const auto& edit = *firing.then().connection;
    firing.delay(Axis::connection_delay, edit.delay, plan.delay);
    if ((edit.fail_handshake || edit.end != SocketEnd::keep) &&
        firing.claims.take(Axis::connection_end)) {
      plan.fail_handshake = edit.fail_handshake;
      plan.end = edit.end;
    }
  }
};

}  // namespace

const Action& connection_action() {
  static const ConnectionAction action;
  return action;
}

}  // namespace mock::misbehave
