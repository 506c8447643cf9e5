// then.interim: the replies that go ahead of the reply (1xx; RFC 9110 section 15.2): 100 Continue,
// and 104 Upload Resumption Supported, which announces an upload or tells how far it is
// (draft-ietf-httpbis-resumable-upload).
#include <algorithm>

#include "misbehave/action.hpp"
#include "misbehave/edit.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

InterimEdit interim_of(const Cursor& at) {
  InterimEdit edit;
  if (at.is_string()) {
    edit.drop = choice<bool>(at, {{"none", true}});
    return edit;
  }
  at.only({"of", "drop", "twice", "status", "headers", "delay"});
  edit.of = list(at, "of", interim_status_of);
  edit.drop = flag(at, "drop");
  edit.twice = flag(at, "twice");
  edit.status = optional(at, "status", interim_status_of);
  if (auto fields = at.find("headers")) edit.fields = fields_of(*fields);
  edit.delay = delay_at(at, "delay");
  const bool edits = edit.twice || edit.status || edit.fields.any() || edit.delay.any();
  if (!edit.drop && !edits) at.fail("changes nothing");
  if (edit.drop && edits) at.at("drop").fail("leaves nothing for the other keys to do");
  return edit;
}

class InterimAction final : public Action {
 public:
  InterimAction() : Action("interim") {}

  void read(const Cursor& at, Then& into) const override { into.interim = interim_of(at); }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto& reply = rule.then.reply;
    if (rule.moment() == Moment::reply)
      return "then.interim: they went out before these conditions could be known";
    if (reply && reply->early == ReplyEdit::Early::now && rule.moment() == Moment::request)
      return "then.interim: nothing goes ahead of an early reply; drop interim or reply.early";
    return std::nullopt;
  }

  void add_axes(const Then& then, Axes& into) const override {
    const auto& edit = *then.interim;
    // A rule about one status takes nothing from a rule about all.
    auto of = edit.of;
    if (of.empty()) of.push_back(0);
    for (const auto status : of) {
      const auto which = std::to_string(status);
      if (edit.drop || edit.twice) into.add(Axis::interim_count, which);
      if (edit.status) into.add(Axis::interim_status, which);
      for (const auto& [name, value] : edit.fields.set)
        into.add(Axis::interim_field, which + ' ' + name);
      for (const auto& name : edit.fields.drop) into.add(Axis::interim_field, which + ' ' + name);
      for (const auto& replace : edit.fields.replace)
        into.add(Axis::interim_field, which + ' ' + replace.name);
      for (const auto& [name, value] : edit.fields.add)
        into.add(Axis::interim_field, which + ' ' + name);
      into.add(Axis::interim_delay, edit.delay, which);
    }
  }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    visit_fields("interim", rule.then.interim->fields, Known::interim, visit);
  }

  void on_interim(const ExchangeFiring& firing, Reply& interim, int status,
                  InterimPlan& plan) const override {
    const auto& edit = *firing.then().interim;
    if (!edit.of.empty() && std::ranges::count(edit.of, status) == 0) return;
    if ((edit.drop || edit.twice) && firing.claims.take(Axis::interim_count)) {
      plan.send = !edit.drop;
      plan.twice = edit.twice;
    }
    if (edit.status && firing.claims.take(Axis::interim_status)) interim.status = *edit.status;
    if (!edit_fields(edit.fields, Axis::interim_field, firing.lookup, firing.claims, firing.work,
                     interim.fields))
      firing.give_up();
    firing.delay(Axis::interim_delay, edit.delay, plan.delay);
  }
};

}  // namespace

const Action& interim_action() {
  static const InterimAction action;
  return action;
}

}  // namespace mock::misbehave
