// A rule of misbehaviour as a value: when it applies and what then goes wrong. Read from JSON by
// load.hpp (fixtures/misbehaviours/rule.schema.json), carried out by interceptor.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "damage.hpp"
#include "effects.hpp"
#include "http/intercept.hpp"
#include "http/route.hpp"
#include "misbehave/arrival.hpp"
#include "misbehave/counting.hpp"
#include "misbehave/number.hpp"
#include "misbehave/pattern.hpp"
#include "misbehave/relations.hpp"
#include "misbehave/template.hpp"
#include "protocol/units.hpp"
#include "store/store.hpp"

namespace mock::misbehave {

/// How many rules a lane can have, and so a file.
inline constexpr std::size_t rule_limit = 10'000;
/// How long the JSON of all rules of a lane can be.
inline constexpr Bytes rule_text_limit{16UL << 20U};

/// A condition on a text that may be missing.
struct TextCondition {
  enum class Kind { present, absent, equals, regex, number };
  Kind kind = Kind::present;
  std::string text;                                         ///< of equals
  std::optional<Pattern> pattern;                           ///< of regex
  std::shared_ptr<const NumberCondition> number = nullptr;  ///< of number
  /// Not for Kind::number, which needs values of the request.
  [[nodiscard]] Pattern::Found holds(std::optional<std::string_view> value,
                                     PatternWork& work) const;
};

/// On what has a name: a header, a metadata key, an attribute, a JSON pointer.
struct NamedCondition {
  std::string name;
  TextCondition value;
  std::string label;  ///< "header Upload-Length": how reports call it
};

/// State of the upload when the request came. On a creation: of the upload that it asks for.
struct UploadConditions {
  std::optional<TextCondition> id;
  std::optional<std::string> kind;
  std::vector<NamedCondition> attributes;  ///< as the system that serves the request names them
  std::optional<bool> exists;
  std::optional<bool> deferred;
  /// This request would bring the upload to its length. A chunked body proves that with its last
  /// byte only: `true` is known then, and `false` holds from the beginning.
  std::optional<bool> completing;
  std::optional<bool> complete;
  std::optional<bool> locked;             ///< another request is writing to it
  std::optional<NumberCondition> length;  ///< never holds while it is deferred
  std::optional<NumberCondition> offset;
  std::optional<Milliseconds> older_than;
  std::optional<Milliseconds> younger_than;
  std::optional<Milliseconds> unwritten_for;  ///< since a byte of it was stored last
  std::optional<Milliseconds> written_within;
  std::optional<PartConditions> parts;
  std::optional<OtherConditions> others;
  [[nodiscard]] bool any() const;
  /// Whether it has a condition on how long ago something was.
  [[nodiscard]] bool timed() const {
    return older_than || younger_than || unwritten_for || written_within;
  }
  [[nodiscard]] bool only_finals() const { return kind == "final"; }
  [[nodiscard]] bool may_be_final() const { return !kind || only_finals(); }
};

struct StatusRange {
  int first = 0;
  int last = 0;  ///< included
};

/// On the handler's own reply, before any rule edited it.
struct ReplyConditions {
  std::vector<StatusRange> status;  ///< any of them; empty: any status
  std::vector<NamedCondition> fields;
  std::vector<NamedCondition> json;   ///< by JSON pointer; numbers and booleans as JSON spells them
  std::optional<TextCondition> body;  ///< absent: empty, or too long to be looked at
  [[nodiscard]] bool any() const {
    return !status.empty() || !fields.empty() || !json.empty() || body;
  }
};

/// On which of its matches a rule fires.
struct Chance {
  std::vector<std::uint64_t> nth;  ///< 1 is the first match; empty: every one
  std::uint64_t every = 1;
  double probability = 1;
};

/// On a connection when it is accepted: its number among those to the listener.
struct ConnectionConditions {
  std::vector<std::uint64_t> nth;  ///< 1 is the first; empty: every one
  std::uint64_t every = 1;
  /// Of TLS (SNI), in lower case. It is judged when the ClientHello has come.
  std::optional<TextCondition> server_name;
};

/// On a delivery, event or report that is about to happen.
struct EffectConditions {
  std::optional<Effect::Kind> kind;
  std::optional<TextCondition> name;
  std::vector<unsigned> attempts;  ///< of a delivery; empty: any
};

enum class Event {
  aborted,    ///< the body was cut off or timed out
  stalled,    ///< nothing came for the read timeout; `aborted` follows
  overrun,    ///< the body reaches beyond the upload's length
  delivered,  ///< a delivery succeeded
};

struct When {
  std::vector<std::string> methods;  ///< as the server is to act: X-HTTP-Method-Override counts
  std::vector<std::string> wire_methods;  ///< as in the request line
  std::vector<Route> routes;
  std::optional<Pattern> path;
  std::vector<NamedCondition> query;  ///< decoded; the first where a parameter is repeated
  std::optional<ArrivalConditions> arrival;
  std::vector<NamedCondition> fields;
  std::vector<NamedCondition> metadata;  ///< of the creation, or as stored
  std::optional<std::string> lane;
  UploadConditions upload;
  ReplyConditions reply;
  std::optional<Bytes> body_byte;  ///< position in the body without framing, counted from 1
  /// The body is not whole that long after the request's head, whether bytes come or not.
  std::optional<Milliseconds> body_lasts;
  std::optional<Event> event;
  /// Only with `event` aborted or stalled: it came that soon after the request's head.
  std::optional<Milliseconds> within;
  std::optional<ConnectionConditions> connection;
  std::optional<EffectConditions> effect;
  /// Time since the rule was loaded, or its counts reset, by the lane's clock.
  std::optional<Milliseconds> after;
  std::optional<Milliseconds> until;
  CountConditions counting;
  Chance chance;
  [[nodiscard]] bool about_request() const;
};

/// When the conditions of a rule are all known, so that it can match.
enum class Moment {
  request,
  body,
  lasting,
  reply,
  aborted,
  stalled,
  connection,
  effect,
  delivered
};
/// Whether the handler is given the body at that moment.
[[nodiscard]] inline bool within_body(Moment moment) {
  return moment == Moment::body || moment == Moment::lasting;
}

/// A time that is drawn by the rule's chance: evenly between `mean - jitter` and `mean + jitter`,
/// or, with `percentiles`, so that these hold. Between two of them, and beyond the first and the
/// last, it is log-normal; so two alone are a log-normal distribution.
struct Delay {
  struct Percentile {
    double normal = 0;     ///< that percentile of the standard normal distribution
    double logarithm = 0;  ///< of the milliseconds
  };
  Milliseconds mean{0};
  Milliseconds jitter{0};
  std::vector<Percentile> percentiles = {};  ///< in order; none, or at least two
  Milliseconds least{0};                     ///< bounds of what percentiles draw
  Milliseconds most{0};
  [[nodiscard]] bool any() const { return mean > Milliseconds{0} || !percentiles.empty(); }
  [[nodiscard]] bool left_to_chance() const {
    return jitter > Milliseconds{0} || !percentiles.empty();
  }
};

struct FieldEdits {
  struct Replace {
    std::string name;
    Pattern pattern;
    std::string with;
  };
  std::vector<std::pair<std::string, Template>> set;
  std::vector<std::string> drop;
  std::vector<Replace> replace;
  std::vector<std::pair<std::string, Template>> add;  ///< further lines, behind those there are
  [[nodiscard]] bool any() const {
    return !set.empty() || !drop.empty() || !replace.empty() || !add.empty();
  }
};

/// Of an application/x-www-form-urlencoded body, by decoded name.
struct FormEdits {
  std::vector<std::pair<std::string, Template>> set;  ///< one value in place of all there are
  std::vector<std::string> drop;
  [[nodiscard]] bool any() const { return !set.empty() || !drop.empty(); }
};

struct BodyEdit {
  std::optional<Template> text;  ///< instead of the body
  std::optional<std::pair<Pattern, std::string>> regex;
  std::shared_ptr<const nlohmann::json> json_patch;  ///< RFC 6902
  std::shared_ptr<const nlohmann::json> json_merge;  ///< RFC 7396
  FormEdits form;                                    ///< of requests only
  [[nodiscard]] bool any() const { return text || regex || json_patch || json_merge || form.any(); }
};

struct RequestEdit {
  std::optional<std::string> method;
  std::optional<Template> target;
  FieldEdits fields;
  BodyEdit body;  ///< only bodies of up to 64 KiB are edited
};

enum class StoreCall { create, find, update, append, truncate, remove, join };

/// What the store does with this request, while it tells the handler that all is well.
struct Commit {
  /// Bytes of this request's body that are really stored; nullopt: all. The rest is dropped. In a
  /// rule that matches at a body position or at an abort, bytes already stored are taken back.
  std::optional<Template> bytes;
  std::optional<Template> position;  ///< where they are written; nullopt: at the end
  std::vector<Damage> corrupt;       ///< of the body, by the position in it
  bool twice = false;                ///< every stored slice is written two times
  bool parts_reversed = false;       ///< a final is joined in the opposite order

  /// The offset that is told: in the reply to this request when it succeeds, and, when `lasting`,
  /// to every later request of this upload until it is removed or the server restarts. With
  /// `until_head` it is told to the next request only, and only if that is a HEAD: so what was
  /// stored shows late. It is not told after a request that was cut off and answered all the same.
  enum class Told { received, stored, declared, value };
  Told told = Told::received;
  std::optional<Template> told_value;
  bool lasting = false;
  bool until_head = false;

  /// What the handler finds when it looks the upload up; nullopt: the truth.
  struct Found {
    std::optional<Template> offset;
    std::optional<Template> length;
    bool deferred = false;  ///< no length
    std::optional<std::string> kind;
    [[nodiscard]] bool any() const { return offset || length || deferred || kind; }
  } found;

  std::set<StoreCall> skip;                                      ///< answered as done, but not done
  std::vector<std::pair<StoreCall, StoreError::Kind>> failures;  ///< an append fails after `bytes`
};

struct ReplyEdit {
  enum class Early {
    no,
    now,         ///< answered without asking the handler
    after_body,  ///< the same, but the body is read and dropped first
  };
  bool none = false;  ///< not a byte of a reply
  Early early = Early::no;
  std::optional<int> status;
  std::optional<Template> reason;
  FieldEdits fields;
  /// How the reply says where its body ends: by no field, so that the connection ends it, or by a
  /// Content-Length that may be wrong.
  struct Framing {
    std::optional<Template> length;
  };
  std::optional<Framing> framing;
  BodyEdit body;
  std::optional<Template> raw;         ///< these bytes instead of a serialised reply
  std::optional<Bytes> truncate_head;  ///< see ReplyPlan
  std::optional<Bytes> truncate_body;
  enum class Replay {
    no,
    first,     ///< the first reply that this rule saw for the same URL, over and over
    previous,  ///< the one before, for the same URL
    marked,    ///< the reply to the request that set `replay_mark` on the same upload
  };
  Replay replay = Replay::no;
  std::string replay_mark;
};

/// What becomes of replies that go ahead of the reply: 100 Continue, 104 (Upload Resumption).
struct InterimEdit {
  std::vector<int> of;  ///< statuses, as the server makes them; empty: all
  bool drop = false;
  bool twice = false;
  std::optional<int> status;
  FieldEdits fields;
  Delay delay;  ///< those behind it, and the reply, wait too
};

/// When something is done that is no part of the exchange, or that goes ahead of the reply.
enum class Turn {
  before,  ///< before the handler sees the request
  after,   ///< when the handler has answered and the client does not know it yet
};

/// Replies of the rule's own that go ahead of the reply.
struct AheadEdit {
  struct One {
    int status = 103;
    FieldEdits fields;  ///< set and add only
    unsigned times = 1;
    Milliseconds gap{0};  ///< before each
  };
  std::vector<One> replies;
  /// nullopt: as soon as the rule fires.
  std::optional<Turn> turn;
};

struct SocketEdit {
  SocketEnd end = SocketEnd::keep;
  bool before = false;  ///< before the handler is made; else after (or in place of) the reply. At a
                        ///< body position it acts there and then
};

struct Pace {
  Delay before;               ///< before the handler sees the request, or at the body position
  Delay reply;                ///< before the reply
  Bytes slice{0};             ///< the reply is written in pieces of this size ...
  Milliseconds slice_gap{0};  ///< ... with this time between them
  Bandwidth receive;          ///< at which the body is read
  Bandwidth send;             ///< at which the reply is written
};

/// What becomes of a connection when it is accepted.
struct ConnectionEdit {
  Delay delay;
  TlsPlan tls;
  SocketEnd end = SocketEnd::keep;
};

/// What becomes of a delivery, event or report; see EffectPlan.
struct EffectEdit {
  bool drop = false;
  bool pretend = false;
  std::optional<Template> fail;
  unsigned repeat = 0;
  Delay delay;
  std::optional<Template> rename;
  bool deliver = false;
  std::optional<Template> bytes;
  std::vector<Damage> corrupt;
  bool foreign = false;  ///< the bytes are those of the upload that was delivered before
  std::optional<Template> path;
  /// Whether it changes what a delivery copies, or where to.
  [[nodiscard]] bool copies() const { return bytes || !corrupt.empty() || foreign || path; }
};

/// Done to the upload that the request is about, behind the handler's back.
struct UploadEdit {
  Turn turn = Turn::after;
  bool expire = false;                ///< Upload-Expires is past
  bool forget = false;                ///< gone, as if it had never been
  std::optional<Template> roll_back;  ///< only that many bytes are left of it
  std::optional<Milliseconds> lock;   ///< someone else writes to it that long and does not let go
  bool lock_survives = false;         ///< a restart, in a store on disk
  std::optional<std::string> of;      ///< instead: all uploads that carry this mark
};

/// Done to the server.
struct ServerEdit {
  Turn turn = Turn::after;
  std::optional<Milliseconds> outage;  ///< connections are refused that long
  /// Connections are not answered that long, or until the rule is taken away.
  std::optional<Milliseconds> unanswered;
  std::optional<Template> revoke_token;  ///< an access or refresh token
  bool crash = false;                    ///< kill -9
};

class Action;

/// A member for each key, whose Action fills it and reads it. A new action needs a member here.
struct Then {
  std::optional<RequestEdit> request;
  std::optional<Commit> commit;
  std::optional<ReplyEdit> reply;
  std::optional<InterimEdit> interim;
  std::optional<AheadEdit> ahead;
  std::optional<SocketEdit> socket;
  std::optional<Pace> pace;
  std::optional<ConnectionEdit> connection;
  std::optional<EffectEdit> effect;
  std::optional<UploadEdit> upload;
  std::optional<ServerEdit> server;
  std::vector<const Action*> actions;  ///< of the keys that are given, in the order they act
};

struct Rule {
  std::string name;
  std::string json;  ///< as it was loaded
  When when;
  Then then;
  std::optional<std::uint64_t> times;  ///< how often it may fire, per lane; nullopt: always
  std::optional<std::string> sets;     ///< a mark on the upload (on the lane when there is none)
  std::optional<std::string> needs;
  /// The mark and the lock that it leaves outlive a restart, in a store on disk.
  bool survives_restart = false;
  bool control = false;  ///< may act on the connections by which /_mock/ is reached

  [[nodiscard]] Moment moment() const;
  /// Whether it acts on connections before there is a request. No condition on requests can keep
  /// such a rule off the connections to /_mock/.
  [[nodiscard]] bool acts_on_connections() const;
};

/// One file of rules: a single rule, or several that tell one story.
struct Misbehaviour {
  std::string name;
  std::string description;
  std::vector<std::string> breaks;  ///< requirement ids that fail because of it
  std::vector<std::string> seen;    ///< where real servers did this
  std::vector<Rule> rules;
};

}  // namespace mock::misbehave
