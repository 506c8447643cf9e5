#include <algorithm>
#include <optional>
#include <utility>

#include "misbehave/edit.hpp"
#include "misbehave/engine.hpp"

namespace mock::misbehave {
namespace {

bool is_early(const Rule& rule) {
  return rule.then.reply && rule.then.reply->early != ReplyEdit::Early::no;
}

class RuleIntercept final : public Intercept {
 public:
  RuleIntercept(Engine& engine, Services& correct, Facts facts, Engine::Candidates rules)
      : engine_(engine), correct_(correct), facts_(std::move(facts)), pending_(std::move(rules)) {
    lookup_ = [this](std::string_view name) { return value_of(name); };
  }

  RequestPlan on_request(Request& request) override {
    RequestPlan plan;
    Claims claims;
    for (const auto& active : take_fired(Moment::request)) {
      const auto& then = active->rule.then;
      if (then.request) edit_request(*then.request, lookup_, claims, request);
      if (then.commit) put_in_force(*then.commit);
      if (then.pace && claims.take(" pace")) plan.delay = then.pace->before;
      if (is_early(active->rule) && !early_) {
        early_ = active;
        plan.instead = early_reply(*then.reply, lookup_);
        plan.instead_after_body = then.reply->early == ReplyEdit::Early::after_body;
      }
      if (then.socket && then.socket->before && claims.take(" socket")) plan.end = then.socket->end;
    }
    return plan;
  }

  std::optional<Bytes> next_stop() const override {
    std::optional<Bytes> next;
    for (const auto& active : pending_) {
      if (active->moment != Moment::body) continue;
      const auto at = *active->rule.when.body_byte;
      if (!next || at < *next) next = at;
    }
    return next;
  }

  BodyPlan on_body(Bytes position) override {
    BodyPlan plan;
    Claims claims;
    for (const auto& active : take_fired(Moment::body, position)) {
      const auto& then = active->rule.then;
      if (then.commit) put_in_force(*then.commit);
      if (then.pace && claims.take(" pace")) plan.delay = then.pace->before;
      if (is_early(active->rule) && !early_) {
        early_ = active;
        plan.instead = early_reply(*then.reply, lookup_);
      }
      // After an early reply the socket ends when that is written.
      const bool here = then.socket && !is_early(active->rule);
      if (here && claims.take(" socket")) plan.end = then.socket->end;
    }
    if (plan.end != SocketEnd::keep) settle();
    return plan;
  }

  ReplyPlan on_reply(Reply& reply) override {
    created_ = id_in_location(reply);
    if (!early_) {
      for (auto& active : std::exchange(pending_, {})) {
        if (active->moment != Moment::reply) {
          miss_late(*active);
        } else if (engine_.holds(*active, reply) && engine_.fire(*active, facts_, upload_id())) {
          fired_.push_back(std::move(active));
        }
      }
      std::ranges::sort(fired_, {}, [](const ActivePtr& active) { return active->order; });
    }
    const auto original = reply.fields;
    reply_fields_ = &original;
    auto plan = spoil(reply);
    reply_fields_ = nullptr;
    settle();
    return plan;
  }

  void on_abort() override {
    for (const auto& active : take_fired(Moment::aborted))
      if (const auto& commit = active->rule.then.commit) put_in_force(*commit);
    settle();
  }

  [[nodiscard]] std::vector<std::string> fired() const override {
    std::vector<std::string> names;
    for (const auto& active : fired_) names.push_back(active->rule.name);
    return names;
  }

  Services& services(Services& correct) override {
    const bool commits = std::ranges::any_of(
        pending_, [](const ActivePtr& active) { return active->rule.then.commit.has_value(); });
    if (commit_ == nullptr && !commits && !engine_.illusions().any()) return correct;
    if (!store_) {
      store_.emplace(correct.store, engine_.illusions(), facts_.match().id, facts_.content_length(),
                     lookup_);
      services_.emplace(Services{*store_, correct.locks, correct.hooks, correct.loop});
      if (commit_ != nullptr) store_->apply(*commit_);
    }
    return *services_;
  }

 private:
  /// Takes the rules of `moment` out of the pending ones; those that fire stay for the reply.
  Engine::Candidates take_fired(Moment moment, Bytes position = {}) {
    Engine::Candidates fired;
    Engine::Candidates later;
    for (auto& active : pending_) {
      const bool due = active->moment == moment &&
                       (moment != Moment::body || *active->rule.when.body_byte <= position);
      if (!due)
        later.push_back(std::move(active));
      else if (engine_.fire(*active, facts_, upload_id()))
        fired.push_back(std::move(active));
    }
    pending_ = std::move(later);
    fired_.insert(fired_.end(), fired.begin(), fired.end());
    return fired;
  }

  void put_in_force(const Commit& commit) {
    if (commit_ != nullptr) return;
    commit_ = &commit;
    if (store_) store_->apply(commit);
  }

  void settle() {
    if (store_) store_->settle();
  }

  static void miss_late(ActiveRule& active) {
    static const std::string body_byte = "body_byte: the body did not get that far";
    static const std::string event = "event aborted: the body came whole";
    active.miss(late_rank, active.moment == Moment::body ? body_byte : event);
  }

  ReplyPlan spoil(Reply& reply) {
    ReplyPlan plan;
    Claims claims;
    if (!early_ && store_ && reply.status / 100 == 2 && reply.fields.has("Upload-Offset"))
      if (const auto told = store_->told())
        reply.fields.set("Upload-Offset", std::to_string(told->value));
    for (const auto& active : fired_) {
      const auto& then = active->rule.then;
      if (then.pace && claims.take(" pace")) {
        plan.delay = then.pace->reply;
        plan.slice = then.pace->slice;
        plan.slice_gap = then.pace->slice_gap;
      }
      // A body position is gone by now; what ends the socket there has done so.
      const bool ends = then.socket && !then.socket->before &&
                        (active->moment != Moment::body || active == early_);
      if (ends && claims.take(" socket")) plan.end = then.socket->end;
      if (then.reply && (!early_ || active == early_))
        edit(*active, *then.reply, claims, reply, plan);
    }
    return plan;
  }

  void edit(ActiveRule& active, const ReplyEdit& edit, Claims& claims, Reply& reply,
            ReplyPlan& plan) {
    if (edit.none) {
      if (claims.take(" raw")) plan.send = false;
      return;
    }
    if (edit.replay_first) {
      const auto [first, is_new] = active.counts.first_replies.try_emplace(facts_.target(), reply);
      if (!is_new) reply = first->second;
    }
    edit_reply(edit, lookup_, claims, reply, plan);
  }

  std::optional<std::string> id_in_location(const Reply& reply) const {
    if (!facts_.creates() || reply.status != 201) return std::nullopt;
    auto location = reply.fields.find("Location");
    if (!location) return std::nullopt;
    auto path = *location;
    if (const auto scheme = path.find("://"); scheme != std::string_view::npos) {
      const auto slash = path.find('/', scheme + 3);
      path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
    }
    auto match = match_route(path);
    return match.id.empty() ? std::nullopt : std::optional{std::move(match.id)};
  }

  [[nodiscard]] std::string upload_id() const {
    if (!facts_.match().id.empty()) return facts_.match().id;
    if (created_) return *created_;
    return store_ ? store_->id() : std::string{};
  }

  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const {
    const auto header = [](const ::http::Fields* fields, std::string_view wanted) {
      const auto value = fields != nullptr ? fields->find(wanted) : std::nullopt;
      return value ? std::optional{std::string{*value}} : std::nullopt;
    };
    const auto number = [](Bytes value) { return std::optional{std::to_string(value.value)}; };
    constexpr std::string_view of_request = "request.";
    constexpr std::string_view of_reply = "reply.";
    if (name.substr(0, of_request.size()) == of_request)
      return header(&facts_.fields(), name.substr(of_request.size()));
    if (name.substr(0, of_reply.size()) == of_reply)
      return header(reply_fields_, name.substr(of_reply.size()));
    if (name == "host") return facts_.host();
    if (name == "id") return upload_id();
    if (name == "received") return number(store_ ? store_->received() : Bytes{0});
    if (name == "stored") {
      const auto now = correct_.store.find(upload_id());
      return now ? number(now->offset) : std::nullopt;
    }
    const auto* upload = facts_.upload();
    if (upload == nullptr) return std::nullopt;
    if (name == "offset") return number(upload->offset);
    if (name == "length") return upload->length ? number(*upload->length) : std::nullopt;
    return std::nullopt;
  }

  static constexpr int late_rank = 6;

  Engine& engine_;
  Services& correct_;
  Facts facts_;
  Engine::Candidates pending_;  ///< hold so far, and their moment is still to come
  Engine::Candidates fired_;    ///< what they do to the reply is still to come
  Template::Lookup lookup_;
  const Commit* commit_ = nullptr;
  std::optional<RuledStore> store_;
  std::optional<Services> services_;
  ActivePtr early_;  ///< the rule that answers in place of the handler
  std::optional<std::string> created_;
  const ::http::Fields* reply_fields_ = nullptr;
};

}  // namespace

std::unique_ptr<Intercept> make_rule_intercept(Engine& engine, Services& services, Facts facts,
                                               Engine::Candidates rules) {
  return std::make_unique<RuleIntercept>(engine, services, std::move(facts), std::move(rules));
}

}  // namespace mock::misbehave
