// then.commit: what is really stored, behind the handler's back (RuledStore carries it out).
#include <nlohmann/json.hpp>

#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

StoreCall call_of(const Cursor& at) {
  return choice<StoreCall>(at, {{"create", StoreCall::create},
                                {"find", StoreCall::find},
                                {"update", StoreCall::update},
                                {"append", StoreCall::append},
                                {"truncate", StoreCall::truncate},
                                {"remove", StoreCall::remove},
                                {"join", StoreCall::join}});
}

void read_told(const Cursor& at, Commit& commit) {
  using Told = Commit::Told;
  if (at.is_string() && at.string() == "received") return;
  if (at.is_string() && at.string() == "stored") {
    commit.told = Told::stored;
  } else if (at.is_string() && at.string() == "declared") {
    commit.told = Told::declared;
  } else {
    commit.told = Told::value;
    commit.told_value = template_of(at);
  }
}

Commit::Found found_of(const Cursor& at) {
  at.only({"offset", "length", "kind"});
  Commit::Found found;
  found.offset = optional(at, "offset", template_of);
  if (auto length = at.find("length")) {
    found.deferred = length->is_string() && length->string() == "deferred";
    if (!found.deferred) found.length = template_of(*length);
  }
  found.kind = optional(at, "kind", kind_of);
  if (!found.any()) at.fail("names nothing");
  return found;
}

Commit commit_of(const Cursor& at) {
  at.only({"bytes", "position", "corrupt", "twice", "parts", "told", "lasting", "found", "skip",
           "fail"});
  if (at.raw().empty()) at.fail("changes nothing");
  Commit commit;
  if (auto bytes = at.find("bytes")) {
    const auto word = bytes->is_string() ? bytes->string() : std::string{};
    if (word.find('{') != std::string::npos)
      commit.bytes = template_of(*bytes);
    else if (word != "all")
      commit.bytes = bytes->unwrap(
          Template::parse(std::to_string(word == "none" ? 0 : size_of(*bytes).value)));
  }
  commit.position = optional(at, "position", template_of);
  commit.corrupt = list(at, "corrupt", damage_of);
  commit.twice = flag(at, "twice");
  if (auto parts = at.find("parts"))
    commit.parts_reversed = choice<bool>(*parts, {{"reversed", true}});
  if (auto told = at.find("told")) read_told(*told, commit);
  if (auto lasting = at.find("lasting")) {
    commit.until_head = lasting->is_string();
    if (commit.until_head && lasting->string() != "until_head")
      lasting->fail("expected true, false or \"until_head\"");
    commit.lasting = commit.until_head || lasting->boolean();
  }
  if (commit.lasting && commit.told == Commit::Told::received && !commit.bytes && !commit.twice &&
      !commit.position)
    at.at("lasting").fail("needs a 'told' or 'bytes' that differs from what is stored");
  if (auto found = at.find("found")) commit.found = found_of(*found);
  const auto skip = list(at, "skip", call_of);
  commit.skip = {skip.begin(), skip.end()};
  if (commit.skip.contains(StoreCall::find) || commit.skip.contains(StoreCall::append))
    at.at("skip").fail(
        "takes create, update, truncate, remove and join (bytes: none drops what is appended)");
  if (auto failures = at.find("fail")) {
    for (const auto& [call, kind] : failures->members()) {
      const nlohmann::json name = call;
      const Cursor named{name, {}, {}};
      StoreCall which{};
      try {
        which = call_of(named);
      } catch (const json::DecodeError&) {
        kind.fail(
            "unknown call: expected one of create, find, update, append, truncate, remove, join");
      }
      using Kind = StoreError::Kind;
      commit.failures.emplace_back(which, choice<Kind>(kind, {{"not_found", Kind::not_found},
                                                              {"exists", Kind::exists},
                                                              {"wrong_offset", Kind::wrong_offset},
                                                              {"no_space", Kind::no_space},
                                                              {"damaged", Kind::damaged},
                                                              {"not_kept", Kind::not_kept},
                                                              {"io", Kind::io}}));
    }
  }
  return commit;
}

class CommitAction final : public Action {
 public:
  CommitAction() : Action("commit") {}

  void read(const Cursor& at, Then& into) const override { into.commit = commit_of(at); }
  [[nodiscard]] bool acts_at(Stage stage) const override {
    return stage == Stage::exchange || stage == Stage::cut_off;
  }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto& commit = *rule.then.commit;
    const auto moment = rule.moment();
    if (moment == Moment::reply)
      return "then.commit: everything was stored before there was a reply";
    const bool cut_off = moment == Moment::aborted || moment == Moment::stalled;
    if ((within_body(moment) || cut_off) &&
        (commit.found.any() || commit.position || !commit.skip.empty()))
      return "then.commit: found, position and skip must be known before the body comes";
    if (cut_off && (!commit.corrupt.empty() || commit.twice || commit.parts_reversed ||
                    !commit.failures.empty()))
      return "event aborted: commit takes bytes, told and lasting";
    if (commit.parts_reversed && !rule.when.upload.may_be_final())
      return "commit.parts: only a final upload has parts";
    return std::nullopt;
  }

  void add_axes(const Then& /*then*/, Axes& into) const override { into.add(Axis::commit); }

  [[nodiscard]] bool needs_bytes(const Then& then) const override {
    const auto& commit = *then.commit;
    return commit.position || !commit.corrupt.empty() || commit.parts_reversed;
  }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    const auto& commit = *rule.then.commit;
    // A creation with a body knows its upload by the time that bytes are stored.
    const bool early = rule.moment() == Moment::request && !only_creations(rule.when);
    const auto known = early ? Known::before : Known::store;
    if (commit.bytes) visit("commit.bytes", *commit.bytes, known);
    if (commit.position) visit("commit.position", *commit.position, known);
    if (commit.told_value) visit("commit.told", *commit.told_value, Known::store);
    if (commit.found.offset) visit("commit.found.offset", *commit.found.offset, Known::store);
    if (commit.found.length) visit("commit.found.length", *commit.found.length, Known::store);
  }

  void on_request(const ExchangeFiring& firing, Request& /*request*/,
                  RequestPlan& /*plan*/) const override {
    on_cut_off(firing);
  }
  void on_body(const ExchangeFiring& firing, BodyPlan& /*plan*/) const override {
    on_cut_off(firing);
  }
  void on_cut_off(const ExchangeFiring& firing) const override {
    firing.request.commit(*firing.fired.active);
  }
};

}  // namespace

const Action& commit_action() {
  static const CommitAction action;
  return action;
}

}  // namespace mock::misbehave
