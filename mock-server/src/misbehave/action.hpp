// An action is a key of `then`. Each has a file in actions/: how it is read, when it contradicts
// the rest of its rule, which axes it takes, and what it does. actions.cpp registers them all; the
// guide is docs/guides/add-an-axis.md. Private to this room.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "misbehave/axis.hpp"
#include "misbehave/engine.hpp"
#include "misbehave/rule.hpp"
#include "protocol/json/decode.hpp"

namespace mock::misbehave {

/// Why a rule is refused, in words for its author.
using Why = std::optional<std::string>;

/// What there is to act on at a moment.
enum class Stage {
  connection,  ///< there is no request yet
  exchange,
  cut_off,  ///< nobody waits for an answer any more
  effect,   ///< the request is over
};
[[nodiscard]] Stage stage_of(Moment moment);

/// When the places in a value are filled in, and so what is known then.
enum class Known {
  before,   ///< the handler has not seen the request
  interim,  ///< the handler has not answered; a creation has no upload yet that rules know
  reply,    ///< the handler has answered
  effect,   ///< there is no request
  store,    ///< while bytes are stored: any name may have a value
};

/// What a rule that fired acts with.
struct Firing {
  const Fired& fired;
  Claims& claims;
  const Template::Lookup& lookup;

  [[nodiscard]] const Then& then() const { return fired.active->rule.then; }
  [[nodiscard]] Moment moment() const { return fired.active->moment; }
  /// Claims `axis` and draws the delay into `into`, which stays as it is when there is no delay or
  /// an earlier rule has the axis.
  void delay(Axis axis, const Delay& delay, Milliseconds& into) const;
};

/// Looked up for an effect: the upload that was delivered to the same target before. Values of
/// rules cannot use this name.
inline constexpr std::string_view previous_upload = "previous upload";

/// What an action may ask of the object that accompanies the request.
class Companion {
 public:
  virtual ~Companion() = default;
  virtual Engine& engine() = 0;
  [[nodiscard]] virtual const Facts& facts() const = 0;
  /// The upload that the request names or has created; empty: none yet.
  [[nodiscard]] virtual std::string upload_id() const = 0;
  /// Puts the rule's commit into force, unless another rule's is.
  virtual void commit(const ActiveRule& active) = 0;
  /// Asks for the small body to be gathered, so that it can be edited before the handler is made.
  virtual void gather_body() = 0;
  /// The rule that answers in place of the handler; nullptr: none does.
  [[nodiscard]] virtual const ActiveRule* answering() const = 0;
  virtual void answer(const ActiveRule& active) = 0;
};

/// The firing of a rule about a request.
struct ExchangeFiring : Firing {
  PatternWork& work;
  Companion& request;

  /// A regular expression took too long.
  void give_up() const { fired.active->give_up(); }
};

/// Stateless; what a rule says is in its Then. The functions below are called only for rules that
/// give `key`.
class Action {
 public:
  explicit constexpr Action(std::string_view key) : key_(key) {}
  virtual ~Action() = default;
  Action(const Action&) = delete;
  Action& operator=(const Action&) = delete;

  [[nodiscard]] std::string_view key() const { return key_; }

  // ---- when a rule is loaded

  /// Throws json::DecodeError.
  virtual void read(const json::Cursor& at, Then& into) const = 0;
  [[nodiscard]] virtual bool acts_at(Stage stage) const { return stage == Stage::exchange; }
  /// Why it can never do what it says; asked only at a stage at which it acts.
  [[nodiscard]] virtual Why contradiction(const Rule& /*rule*/) const { return std::nullopt; }
  virtual void add_axes(const Then& then, Axes& into) const = 0;
  /// Whether it changes bytes that are stored or delivered, and so needs a store that keeps them.
  [[nodiscard]] virtual bool needs_bytes(const Then& /*then*/) const { return false; }
  using Visit = std::function<void(const std::string& place, const Template& value, Known known)>;
  /// Every value with places to fill in.
  virtual void visit_values(const Rule& /*rule*/, const Visit& /*visit*/) const {}

  // ---- when the rule fired; all rules that fired edit the same plan

  virtual void on_request(const ExchangeFiring& /*firing*/, Request& /*request*/,
                          RequestPlan& /*plan*/) const {}
  virtual void on_small_body(const ExchangeFiring& /*firing*/, const Request& /*request*/,
                             std::string& /*body*/) const {}
  /// At a position of the body.
  virtual void on_body(const ExchangeFiring& /*firing*/, BodyPlan& /*plan*/) const {}
  /// When an interim reply goes out; called for the rules that have fired by then.
  virtual void on_interim(const ExchangeFiring& /*firing*/, Reply& /*interim*/, int /*status*/,
                          InterimPlan& /*plan*/) const {}
  /// When the handler, or a rule in its place, has answered; also for rules that fired earlier.
  virtual void on_reply(const ExchangeFiring& /*firing*/, Reply& /*reply*/,
                        ReplyPlan& /*plan*/) const {}
  virtual void on_cut_off(const ExchangeFiring& /*firing*/) const {}
  virtual void on_connection(const Firing& /*firing*/, ConnectionPlan& /*plan*/) const {}
  virtual void on_effect(const Firing& /*firing*/, EffectPlan& /*plan*/) const {}
  /// When `act` is called in an exchange; nullopt: never. At other stages it is called at once.
  [[nodiscard]] virtual std::optional<Turn> turn(const Then& /*then*/) const {
    return std::nullopt;
  }
  /// Does what no plan can say: to an upload, or to the server.
  virtual void act(Engine& /*engine*/, const Then& /*then*/, const std::string& /*upload*/,
                   const Template::Lookup& /*lookup*/) const {}

 private:
  std::string_view key_;
};

/// All actions, in the order in which those of one rule act.
[[nodiscard]] std::span<const Action* const> actions();

/// Whether a value of the rule names {offset} or {length}: the upload's when the request came.
[[nodiscard]] bool names_state(const Rule& rule);

}  // namespace mock::misbehave
