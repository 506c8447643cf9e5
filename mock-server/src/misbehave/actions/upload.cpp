// then.upload: done to the upload that the request is about, by every rule that fires.
#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

UploadEdit upload_edit_of(const Cursor& at) {
  at.only({"expire", "forget", "roll_back", "lock", "of", "at"});
  UploadEdit edit;
  edit.turn = optional(at, "at", turn_of).value_or(Turn::after);
  edit.expire = flag(at, "expire");
  edit.forget = flag(at, "forget");
  edit.roll_back = optional(at, "roll_back", template_of);
  edit.lock = optional(at, "lock", duration_of);
  edit.of = optional(at, "of", mark_of);
  if (!edit.expire && !edit.forget && !edit.roll_back && !edit.lock) at.fail("changes nothing");
  if (edit.forget && (edit.expire || edit.roll_back))
    at.at("forget").fail("leaves nothing to expire or to roll back");
  return edit;
}

class UploadAction final : public Action {
 public:
  UploadAction() : Action("upload") {}

  void read(const Cursor& at, Then& into) const override { into.upload = upload_edit_of(at); }
  [[nodiscard]] bool acts_at(Stage stage) const override { return stage != Stage::connection; }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto turn = rule.then.upload->turn;
    if (auto why = too_late_for(turn, rule)) return why;
    if (rule.then.upload->of) return std::nullopt;
    if (nowhere(rule.when)) return "then.upload: no such route names an upload";
    if (turn == Turn::before && only_creations(rule.when))
      return "then.upload: there is no upload before it is created; use \"at\": \"after\"";
    return std::nullopt;
  }

  void add_axes(const Then& /*then*/, Axes& into) const override { into.add_shared(); }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    const auto& edit = *rule.then.upload;
    if (edit.roll_back) visit("upload.roll_back", *edit.roll_back, known_at(edit.turn, rule));
  }

  [[nodiscard]] std::optional<Turn> turn(const Then& then) const override {
    return then.upload->turn;
  }

  void act(Engine& engine, const Then& then, const std::string& upload,
           const Template::Lookup& lookup) const override {
    const auto& edit = *then.upload;
    if (!edit.of) return act_on(engine, edit, upload, lookup);
    for (const auto& one : engine.marked(*edit.of)) act_on(engine, edit, one, lookup);
  }

 private:
  static void act_on(Engine& engine, const UploadEdit& edit, const std::string& upload,
                     const Template::Lookup& lookup) {
    if (upload.empty()) return;
    auto& store = engine.services().store;
    if (edit.roll_back)
      if (const auto length = edit.roll_back->number(lookup)) {
        const auto found = store.find(upload);
        if (found && Bytes{*length} < found->offset)
          static_cast<void>(store.truncate(upload, Bytes{*length}));
      }
    if (edit.expire) {
      if (auto found = store.find(upload)) {
        found->expires = engine.services().loop.now() - std::chrono::seconds{1};
        static_cast<void>(store.update(*found));
      }
    }
    if (edit.forget) {
      engine.illusions().set(upload, 0);
      static_cast<void>(store.remove(upload));
    }
    if (edit.lock) engine.lock(upload, edit);
  }
};

}  // namespace

const Action& upload_action() {
  static const UploadAction action;
  return action;
}

}  // namespace mock::misbehave
