// then.server: done to the server, by every rule that fires.
#include <nlohmann/json.hpp>

#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

ServerEdit server_edit_of(const Cursor& at) {
  at.only({"outage", "unanswered", "revoke_token", "crash", "at"});
  ServerEdit edit;
  edit.turn = optional(at, "at", turn_of).value_or(Turn::after);
  edit.outage = optional(at, "outage", duration_of);
  edit.unanswered = optional(at, "unanswered", duration_of);
  for (const char* const key : {"outage", "unanswered"})
    if (at.find(key) && duration_of(at.at(key)) == Milliseconds{0})
      at.at(key).fail("is no time at all");
  if (auto token = at.find("revoke_token")) {
    if (!token->raw().is_boolean())
      edit.revoke_token = template_of(*token);
    else if (token->boolean())
      edit.revoke_token = *Template::parse("{request.authorization}");
  }
  edit.crash = flag(at, "crash");
  if (!edit.outage && !edit.unanswered && !edit.revoke_token && !edit.crash)
    at.fail("changes nothing");
  if (edit.crash && (edit.outage || edit.unanswered)) at.fail("takes either crash or outage");
  if (edit.outage && edit.unanswered)
    at.fail("takes either outage or unanswered: who is refused is answered");
  return edit;
}

class ServerAction final : public Action {
 public:
  ServerAction() : Action("server") {}

  void read(const Cursor& at, Then& into) const override { into.server = server_edit_of(at); }
  [[nodiscard]] bool acts_at(Stage /*stage*/) const override { return true; }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto& then = rule.then;
    if (auto why = too_late_for(then.server->turn, rule)) return why;
    if (then.server->crash && (then.reply || then.socket))
      return "server.crash: nobody is left who could answer; drop reply and socket";
    if (then.server->revoke_token && rule.moment() == Moment::connection)
      return "server.revoke_token: a connection that was just accepted has shown no token";
    return std::nullopt;
  }

  void add_axes(const Then& /*then*/, Axes& into) const override { into.add_shared(); }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    const auto& edit = *rule.then.server;
    if (edit.revoke_token)
      visit("server.revoke_token", *edit.revoke_token, known_at(edit.turn, rule));
  }

  [[nodiscard]] std::optional<Turn> turn(const Then& then) const override {
    return then.server->turn;
  }

  void act(Engine& engine, const Then& then, const std::string& /*upload*/,
           const Template::Lookup& lookup) const override {
    const auto& edit = *then.server;
    const auto& options = engine.options();
    if (edit.revoke_token && options.revoke_token) {
      constexpr std::string_view scheme = "Bearer ";
      auto token = edit.revoke_token->fill(lookup);
      if (token.starts_with(scheme)) token.erase(0, scheme.size());
      if (!token.empty()) options.revoke_token(token);
    }
    if (edit.outage && options.outage) options.outage(*edit.outage);
    if (edit.unanswered && options.unanswered) options.unanswered(*edit.unanswered);
    if (edit.crash && options.crash) options.crash();
  }
};

}  // namespace

const Action& server_action() {
  static const ServerAction action;
  return action;
}

}  // namespace mock::misbehave
