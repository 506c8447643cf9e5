#include <algorithm>
#include <optional>
#include <utility>

#include "http/addressed.hpp"
#include "misbehave/action.hpp"
#include "misbehave/engine.hpp"

namespace mock::misbehave {
namespace {

class RuleIntercept final : public Intercept, private Companion {
 public:
  RuleIntercept(Engine& engine, Services& correct, Facts facts, std::vector<Pending> rules)
      : engine_(engine),
        rules_(engine.set()),
        correct_(correct),
        facts_(std::move(facts)),
        pending_(std::move(rules)),
        upload_(facts_.addressed().id) {
    if (std::ranges::any_of(pending_, [](const Pending& pending) {
          return pending.active->rule.when.within.has_value();
        }))
      began_ = correct_.loop.now();
    for (const auto& pending : pending_) {
      const auto& counting = pending.active->rule.when.counting;
      if (counting.concurrent_above)
        slots_.emplace_back(pending.active->in_flight, counting.key(facts_, upload_));
    }
    lookup_ = [this](std::string_view name) { return value_of(name); };
  }

  RequestPlan on_request(Request& request) override {
    RequestPlan plan;
    Claims claims;
    for (const auto& fired : take_fired_at(Moment::request)) {
      const auto firing = firing_of(fired, claims);
      for (const auto* action : fired.then().actions) action->on_request(firing, request, plan);
      act(fired.then(), Turn::before);
    }
    return plan;
  }

  [[nodiscard]] bool edits_body() const override { return gathers_; }

  void on_small_body(const Request& request, std::string& body) override {
    Claims claims;
    for (const auto& fired : fired_) {
      const auto firing = firing_of(fired, claims);
      for (const auto* action : fired.then().actions) action->on_small_body(firing, request, body);
    }
  }

  std::optional<Bytes> next_stop() const override {
    std::optional<Bytes> next;
    for (const auto& pending : pending_)
      if (pending.due == Moment::body && (!next || pending.stop < *next)) next = pending.stop;
    return next;
  }

  BodyPlan on_body(Bytes position) override {
    return in_body(take_fired(
        [&](const Pending& one) { return one.due == Moment::body && one.stop <= position; }));
  }

  std::optional<Milliseconds> next_alarm() const override {
    std::optional<Milliseconds> next;
    for (const auto& pending : pending_)
      if (pending.due == Moment::lasting && (!next || lasts(pending) < *next))
        next = lasts(pending);
    return next;
  }

  BodyPlan on_alarm(Milliseconds lasted) override {
    return in_body(take_fired(
        [&](const Pending& one) { return one.due == Moment::lasting && lasts(one) <= lasted; }));
  }

  InterimPlan on_interim(Reply& interim) override {
    InterimPlan plan;
    Claims claims;
    const auto status = interim.status;
    for (const auto& fired : fired_) {
      const auto firing = firing_of(fired, claims);
      for (const auto* action : fired.then().actions)
        action->on_interim(firing, interim, status, plan);
    }
    return plan;
  }

  ReplyPlan on_reply(Reply& reply) override {
    upload_ = upload_of(facts_.addressed(), reply.status, &reply.fields);
    if (early_ == nullptr) {
      for (auto& pending : std::exchange(pending_, {})) {
        const bool due = pending.due == Moment::reply;
        if (!due) miss_late(pending);
        const bool fires = due && reply_holds(*pending.active, facts_, reply) &&
                           complete_if_asked(pending) && fire(*pending.active, fired_);
        if (!fires) tell_nearest(*pending.active, facts_, &reply);
      }
      std::ranges::sort(fired_, {}, [](const Fired& fired) { return fired.active->order; });
    }
    if (fired_.empty() && !store_ && !deceived_) return {};
    for (const auto& fired : fired_)
      if (fired.active->rule.sets) engine_.keep_reply(*fired.active->rule.sets, upload_id(), reply);
    const auto original = reply.fields;
    reply_fields_ = &original;
    auto plan = spoil(reply);
    for (const auto& fired : fired_)
      if (fired.active->moment == Moment::request || fired.active->moment == Moment::reply)
        act(fired.then(), Turn::after);
    reply_fields_ = nullptr;
    settle();
    // A client that closed only its sending direction is answered all the same, and waits for that:
    // what was stored cannot show late to it.
    if (cut_off_ && commit_ != nullptr && commit_->rule.then.commit->until_head)
      engine_.illusions().set(upload_id(), 0);
    if (deceived_) engine_.illusions().answered(facts_.addressed().id, facts_.method());
    return plan;
  }

  void on_stall() override { cut_off(Moment::stalled); }
  void on_abort() override {
    cut_off(Moment::aborted);
    settle();
  }

  [[nodiscard]] const Request* as_sent() const override { return facts_.kept_request(); }

  [[nodiscard]] std::vector<std::string> fired() const override {
    std::vector<std::string> names;
    for (const auto& fired : fired_) names.push_back(fired.active->rule.name);
    return names;
  }

  Services& services(Services& correct) override {
    const bool commits = std::ranges::any_of(pending_, [](const Pending& pending) {
      return pending.active->rule.then.commit.has_value();
    });
    if (engine_.illusions().any()) {
      engine_.illusions().begins(facts_.addressed().id, facts_.method());
      deceived_ = engine_.illusions().of(facts_.addressed().id) != 0;
    }
    if (commit_ == nullptr && !commits && !engine_.illusions().any()) return correct;
    if (!store_) {
      store_.emplace(correct.store, engine_.illusions(), facts_.addressed().id,
                     facts_.content_length(), lookup_);
      services_.emplace(Services{*store_, correct.locks, correct.loop});
      if (commit_ != nullptr) store_->apply(*commit_->rule.then.commit);
    }
    return *services_;
  }

 private:
  bool fire(ActiveRule& active, std::vector<Fired>& into) {
    auto fired = engine_.fire(active, facts_, upload_id());
    if (!fired) return false;
    std::erase_if(slots_, [&](const Slot& slot) { return slot.is_of(active.in_flight); });
    into.push_back(*fired);
    return true;
  }

  /// Takes the rules that are due out of the pending ones; those that fire stay for the reply.
  template <class Due>
  std::vector<Fired> take_fired(Due due) {
    std::vector<Fired> fired;
    std::vector<Pending> later;
    for (auto& pending : pending_) {
      if (!due(pending))
        later.push_back(pending);
      else if (!complete_if_asked(pending) || !soon_enough(pending) ||
               !fire(*pending.active, fired))
        tell_nearest(*pending.active, facts_);
    }
    pending_ = std::move(later);
    fired_.insert(fired_.end(), fired.begin(), fired.end());
    return fired;
  }
  std::vector<Fired> take_fired_at(Moment moment) {
    return take_fired([moment](const Pending& pending) { return pending.due == moment; });
  }

  BodyPlan in_body(const std::vector<Fired>& all) {
    BodyPlan plan;
    Claims claims;
    for (const auto& fired : all) {
      const auto& then = fired.then();
      const auto firing = firing_of(fired, claims);
      for (const auto* action : then.actions) action->on_body(firing, plan);
      act(then, Turn::before);
      if (within_body(fired.active->moment)) act(then, Turn::after);
    }
    if (plan.end != SocketEnd::keep) settle();
    return plan;
  }

  static Milliseconds lasts(const Pending& pending) {
    return *pending.active->rule.when.body_lasts;
  }

  void cut_off(Moment moment) {
    cut_off_ = true;
    Claims claims;
    for (const auto& fired : take_fired_at(moment)) {
      const auto firing = firing_of(fired, claims);
      for (const auto* action : fired.then().actions) action->on_cut_off(firing);
      act(fired.then(), Turn::after);
    }
  }

  void act(const Then& then, Turn turn) {
    for (const auto* action : then.actions)
      if (action->turn(then) == turn) action->act(engine_, then, upload_id(), lookup_);
  }

  [[nodiscard]] ExchangeFiring firing_of(const Fired& fired, Claims& claims) {
    return {{fired, claims, lookup_}, facts_.pattern_work(), *this};
  }

  // Companion
  Engine& engine() override { return engine_; }
  [[nodiscard]] const Facts& facts() const override { return facts_; }
  void commit(const ActiveRule& active) override {
    if (commit_ != nullptr) return;
    commit_ = &active;
    if (store_) store_->apply(*active.rule.then.commit);
  }
  void gather_body() override { gathers_ = true; }
  [[nodiscard]] const ActiveRule* answering() const override { return early_; }
  void answer(const ActiveRule& active) override { early_ = &active; }

  /// Whether a chunked body that had to complete the upload has done so.
  [[nodiscard]] bool complete_if_asked(const Pending& pending) const {
    static const std::string completing = "upload completing";
    if (!pending.completes) return true;
    const auto now = correct_.store.find(upload_id());
    if (now && now->complete()) return true;
    pending.active->miss(at_upload, completing);
    return false;
  }

  [[nodiscard]] bool soon_enough(const Pending& pending) const {
    static const std::string within = "within: it came later";
    const auto& limit = pending.active->rule.when.within;
    if (!limit || correct_.loop.now() - began_ <= *limit) return true;
    pending.active->miss(at_body, within);
    return false;
  }

  void settle() {
    if (store_) store_->settle();
  }

  static void miss_late(const Pending& pending) {
    static const std::string body_byte = "body_byte: the body did not get that far";
    static const std::string completing = "upload completing";
    static const std::string event = "event: the body came whole";
    static const std::string lasts = "body_lasts: the body was whole in time";
    auto& active = *pending.active;
    if (pending.due == Moment::lasting)
      active.miss(at_body, lasts);
    else if (pending.due != Moment::body)
      active.miss(at_body, event);
    else
      active.miss(at_body, active.moment == Moment::body ? body_byte : completing);
  }

  ReplyPlan spoil(Reply& reply) {
    ReplyPlan plan;
    Claims claims;
    if (early_ == nullptr && store_ && reply.status / 100 == 2 && reply.fields.has("Upload-Offset"))
      if (const auto told = store_->told())
        reply.fields.set("Upload-Offset", std::to_string(told->value));
    for (const auto& fired : fired_) {
      const auto firing = firing_of(fired, claims);
      for (const auto* action : fired.then().actions) action->on_reply(firing, reply, plan);
    }
    return plan;
  }

  [[nodiscard]] std::string upload_id() const override {
    if (!upload_.empty()) return upload_;
    return store_ ? store_->id() : std::string{};
  }

  /// In whole seconds, rounded up, so that a client that waits no longer than that gets through.
  [[nodiscard]] std::optional<std::string> retry_after() const {
    const auto limited = std::ranges::find_if(
        fired_, [](const Fired& fired) { return fired.wait > Milliseconds{0}; });
    if (limited == fired_.end()) return std::nullopt;
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(limited->wait).count());
  }

  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const {
    const auto number = [](Bytes value) { return std::optional{std::to_string(value.value)}; };
    constexpr std::string_view of_reply = "reply.";
    if (name.starts_with(of_reply)) {
      if (reply_fields_ == nullptr) return std::nullopt;
      const auto found = reply_fields_->find(name.substr(of_reply.size()));
      return found ? std::optional{std::string{*found}} : std::nullopt;
    }
    if (name == "id") return upload_id();
    if (name == "retry_after") return retry_after();
    if (name == "token") {
      const auto& valid = engine_.options().valid_token;
      return valid ? std::optional{valid()} : std::nullopt;
    }
    if (name == "received") return number(store_ ? store_->received() : Bytes{0});
    if (name == "stored") {
      const auto now = correct_.store.find(upload_id());
      return now ? number(now->offset) : std::nullopt;
    }
    return facts_.value(name);
  }

  Engine& engine_;
  std::shared_ptr<const RuleSet> rules_;  ///< keeps alive what the rest refers to
  Services& correct_;
  Facts facts_;
  std::vector<Pending> pending_;  ///< hold so far, and their moment is still to come
  std::vector<Slot> slots_;       ///< of rules that count requests at once
  std::vector<Fired> fired_;      ///< what they do to the reply is still to come
  Template::Lookup lookup_;
  const ActiveRule* commit_ = nullptr;  ///< the rule whose commit is in force
  std::optional<RuledStore> store_;
  std::optional<Services> services_;
  const ActiveRule* early_ = nullptr;  ///< the rule that answers in place of the handler
  TimePoint began_{};                  ///< if a rule has `within`
  bool gathers_ = false;               ///< a rule edits the small body
  bool cut_off_ = false;
  bool deceived_ = false;  ///< a lie of an earlier request is told to this one
  std::string upload_;     ///< id of the upload that the exchange is about; empty: not known
  const ::http::Fields* reply_fields_ = nullptr;
};

}  // namespace

std::unique_ptr<Intercept> make_rule_intercept(Engine& engine, Services& services, Facts facts,
                                               std::vector<Pending> rules) {
  return std::make_unique<RuleIntercept>(engine, services, std::move(facts), std::move(rules));
}

}  // namespace mock::misbehave
