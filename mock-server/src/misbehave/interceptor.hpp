// Applies rules to requests: the `misbehave` end of the seam in http/intercept.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "effects.hpp"
#include "http/intercept.hpp"
#include "misbehave/rule.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace mock {
class System;
}

namespace mock::misbehave {

class Engine;
struct Fired;

struct RuleOptions {
  std::uint64_t seed = 0;
  /// Metadata keys whose value the server makes: no part of what a client chose.
  std::set<std::string, std::less<>> server_metadata = {};
  /// The system of the lane that serves a path; nullptr: none. It is asked what a request says of
  /// its upload. Called on the loop thread.
  std::function<const System*(const RouteMatch&)> system_of = {};
  /// The listener that rules act on serves /_mock/ too, so that a rule could lock its author out.
  bool control_at_stake = false;
  /// What is stored can be read again; else rules that change bytes are warned of.
  bool keeps_bytes = true;
  // What a rule may do beyond its request. Called on the loop thread; an empty one does nothing.
  std::function<void()> crash = {};                   ///< kill -9 of the process itself
  std::function<void(Milliseconds)> outage = {};      ///< connections are refused that long
  std::function<void(Milliseconds)> unanswered = {};  ///< connections are not answered that long
  std::function<void()> answer_again = {};            ///< ends `unanswered`
  std::function<void(const std::string& token)> revoke_token = {};
  std::function<std::string()> valid_token = {};  ///< an access token that the server accepts
  /// Told of each rule as it fires; `upload` is the id it is about, or empty. Loop thread.
  std::function<void(const std::string& rule, const std::string& upload)> fired = {};
  /// What is to outlive a restart: `kept` gives what `keep` was given last; nullopt, and an empty
  /// text: nothing.
  std::function<std::optional<std::string>()> kept = {};
  std::function<void(const std::string& text)> keep = {};
  std::function<void(std::string_view)> warn = {};  ///< one line, for whoever wrote the rules
};

/// The request, connection or effect that came nearest to a rule, and what each condition that was
/// looked at found there. `got` is raw: whoever shows it masks what may be secret.
struct NearestMiss {
  struct Condition {
    std::string field;   ///< "headers.X-Partner"
    std::string wanted;  ///< JSON, as it was loaded
    std::string got;     ///< JSON; null: it was not there
    bool matched = false;
  };
  std::string method;  ///< of a request
  std::string target;  ///< its path
  std::vector<Condition> conditions;
};

/// What became of a rule since it was loaded, or since its counts were reset.
struct RuleReport {
  std::string name;
  std::string misbehaviour;   ///< the name under which it was loaded, perhaps with others
  std::string json;           ///< the rule as it was loaded
  std::uint64_t matched = 0;  ///< every condition held, chance left aside
  std::uint64_t fired = 0;
  bool exhausted = false;  ///< fired `times` times
  /// How often one of its regular expressions took too long, so that it did not match (a condition)
  /// or changed nothing (an edit).
  std::uint64_t gave_up = 0;
  /// For a rule that never fired: the condition at which the request that came nearest failed.
  std::string near_miss;
  /// The same, condition by condition. Of requests that came equally near it is the latest, or, of
  /// more than `told_limit`, the last of the first so many. nullopt: none was looked at.
  std::optional<NearestMiss> nearest;
};

/// How many requests that come equally near a rule are looked at a second time, to describe them
/// (docs/decisions/0037).
inline constexpr std::uint64_t told_limit = 100;

/// Some of the rules, in their order.
struct RulePage {
  std::vector<RuleReport> rules;
  std::optional<std::int64_t> next;  ///< where the next page begins; nullopt: there is none
};

/// Before or after the rules that are there: the first one wins.
enum class Place { first, last };

/// The rules of one lane. The first rule wins, per axis. An axis is: the method, the target, each
/// header and the body of the request; what is committed; the status, the reason, each header and
/// the body of the reply; how often, with which status and headers, and when an interim reply goes
/// out; the socket; each kind of delay and speed; what becomes of an effect, how often, when and
/// under which name. What is done to an upload or the server is done by every rule. Between rules
/// that match at different moments of one request the earlier moment wins. Chance is a function of
/// seed, rule, lane, the metadata that the client gave the upload, and how often the rule matched
/// for them: never of a server-made id, nor of what other uploads do. A request keeps the rules it
/// began with, whatever is added or removed meanwhile. Loop thread only.
class RuleInterceptor : public Interceptor, public Effects {
 public:
  /// `services` are the lane's correct ones and outlive this.
  RuleInterceptor(RuleOptions options, Services& services);
  ~RuleInterceptor() override;

  /// Adds all or none. An Error names a rule whose name is taken, that needs a mark which no rule
  /// sets, or that acts on the connections to /_mock/ and does not say so; or rules would exceed
  /// `rule_limit` or `rule_text_limit`. For Place::last the time does not grow with the rules that
  /// are there.
  Result<void> add(std::vector<Misbehaviour> misbehaviours, Place place = Place::last);
  Result<void> add(Misbehaviour misbehaviour, Place place = Place::last);
  /// The rule of that name, or all that were loaded under it. False: there is none.
  bool remove(const std::string& name);
  /// Removes every rule; marks and lasting lies are forgotten.
  void clear();
  /// Counts go back to zero, time windows begin anew, marks and lasting lies are forgotten.
  void reset_counts();

  /// The lane's clock was moved: locks whose time is over end.
  void catch_up();

  std::unique_ptr<Intercept> begin(const Request& request) override;
  ConnectionPlan on_connection(const std::string& lane, std::uint64_t ordinal) override;
  TlsPlan on_hello(const std::string& lane, std::uint64_t ordinal,
                   std::optional<std::string_view> server_name) override;
  EffectPlan before(const Effect& effect, const Upload& upload) override;
  void delivered(const std::string& target, const Upload& upload) override;
  /// Looks at up to `most` rules from order `from` on, and reports those that have the name or were
  /// loaded under it; an empty name means all. A page may be empty although more follow.
  [[nodiscard]] RulePage report(std::int64_t from, std::size_t most,
                                const std::string& name = {}) const;
  /// All, in the order of the rules.
  [[nodiscard]] std::vector<RuleReport> report() const;
  /// The first of rule-1, rule-2, ... that no rule has and under which none were loaded.
  [[nodiscard]] std::string free_name() const;
  /// Names of the rules that do nothing on a connection without TLS.
  [[nodiscard]] std::vector<std::string> needing_tls() const;
  /// ... or without the certificates of --tls-self-signed.
  [[nodiscard]] std::vector<std::string> needing_bad_certificates() const;

 private:
  enum class Phase { accepted, hello };
  ConnectionPlan plan_of(Phase phase, const std::string& lane, std::uint64_t ordinal,
                         std::optional<std::string_view> server_name);
  void act(const Fired& fired, const std::string& upload, const Template::Lookup& lookup);
  Services& services_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace mock::misbehave
