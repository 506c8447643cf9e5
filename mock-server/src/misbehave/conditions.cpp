// Whether the conditions of a rule hold; and if not, which one was the first that failed.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "misbehave/engine.hpp"
#include "protocol/http/form.hpp"

namespace mock::misbehave {
namespace {

const std::string lane_text = "lane";
const std::string after_text = "after: the time had not come yet";
const std::string until_text = "until: the time was over";
const std::string wire_method_text = "wire_method";
const std::string path_text = "path";
const std::string id_text = "upload id";
const std::string kind_text = "upload kind";
const std::string exists_text = "upload exists";
const std::string deferred_text = "upload deferred";
const std::string completing_text = "upload completing";
const std::string complete_text = "upload complete";
const std::string locked_text = "upload locked";
const std::string length_text = "upload length";
const std::string offset_text = "upload offset";
const std::string age_text = "upload age";
const std::string written_text = "upload unwritten_for or written_within";
const std::string overrun_text = "event overrun: the body ended in time";
const std::string status_text = "reply status";
const std::string body_text = "reply body";
const std::string effect_kind_text = "effect kind";
const std::string effect_name_text = "effect name";
const std::string attempt_text = "effect attempt";
const std::string connection_text = "connection nth or every";
const std::string server_name_text = "connection server_name";
const std::string lasts_text = "body_lasts: there is no body";
const std::string too_long_text = "a regular expression that takes too long on such a text";

/// What a second look, which only describes a miss, may spend. It is apart from the request's work,
/// so that the rules that follow lose nothing.
constexpr std::uint64_t work_of_telling = 100'000;

bool fail(ActiveRule& active, Rank rank, const std::string& condition) {
  active.miss(rank, condition);
  return false;
}

bool number_holds(const NumberCondition& condition, std::optional<std::uint64_t> number,
                  const Facts& facts) {
  return number &&
         condition.holds(*number, [&facts](std::string_view name) { return facts.value(name); });
}

/// An expression that takes too long does not match, and its rule is named.
bool text_holds(Look& look, const Facts& facts, const TextCondition& condition,
                std::optional<std::string_view> value, Rank rank, const std::string& label,
                Where place) {
  const auto got = [&] { return json_of(value); };
  if (condition.kind == TextCondition::Kind::number) {
    const bool holds = value && number_holds(*condition.number, whole_number(*value), facts);
    return look.at(rank, label, place, holds, got);
  }
  PatternWork telling{work_of_telling};
  const auto found = condition.holds(value, look.tells() ? telling : facts.pattern_work());
  const bool gave_up = found == Pattern::Found::gave_up;
  if (gave_up && !look.tells()) look.active().give_up();
  return look.at(rank, gave_up ? too_long_text : label, place, found == Pattern::Found::yes, got);
}

bool fields_hold(Look& look, const Facts& facts, const std::vector<NamedCondition>& conditions,
                 const ::http::Fields& fields, Rank rank, bool of_reply = false) {
  return std::ranges::all_of(conditions, [&](const NamedCondition& field) {
    const auto value = fields.find(field.name);
    return of_reply ? text_holds(look, facts, field.value, value, rank, field.label,
                                 {"reply", "headers", field.name})
                    : text_holds(look, facts, field.value, value, rank, field.label,
                                 {"headers", field.name});
  });
}

bool path_holds(Look& look, const Facts& facts) {
  const auto& path = look.active().rule.when.path;
  if (!path) return true;
  PatternWork telling{work_of_telling};
  const auto found =
      path->found_in(facts.request().path, look.tells() ? telling : facts.pattern_work());
  const bool gave_up = found == Pattern::Found::gave_up;
  if (gave_up && !look.tells()) look.active().give_up();
  return look.at(at_path, gave_up ? too_long_text : path_text, {"path"},
                 found == Pattern::Found::yes, [&] { return json_of(facts.request().path); });
}

bool query_holds(Look& look, const Facts& facts) {
  const auto& wanted = look.active().rule.when.query;
  if (wanted.empty()) return true;
  const auto form = ::http::parse_form(facts.request().query).value_or(::http::Form{});
  return std::ranges::all_of(wanted, [&](const NamedCondition& one) {
    const auto found = std::ranges::find(form, one.name, &::http::Form::value_type::first);
    const auto value =
        found == form.end() ? std::nullopt : std::optional<std::string_view>{found->second};
    return text_holds(look, facts, one.value, value, at_path, one.label, {"query", one.name});
  });
}

bool lane_and_time_hold(Look& look, const Facts& facts) {
  const auto& active = look.active();
  const auto& when = active.rule.when;
  if (when.lane && !look.at(at_lane, lane_text, {"lane"}, *when.lane == facts.lane(),
                            [&] { return json_of(facts.lane()); }))
    return false;
  if (!when.after && !when.until) return true;
  const auto elapsed = facts.now() - active.since;
  const auto got = [&] { return json_of(elapsed); };
  return (!when.after || look.at(at_time, after_text, {"after"}, elapsed >= *when.after, got)) &&
         (!when.until || look.at(at_time, until_text, {"until"}, elapsed < *when.until, got));
}

bool metadata_holds(Look& look, const Facts& facts) {
  return std::ranges::all_of(look.active().rule.when.metadata, [&](const NamedCondition& pair) {
    return text_holds(look, facts, pair.value, facts.metadata(pair.name), at_metadata, pair.label,
                      {"metadata", pair.name});
  });
}

/// How old an upload is, and how long nothing was written to it.
bool ages_hold(Look& look, const Facts& facts) {
  const auto& wanted = look.active().rule.when.upload;
  if (!wanted.timed()) return true;
  const auto* const upload = facts.upload();
  const auto lived = upload != nullptr ? facts.now() - upload->created : TimePoint::duration{};
  const auto quiet = upload != nullptr ? facts.now() - upload->modified : TimePoint::duration{};
  const auto at = [&](const std::string& text, std::string_view key, bool holds, auto age) {
    return look.at(at_upload, upload != nullptr ? text : age_text, {"upload", key},
                   upload != nullptr && holds,
                   [&] { return upload != nullptr ? json_of(age) : std::string("null"); });
  };
  return (!wanted.older_than || at(age_text, "older_than", lived > *wanted.older_than, lived)) &&
         (!wanted.younger_than ||
          at(age_text, "younger_than", lived < *wanted.younger_than, lived)) &&
         (!wanted.unwritten_for ||
          at(written_text, "unwritten_for", quiet >= *wanted.unwritten_for, quiet)) &&
         (!wanted.written_within ||
          at(written_text, "written_within", quiet < *wanted.written_within, quiet));
}

/// What only an upload has, or a request that makes one.
bool state_holds(Look& look, const Facts& facts) {
  const auto& wanted = look.active().rule.when.upload;
  const auto* const upload = facts.upload();
  const bool any = upload != nullptr || facts.creates();
  const auto at = [&](const std::string& text, std::string_view key, bool holds, auto got) {
    return look.at(at_upload, any ? text : exists_text, {"upload", key}, any && holds,
                   [&] { return any ? json_of(got) : std::string("null"); });
  };
  if (wanted.kind && !at(kind_text, "kind", *wanted.kind == facts.kind(),
                         std::optional<std::string_view>{facts.kind()}))
    return false;
  for (const auto& one : wanted.attributes) {
    const Where place{"upload", "attributes", one.name};
    if (any ? !text_holds(look, facts, one.value, facts.attribute(one.name), at_upload, one.label,
                          place)
            : !look.at(at_upload, exists_text, place, false, [] { return "null"; }))
      return false;
  }
  if (wanted.deferred &&
      !at(deferred_text, "deferred", *wanted.deferred == facts.deferred(), facts.deferred()))
    return false;
  const bool complete = upload != nullptr && upload->complete();
  return !wanted.complete || at(complete_text, "complete", *wanted.complete == complete, complete);
}

std::optional<std::uint64_t> value_of(std::optional<Bytes> bytes) {
  return bytes ? std::optional{bytes->value} : std::nullopt;
}

bool upload_holds(Look& look, const Facts& facts) {
  if (!look.active().asks_upload) return true;
  const auto& wanted = look.active().rule.when.upload;
  if (wanted.id) {
    const auto& id = facts.addressed().id;
    const auto named = id.empty() ? std::nullopt : std::optional<std::string_view>{id};
    if (!text_holds(look, facts, *wanted.id, named, at_upload, id_text, {"upload", "id"}))
      return false;
  }
  const auto* const upload = facts.upload();
  const auto at = [&](const std::string& text, std::string_view key, bool holds, auto got) {
    return look.at(at_upload, text, {"upload", key}, holds, [&] { return json_of(got); });
  };
  const bool exists = upload != nullptr;
  if (wanted.exists && !at(exists_text, "exists", *wanted.exists == exists, exists)) return false;
  // Whether the request completes the upload is looked at with the body. Here it must be possible.
  const bool completing = exists || facts.creates() || !wanted.completing;
  if (!completing && !at(exists_text, "completing", false, std::optional<std::uint64_t>{}))
    return false;
  if (!state_holds(look, facts)) return false;
  if (wanted.locked && !at(locked_text, "locked", *wanted.locked == facts.locked(), facts.locked()))
    return false;
  if (wanted.length) {
    const auto length = value_of(facts.length());
    if (!at(length_text, "length", number_holds(*wanted.length, length, facts), length))
      return false;
  }
  if (wanted.offset) {
    const auto offset = exists ? std::optional{upload->offset.value} : std::nullopt;
    if (!at(offset_text, "offset", number_holds(*wanted.offset, offset, facts), offset))
      return false;
  }
  return ages_hold(look, facts) &&
         (!(wanted.parts || wanted.others) || relations_hold(look, facts));
}

/// A PATCH whose body is the last of the upload, whatever its length.
bool ends_deferred(const Facts& facts) {
  const auto* upload = facts.upload();
  return upload != nullptr && !upload->length && facts.method() == "PATCH" && facts.signals_end();
}

/// What the length of the body decides.
bool body_holds(const Facts& facts, Pending& pending) {
  auto& active = *pending.active;
  const auto& when = active.rule.when;
  const auto& completing = when.upload.completing;
  const bool overrun = when.event == Event::overrun;
  if (!completing && !overrun) return true;
  const auto missing = facts.missing();
  if (completing && !overrun && !missing && ends_deferred(facts))
    return *completing || fail(active, at_upload, completing_text);
  const auto body = facts.content_length().value_or(Bytes{0});
  if (completing && !*completing) {
    if (!facts.chunked() && missing && body >= *missing)
      return fail(active, at_upload, completing_text);
    if (!overrun) return true;
  }
  if (!missing) return fail(active, at_upload, overrun ? overrun_text : completing_text);
  if (!facts.chunked()) {
    if (overrun && !(body > *missing)) return fail(active, at_body, overrun_text);
    if (completing && *completing && body < *missing)
      return fail(active, at_upload, completing_text);
    return true;
  }
  // A chunked body: only the byte itself proves it.
  if (pending.due == Moment::lasting) return fail(active, at_upload, completing_text);
  if (overrun || pending.due == Moment::request) {
    if (!overrun && *missing == Bytes{0}) return true;
    pending.due = Moment::body;
    pending.stop = overrun ? *missing + Bytes{1} : *missing;
  } else if (pending.due == Moment::body) {
    pending.stop = std::max(pending.stop, *missing);
  } else {
    pending.completes = true;
  }
  return true;
}

bool request_holds(Look& look, const Facts& facts) {
  const auto& when = look.active().rule.when;
  if (!lane_and_time_hold(look, facts)) return false;
  if (!when.wire_methods.empty() &&
      !look.at(at_wire_method, wire_method_text, {"wire_method"},
               std::ranges::count(when.wire_methods, facts.request().method) > 0,
               [&] { return json_of(facts.request().method); }))
    return false;
  if (when.arrival && !arrival_holds(look, *when.arrival, facts)) return false;
  return path_holds(look, facts) && query_holds(look, facts) &&
         fields_hold(look, facts, when.fields, facts.fields(), at_header) &&
         metadata_holds(look, facts) && upload_holds(look, facts);
}

bool reply_conditions_hold(Look& look, const Facts& facts, const Reply& reply) {
  const auto& wanted = look.active().rule.when.reply;
  const auto in = [&](const StatusRange& range) {
    return reply.status >= range.first && reply.status <= range.last;
  };
  const auto status = static_cast<std::uint64_t>(reply.status);
  if (!wanted.status.empty() &&
      !look.at(at_reply, status_text, {"reply", "status"}, std::ranges::any_of(wanted.status, in),
               [&] { return json_of(std::optional{status}); }))
    return false;
  if (!fields_hold(look, facts, wanted.fields, reply.fields, at_reply, true)) return false;
  if (wanted.json.empty() && !wanted.body) return true;
  // A long download is no JSON, and no text.
  const auto small = small_body_of(reply);
  if (wanted.body &&
      !text_holds(look, facts, *wanted.body, small && small->empty() ? std::nullopt : small,
                  at_reply, body_text, {"reply", "body"}))
    return false;
  if (wanted.json.empty()) return true;
  const auto body = nlohmann::json::parse(small.value_or(""), nullptr, false);
  return std::ranges::all_of(wanted.json, [&](const NamedCondition& place) {
    std::optional<std::string> text;
    const nlohmann::json::json_pointer pointer{place.name};
    if (!body.is_discarded() && body.contains(pointer)) {
      const auto& value = body[pointer];
      text = value.is_string() ? value.get<std::string>() : value.dump();
    }
    return text_holds(look, facts, place.value, text, at_reply, place.label,
                      {"reply", "json", place.name});
  });
}

bool effect_conditions_hold(Look& look, const Facts& facts, const Effect& effect) {
  const auto& wanted = *look.active().rule.when.effect;
  constexpr std::array<std::string_view, 4> kinds{"delivery", "event", "report", "part"};
  if (wanted.kind &&
      !look.at(at_path, effect_kind_text, {"effect", "kind"}, *wanted.kind == effect.kind,
               [&] { return json_of(kinds.at(static_cast<std::size_t>(effect.kind))); }))
    return false;
  if (wanted.name && !text_holds(look, facts, *wanted.name, effect.name, at_header,
                                 effect_name_text, {"effect", "name"}))
    return false;
  const auto& attempts = wanted.attempts;
  const bool delivers = effect.kind == Effect::Kind::delivery;
  return attempts.empty() ||
         look.at(at_header, attempt_text, {"effect", "attempt"},
                 delivers && std::ranges::count(attempts, effect.attempt) > 0, [&] {
                   const std::uint64_t attempt = effect.attempt;
                   return json_of(delivers ? std::optional{attempt} : std::nullopt);
                 });
}

/// The request that came near, by its path: a query may hold a password.
NearMiss& describe(NearMiss& miss, const Facts& facts) {
  const auto* const kept = facts.kept_request();
  const auto& request = kept != nullptr ? *kept : facts.request();
  miss.method = facts.method();
  miss.target = request.mount + request.path;
  return miss;
}

/// Whether the walk over the conditions comes to its end; if not, the miss may be described.
template <class Walk>
bool walk_holds(ActiveRule& active, const Walk& walk) {
  Look judge(active);
  if (walk(judge)) return true;
  if (auto* const miss = active.nearest()) {
    Look witness(active, miss);
    static_cast<void>(walk(witness));
  }
  return false;
}

}  // namespace

bool circumstances_hold(ActiveRule& active, const Facts& facts, const Effect* effect) {
  const auto& wanted = active.rule.when.effect;
  // A part is not delivered unless a rule says so; a rule about any effect does not mean it.
  if (effect != nullptr && effect->kind == Effect::Kind::part && !(wanted && wanted->kind))
    return false;
  return walk_holds(active, [&](Look& look) {
    return (effect == nullptr || !wanted || effect_conditions_hold(look, facts, *effect)) &&
           lane_and_time_hold(look, facts) && metadata_holds(look, facts) &&
           upload_holds(look, facts);
  });
}

bool holds_so_far(const Facts& facts, Pending& pending) {
  auto& active = *pending.active;
  if (active.exhausted()) return false;
  const auto& when = active.rule.when;
  Look judge(active);
  if (!request_holds(judge, facts)) {
    tell_nearest(active, facts);
    return false;
  }
  if (when.body_lasts && !facts.request().has_body()) {
    fail(active, at_body, lasts_text);
    tell_nearest(active, facts);
    return false;
  }
  pending.due = active.moment;
  if (pending.due == Moment::body) pending.stop = *when.body_byte;
  if (body_holds(facts, pending)) return true;
  tell_nearest(active, facts);
  return false;
}

bool reply_holds(ActiveRule& active, const Facts& facts, const Reply& reply) {
  Look judge(active);
  return reply_conditions_hold(judge, facts, reply);
}

void tell_nearest(ActiveRule& active, const Facts& facts, const Reply* reply) {
  auto* const miss = active.nearest();
  if (miss == nullptr) return;
  const auto& when = active.rule.when;
  describe(*miss, facts);
  if (!when.methods.empty()) miss->add({"method"}, json_of(facts.method()), true);
  if (!when.routes.empty()) miss->add({"route"}, json_of(facts.addressed().route.name()), true);
  Look witness(active, miss);
  static_cast<void>(request_holds(witness, facts));
  if (reply != nullptr && when.reply.any())
    static_cast<void>(reply_conditions_hold(witness, facts, *reply));
}

bool connection_holds(ActiveRule& active, const Facts& facts, std::uint64_t ordinal,
                      std::optional<std::string_view> server_name) {
  if (active.exhausted()) return false;
  const auto& wanted = active.rule.when.connection;
  return walk_holds(active, [&](Look& look) {
    if (!lane_and_time_hold(look, facts)) return false;
    if (!wanted) return true;
    const auto got = [&] { return json_of(std::optional{ordinal}); };
    return (wanted->nth.empty() || look.at(at_header, connection_text, {"connection", "nth"},
                                           std::ranges::count(wanted->nth, ordinal) > 0, got)) &&
           (wanted->every == 1 || look.at(at_header, connection_text, {"connection", "every"},
                                          ordinal % wanted->every == 0, got)) &&
           (!wanted->server_name ||
            text_holds(look, facts, *wanted->server_name, server_name, at_header, server_name_text,
                       {"connection", "server_name"}));
  });
}

}  // namespace mock::misbehave
