// then.effect: what becomes of a delivery, event or report that is about to happen.
#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"

namespace mock::misbehave {
namespace {

/// "{length-100}", or a size.
Template bytes_of(const Cursor& at) {
  if (at.is_string() && at.string().find('{') != std::string::npos) return template_of(at);
  return at.unwrap(Template::parse(std::to_string(size_of(at).value)));
}

/// A path that stays below the folder of the target: only ids and numbers can be filled in.
Template path_of(const Cursor& at) {
  const auto& text = at.string();
  const auto wrapped = "/" + text + "/";
  if (text.empty() || text.size() > 200 || wrapped.find("//") != std::string::npos ||
      wrapped.find("/../") != std::string::npos || wrapped.find("/./") != std::string::npos)
    at.fail(
        "is no path below the folder of the target: at most 200 characters, no empty part, no "
        "'.' and no '..'");
  return template_of(at);
}

EffectEdit effect_edit_of(const Cursor& at) {
  at.only({"drop", "pretend", "fail", "repeat", "delay", "rename", "deliver", "bytes", "corrupt",
           "from", "path"});
  EffectEdit edit;
  edit.drop = flag(at, "drop");
  edit.pretend = flag(at, "pretend");
  edit.fail = optional(at, "fail", template_of);
  if (auto repeat = at.find("repeat")) {
    const auto times = repeat->unsigned_integer();
    if (times == 0) repeat->fail("is 0: it repeats nothing");
    if (times > 1000) repeat->fail("must be at most 1000");
    edit.repeat = static_cast<unsigned>(times);
  }
  edit.delay = delay_at(at, "delay");
  if (auto name = at.find("rename")) {
    if (name->string().find('/') != std::string::npos || name->string().size() > 100)
      name->fail("is no name: at most 100 characters and no '/'");
    edit.rename = template_of(*name);
  }
  edit.deliver = flag(at, "deliver");
  edit.bytes = optional(at, "bytes", bytes_of);
  edit.corrupt = list(at, "corrupt", damage_of);
  if (auto from = at.find("from")) edit.foreign = choice<bool>(*from, {{"previous", true}});
  edit.path = optional(at, "path", path_of);
  const bool acts = edit.pretend || edit.fail || edit.repeat > 0 || edit.delay.any() ||
                    edit.rename || edit.copies();
  if (!edit.drop && !acts && !edit.deliver) at.fail("changes nothing");
  if (edit.deliver && (edit.drop || acts)) at.at("deliver").fail("leaves the other keys nothing");
  if (edit.drop && acts) at.at("drop").fail("leaves nothing for the other keys to do");
  if (edit.pretend && edit.fail) at.fail("takes either pretend or fail");
  if ((edit.pretend || edit.fail) && edit.copies())
    at.fail("copies nothing with pretend or fail: drop bytes, corrupt, from and path");
  if (edit.fail && edit.repeat > 0) at.at("repeat").fail("what fails is not repeated");
  return edit;
}

class EffectAction final : public Action {
 public:
  EffectAction() : Action("effect") {}

  void read(const Cursor& at, Then& into) const override { into.effect = effect_edit_of(at); }
  [[nodiscard]] bool acts_at(Stage stage) const override { return stage == Stage::effect; }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto& wanted = rule.when.effect;
    const auto& edit = *rule.then.effect;
    if (rule.moment() == Moment::delivered)
      return "event delivered: it has happened; use when.effect for what is about to happen";
    if (edit.deliver != (wanted && wanted->kind == Effect::Kind::part))
      return "then.effect.deliver: is what can be done of when.effect.kind part, and of nothing "
             "else";
    if (edit.copies() && wanted && wanted->kind && wanted->kind != Effect::Kind::delivery)
      return "then.effect: bytes, corrupt, from and path are about a delivery, and about nothing "
             "else";
    if (edit.fail && wanted && wanted->kind == Effect::Kind::event)
      return "then.effect.fail: an event that fails is dropped; say so";
    return std::nullopt;
  }

  void add_axes(const Then& then, Axes& into) const override {
    const auto& edit = *then.effect;
    if (edit.drop || edit.pretend || edit.fail) into.add(Axis::effect_outcome);
    if (edit.repeat > 0) into.add(Axis::effect_repeat);
    into.add(Axis::effect_delay, edit.delay);
    if (edit.rename) into.add(Axis::effect_name);
    if (edit.bytes) into.add(Axis::effect_size);
    if (!edit.corrupt.empty()) into.add(Axis::effect_damage);
    if (edit.foreign) into.add(Axis::effect_source);
    if (edit.path) into.add(Axis::effect_path);
    if (edit.deliver) into.add_shared();
  }

  [[nodiscard]] bool needs_bytes(const Then& then) const override { return then.effect->copies(); }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    const auto& edit = *rule.then.effect;
    if (edit.fail) visit("effect.fail", *edit.fail, Known::effect);
    if (edit.rename) visit("effect.rename", *edit.rename, Known::effect);
    if (edit.bytes) visit("effect.bytes", *edit.bytes, Known::effect);
    if (edit.path) visit("effect.path", *edit.path, Known::effect);
  }

  void on_effect(const Firing& firing, EffectPlan& plan) const override {
    const auto& edit = *firing.then().effect;
    if ((edit.drop || edit.pretend || edit.fail) && firing.claims.take(Axis::effect_outcome)) {
      plan.drop = edit.drop;
      plan.pretend = edit.pretend;
      if (edit.fail) plan.fail = edit.fail->fill(firing.lookup);
    }
    plan.deliver = plan.deliver || edit.deliver;
    if (edit.repeat > 0 && firing.claims.take(Axis::effect_repeat)) plan.repeat = edit.repeat;
    firing.delay(Axis::effect_delay, edit.delay, plan.delay);
    if (edit.rename && firing.claims.take(Axis::effect_name))
      plan.rename = edit.rename->fill(firing.lookup);
    if (edit.copies()) spoil_copy(edit, firing, plan);
  }

 private:
  static void spoil_copy(const EffectEdit& edit, const Firing& firing, EffectPlan& plan) {
    if (edit.bytes && firing.claims.take(Axis::effect_size))
      if (const auto size = edit.bytes->number(firing.lookup)) plan.bytes = Bytes{*size};
    if (!edit.corrupt.empty() && firing.claims.take(Axis::effect_damage))
      plan.corrupt = edit.corrupt;
    if (edit.foreign && firing.claims.take(Axis::effect_source))
      plan.from = firing.lookup(previous_upload);
    if (edit.path && firing.claims.take(Axis::effect_path))
      plan.path = edit.path->fill(firing.lookup);
  }
};

}  // namespace

const Action& effect_action() {
  static const EffectAction action;
  return action;
}

}  // namespace mock::misbehave
