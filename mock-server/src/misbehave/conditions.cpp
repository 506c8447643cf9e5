// Whether the conditions of a rule hold; and if not, which one was the first that failed.
#include <algorithm>
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
bool text_holds(ActiveRule& active, const Facts& facts, const TextCondition& condition,
                std::optional<std::string_view> value, Rank rank, const std::string& label) {
  if (condition.kind == TextCondition::Kind::number)
    return (value && number_holds(*condition.number, whole_number(*value), facts)) ||
           fail(active, rank, label);
  switch (condition.holds(value, facts.pattern_work())) {
    case Pattern::Found::yes:
      return true;
    case Pattern::Found::no:
      break;
    case Pattern::Found::gave_up:
      active.give_up();
      return fail(active, rank, too_long_text);
  }
  return fail(active, rank, label);
}

bool fields_hold(ActiveRule& active, const Facts& facts,
                 const std::vector<NamedCondition>& conditions, const ::http::Fields& fields,
                 Rank rank) {
  return std::ranges::all_of(conditions, [&](const NamedCondition& field) {
    return text_holds(active, facts, field.value, fields.find(field.name), rank, field.label);
  });
}

bool path_holds(ActiveRule& active, const Facts& facts) {
  const auto& path = active.rule.when.path;
  if (!path) return true;
  const auto found = path->found_in(facts.request().path, facts.pattern_work());
  if (found == Pattern::Found::gave_up) active.give_up();
  return found == Pattern::Found::yes ||
         fail(active, at_path, found == Pattern::Found::no ? path_text : too_long_text);
}

bool query_holds(ActiveRule& active, const Facts& facts) {
  const auto& wanted = active.rule.when.query;
  if (wanted.empty()) return true;
  const auto form = ::http::parse_form(facts.request().query).value_or(::http::Form{});
  return std::ranges::all_of(wanted, [&](const NamedCondition& one) {
    const auto found = std::ranges::find(form, one.name, &::http::Form::value_type::first);
    const auto value =
        found == form.end() ? std::nullopt : std::optional<std::string_view>{found->second};
    return text_holds(active, facts, one.value, value, at_path, one.label);
  });
}

bool lane_and_time_hold(ActiveRule& active, const Facts& facts) {
  const auto& when = active.rule.when;
  if (when.lane && *when.lane != facts.lane()) return fail(active, at_lane, lane_text);
  if (!when.after && !when.until) return true;
  const auto elapsed = facts.now() - active.since;
  if (when.after && elapsed < *when.after) return fail(active, at_time, after_text);
  if (when.until && elapsed >= *when.until) return fail(active, at_time, until_text);
  return true;
}

bool metadata_holds(ActiveRule& active, const Facts& facts) {
  for (const auto& pair : active.rule.when.metadata)
    if (!text_holds(active, facts, pair.value, facts.metadata(pair.name), at_metadata, pair.label))
      return false;
  return true;
}

bool upload_holds(ActiveRule& active, const Facts& facts) {
  if (!active.asks_upload) return true;
  const auto& wanted = active.rule.when.upload;
  const auto failed = [&](const std::string& condition) {
    return fail(active, at_upload, condition);
  };
  if (wanted.id) {
    const auto& id = facts.addressed().id;
    if (!text_holds(active, facts, *wanted.id,
                    id.empty() ? std::nullopt : std::optional<std::string_view>{id}, at_upload,
                    id_text))
      return false;
  }
  const auto* upload = facts.upload();
  if (wanted.exists && *wanted.exists != (upload != nullptr)) return failed(exists_text);
  // State is only there on an upload, or on a request that makes one.
  if (upload == nullptr && !facts.creates() &&
      (wanted.kind || !wanted.attributes.empty() || wanted.deferred || wanted.completing ||
       wanted.complete))
    return failed(exists_text);
  if (wanted.kind && *wanted.kind != facts.kind()) return failed(kind_text);
  for (const auto& one : wanted.attributes)
    if (!text_holds(active, facts, one.value, facts.attribute(one.name), at_upload, one.label))
      return false;
  if (wanted.deferred && *wanted.deferred != facts.deferred()) return failed(deferred_text);
  if (wanted.complete && *wanted.complete != (upload != nullptr && upload->complete()))
    return failed(complete_text);
  if (wanted.locked && *wanted.locked != facts.locked()) return failed(locked_text);
  if (wanted.length) {
    const auto length = facts.length();
    if (!number_holds(*wanted.length, length ? std::optional{length->value} : std::nullopt, facts))
      return failed(length_text);
  }
  if (wanted.offset &&
      !number_holds(*wanted.offset,
                    upload != nullptr ? std::optional{upload->offset.value} : std::nullopt, facts))
    return failed(offset_text);
  if (wanted.timed()) {
    if (upload == nullptr) return failed(age_text);
    const auto lived = facts.now() - upload->created;
    if (wanted.older_than && !(lived > *wanted.older_than)) return failed(age_text);
    if (wanted.younger_than && !(lived < *wanted.younger_than)) return failed(age_text);
    const auto quiet = facts.now() - upload->modified;
    if (wanted.unwritten_for && quiet < *wanted.unwritten_for) return failed(written_text);
    if (wanted.written_within && quiet >= *wanted.written_within) return failed(written_text);
  }
  if (wanted.parts || wanted.others) return relations_hold(active, facts);
  return true;
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
  // Only the byte itself proves it.
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

}  // namespace

bool circumstances_hold(ActiveRule& active, const Facts& facts) {
  return lane_and_time_hold(active, facts) && metadata_holds(active, facts) &&
         upload_holds(active, facts);
}

bool holds_so_far(const Facts& facts, Pending& pending) {
  auto& active = *pending.active;
  if (active.exhausted()) return false;
  const auto& when = active.rule.when;
  if (!lane_and_time_hold(active, facts)) return false;
  if (!when.wire_methods.empty() &&
      std::ranges::count(when.wire_methods, facts.request().method) == 0)
    return fail(active, at_wire_method, wire_method_text);
  if (when.arrival && !arrival_holds(active, *when.arrival, facts)) return false;
  if (!path_holds(active, facts) || !query_holds(active, facts)) return false;
  if (!fields_hold(active, facts, when.fields, facts.fields(), at_header)) return false;
  if (!metadata_holds(active, facts) || !upload_holds(active, facts)) return false;
  if (when.body_lasts && !facts.request().has_body()) return fail(active, at_body, lasts_text);
  pending.due = active.moment;
  if (pending.due == Moment::body) pending.stop = *when.body_byte;
  return body_holds(facts, pending);
}

bool reply_holds(ActiveRule& active, const Facts& facts, const Reply& reply) {
  const auto& wanted = active.rule.when.reply;
  const auto in = [&](const StatusRange& range) {
    return reply.status >= range.first && reply.status <= range.last;
  };
  if (!wanted.status.empty() && std::ranges::none_of(wanted.status, in))
    return fail(active, at_reply, status_text);
  if (!fields_hold(active, facts, wanted.fields, reply.fields, at_reply)) return false;
  if (wanted.json.empty() && !wanted.body) return true;
  // A long download is no JSON, and no text.
  const auto small = small_body_of(reply);
  if (wanted.body &&
      !text_holds(active, facts, *wanted.body, small && small->empty() ? std::nullopt : small,
                  at_reply, body_text))
    return false;
  if (wanted.json.empty()) return true;
  const auto body = nlohmann::json::parse(small.value_or(""), nullptr, false);
  for (const auto& place : wanted.json) {
    std::optional<std::string> text;
    const nlohmann::json::json_pointer pointer{place.name};
    if (!body.is_discarded() && body.contains(pointer)) {
      const auto& value = body[pointer];
      text = value.is_string() ? value.get<std::string>() : value.dump();
    }
    if (!text_holds(active, facts, place.value, text, at_reply, place.label)) return false;
  }
  return true;
}

bool effect_holds(ActiveRule& active, const Facts& facts, const Effect& effect) {
  const auto& wanted = active.rule.when.effect;
  // Of rules about any effect this is none: nothing happens.
  if (effect.kind == Effect::Kind::part && !(wanted && wanted->kind)) return false;
  if (!wanted) return true;
  if (wanted->kind && *wanted->kind != effect.kind) return fail(active, at_path, effect_kind_text);
  if (wanted->name &&
      !text_holds(active, facts, *wanted->name, effect.name, at_header, effect_name_text))
    return false;
  const auto& attempts = wanted->attempts;
  if (!attempts.empty() &&
      (effect.kind != Effect::Kind::delivery || std::ranges::count(attempts, effect.attempt) == 0))
    return fail(active, at_header, attempt_text);
  return true;
}

bool connection_holds(ActiveRule& active, const Facts& facts, std::uint64_t ordinal,
                      std::optional<std::string_view> server_name) {
  if (active.exhausted() || !lane_and_time_hold(active, facts)) return false;
  const auto& wanted = active.rule.when.connection;
  if (!wanted) return true;
  if (!wanted->nth.empty() && std::ranges::count(wanted->nth, ordinal) == 0)
    return fail(active, at_header, connection_text);
  if (ordinal % wanted->every != 0) return fail(active, at_header, connection_text);
  return !wanted->server_name ||
         text_holds(active, facts, *wanted->server_name, server_name, at_header, server_name_text);
}

}  // namespace mock::misbehave
