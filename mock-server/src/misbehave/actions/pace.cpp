// then.pace: how slow the exchange is.
#include <nlohmann/json.hpp>

#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"

namespace mock::misbehave {
namespace {

Bandwidth bandwidth_at(const Cursor& at, std::string_view key) {
  const auto found = at.find(key);
  if (!found) return {};
  const auto rate = found->unwrap(parse_rate(found->string()));
  if (rate.value < 1) found->fail("must be at least 1 byte per second");
  return {static_cast<std::uint64_t>(rate.value)};
}

Pace pace_of(const Cursor& at) {
  at.only({"before", "reply", "slice", "gap", "receive", "send"});
  if (at.raw().empty()) at.fail("slows nothing down");
  Pace pace;
  pace.before = delay_at(at, "before");
  pace.reply = delay_at(at, "reply");
  pace.slice = optional(at, "slice", size_of).value_or(Bytes{0});
  pace.slice_gap = optional(at, "gap", duration_of).value_or(Milliseconds{0});
  pace.receive = bandwidth_at(at, "receive");
  pace.send = bandwidth_at(at, "send");
  if ((pace.slice == Bytes{0}) != (pace.slice_gap == Milliseconds{0}))
    at.fail("slice and gap belong together");
  if (!pace.before.any() && !pace.reply.any() && pace.slice == Bytes{0} &&
      pace.receive.bytes_per_second == 0 && pace.send.bytes_per_second == 0)
    at.fail("slows nothing down");
  return pace;
}

class PaceAction final : public Action {
 public:
  PaceAction() : Action("pace") {}

  void read(const Cursor& at, Then& into) const override { into.pace = pace_of(at); }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto& pace = *rule.then.pace;
    const auto moment = rule.moment();
    if (pace.before.any() && moment == Moment::reply)
      return "pace.before: the handler has already answered when these conditions are known";
    if (pace.receive.bytes_per_second > 0 && moment != Moment::request)
      return "pace.receive must be known before the body comes";
    return std::nullopt;
  }

  void add_axes(const Then& then, Axes& into) const override {
    const auto& pace = *then.pace;
    into.add(Axis::pace_before, pace.before);
    into.add(Axis::pace_reply, pace.reply);
    if (pace.slice > Bytes{0}) into.add(Axis::pace_slice);
    if (pace.receive.bytes_per_second > 0) into.add(Axis::pace_receive);
    if (pace.send.bytes_per_second > 0) into.add(Axis::pace_send);
  }

  void on_request(const ExchangeFiring& firing, Request& /*request*/,
                  RequestPlan& plan) const override {
    const auto& pace = *firing.then().pace;
    firing.delay(Axis::pace_before, pace.before, plan.delay);
    if (pace.receive.bytes_per_second > 0 && firing.claims.take(Axis::pace_receive))
      plan.receive = pace.receive;
  }

  void on_body(const ExchangeFiring& firing, BodyPlan& plan) const override {
    firing.delay(Axis::pace_before, firing.then().pace->before, plan.delay);
  }

  void on_reply(const ExchangeFiring& firing, Reply& /*reply*/, ReplyPlan& plan) const override {
    const auto& pace = *firing.then().pace;
    firing.delay(Axis::pace_reply, pace.reply, plan.delay);
    if (pace.slice > Bytes{0} && firing.claims.take(Axis::pace_slice)) {
      plan.slice = pace.slice;
      plan.slice_gap = pace.slice_gap;
    }
    if (pace.send.bytes_per_second > 0 && firing.claims.take(Axis::pace_send))
      plan.speed = pace.send;
  }
};

}  // namespace

const Action& pace_action() {
  static const PaceAction action;
  return action;
}

}  // namespace mock::misbehave
