#include "misbehave/load.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "protocol/http/fields.hpp"
#include "protocol/json/decode.hpp"

namespace mock::misbehave {
namespace {

using json::Cursor;

constexpr std::array<std::string_view, 8> known_methods{"OPTIONS", "HEAD",  "GET",    "POST",
                                                        "PUT",     "PATCH", "DELETE", "TRACE"};

template <class Value>
using Names = std::initializer_list<std::pair<std::string_view, Value>>;

template <class Value>
Value choice(const Cursor& at, Names<Value> names) {
  const auto& text = at.string();
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string{name};
  }
  at.fail("expected one of " + known);
}

template <class Read>
auto optional(const Cursor& at, std::string_view key, Read&& read)
    -> std::optional<std::invoke_result_t<Read, Cursor>> {
  if (auto found = at.find(key)) return read(*found);
  return std::nullopt;
}

/// One value, or a list of at least one.
template <class Read>
auto list(const Cursor& at, std::string_view key, Read&& read)
    -> std::vector<std::invoke_result_t<Read, Cursor>> {
  std::vector<std::invoke_result_t<Read, Cursor>> values;
  const auto found = at.find(key);
  if (!found) return values;
  if (!found->is_array()) {
    values.push_back(read(*found));
    return values;
  }
  for (const auto& item : found->items()) values.push_back(read(item));
  if (values.empty()) found->fail("is an empty list, so that the rule can never fire");
  return values;
}

std::string text_of(const Cursor& at) { return at.string(); }
bool flag_of(const Cursor& at) { return at.boolean(); }

bool flag(const Cursor& at, std::string_view key) {
  return optional(at, key, flag_of).value_or(false);
}

Bytes size_of(const Cursor& at) {
  return at.is_number() ? Bytes{at.unsigned_integer()} : at.unwrap(parse_bytes(at.string()));
}

Milliseconds duration_of(const Cursor& at) { return at.unwrap(parse_duration(at.string())); }

Template template_of(const Cursor& at) {
  if (at.is_number()) return at.unwrap(Template::parse(std::to_string(at.unsigned_integer())));
  return at.unwrap(Template::parse(at.string()));
}

Pattern pattern_of(const Cursor& at) { return at.unwrap(Pattern::compile(at.string())); }

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

void require_token(const Cursor& at, std::string_view name) {
  if (!is_token(name)) at.fail("'" + std::string{name} + "' is not a header name");
}

TextCondition condition_of(const Cursor& at) {
  using Kind = TextCondition::Kind;
  if (at.raw().is_boolean()) return {at.boolean() ? Kind::present : Kind::absent, {}, {}};
  if (at.is_string()) return {Kind::equals, at.string(), {}};
  if (!at.is_object())
    at.fail("expected true (present), false (absent), a text, or {\"regex\": \"...\"}");
  at.only({"equals", "regex"});
  if (at.find("equals") && at.find("regex")) at.fail("takes either equals or regex");
  if (auto equals = at.find("equals")) return {Kind::equals, equals->string(), {}};
  return {Kind::regex, {}, pattern_of(at.at("regex"))};
}

std::vector<NamedCondition> conditions_of(const Cursor& at, std::string_view key,
                                          const std::string& label) {
  std::vector<NamedCondition> conditions;
  const auto found = at.find(key);
  if (!found) return conditions;
  for (const auto& [name, value] : found->members()) {
    if (label == "json") {
      try {
        static_cast<void>(nlohmann::json::json_pointer{name});
      } catch (const nlohmann::json::exception&) {
        value.fail("'" + name + "' is not a JSON pointer, such as /upload_status/status");
      }
    } else if (label == "metadata") {
      if (name.empty()) value.fail("a metadata key is never empty");
    } else {
      require_token(value, name);
    }
    conditions.push_back({name, condition_of(value), label + " " + name});
  }
  if (conditions.empty()) found->fail("names nothing");
  return conditions;
}

Route route_of(const Cursor& at) {
  std::string known;
  for (int i = 0; i <= static_cast<int>(Route::unknown); ++i) {
    const auto route = static_cast<Route>(i);
    // Rules must never take away the door through which they are managed.
    if (route == Route::control) continue;
    if (route_name(route) == at.string()) return route;
    known += (known.empty() ? "" : ", ") + std::string{route_name(route)};
  }
  at.fail("expected one of " + known);
}

std::string method_of(const Cursor& at) {
  const auto& text = at.string();
  if (std::find(known_methods.begin(), known_methods.end(), text) == known_methods.end())
    at.fail("unknown method '" + text +
            "': expected one of OPTIONS, HEAD, GET, POST, PUT, PATCH, DELETE, TRACE");
  return text;
}

StatusRange status_of(const Cursor& at) {
  if (at.is_number()) {
    const auto status = at.unsigned_integer();
    if (status < 100 || status > 599) at.fail("is no HTTP status");
    return {static_cast<int>(status), static_cast<int>(status)};
  }
  const auto& text = at.string();
  if (text.size() != 3 || text[0] < '1' || text[0] > '5' || text.substr(1) != "xx")
    at.fail("expected a status such as 412, or a class such as \"4xx\"");
  return {(text[0] - '0') * 100, (text[0] - '0') * 100 + 99};
}

tus::UploadKind kind_of(const Cursor& at) {
  return choice<tus::UploadKind>(at, {{"normal", tus::UploadKind::normal},
                                      {"partial", tus::UploadKind::partial},
                                      {"final", tus::UploadKind::final}});
}

UploadConditions upload_of(const Cursor& at) {
  at.only({"id", "kind", "exists", "deferred", "completing", "complete", "locked", "older_than",
           "younger_than"});
  UploadConditions c;
  c.id = optional(at, "id", condition_of);
  c.kind = optional(at, "kind", kind_of);
  c.exists = optional(at, "exists", flag_of);
  c.deferred = optional(at, "deferred", flag_of);
  c.completing = optional(at, "completing", flag_of);
  c.complete = optional(at, "complete", flag_of);
  c.locked = optional(at, "locked", flag_of);
  c.older_than = optional(at, "older_than", duration_of);
  c.younger_than = optional(at, "younger_than", duration_of);
  if (!c.any()) at.fail("names nothing");
  return c;
}

ReplyConditions reply_conditions_of(const Cursor& at) {
  at.only({"status", "headers", "json"});
  ReplyConditions c;
  c.status = list(at, "status", status_of);
  c.fields = conditions_of(at, "headers", "reply header");
  c.json = conditions_of(at, "json", "json");
  if (!c.any()) at.fail("names nothing");
  return c;
}

Chance chance_of(const Cursor& at) {
  Chance chance;
  chance.nth = list(at, "nth", [](const Cursor& c) {
    if (c.unsigned_integer() == 0) c.fail("counts from 1: the rule can never fire");
    return c.unsigned_integer();
  });
  if (auto every = at.find("every")) {
    chance.every = every->unsigned_integer();
    if (chance.every == 0) every->fail("counts from 1: the rule can never fire");
    if (!chance.nth.empty()) every->fail("and nth exclude each other");
  }
  if (auto probability = at.find("probability")) {
    chance.probability = probability->number();
    if (!(chance.probability > 0)) probability->fail("must be above 0: the rule can never fire");
    if (chance.probability > 1) probability->fail("must be at most 1");
  }
  return chance;
}

When when_of(const Cursor& at) {
  at.only({"method", "wire_method", "route", "path", "headers", "metadata", "lane", "upload",
           "reply", "body_byte", "event", "nth", "every", "probability"});
  When when;
  when.methods = list(at, "method", method_of);
  when.wire_methods = list(at, "wire_method", method_of);
  when.routes = list(at, "route", route_of);
  when.path = optional(at, "path", pattern_of);
  when.fields = conditions_of(at, "headers", "header");
  when.metadata = conditions_of(at, "metadata", "metadata");
  when.lane = optional(at, "lane", text_of);
  if (auto upload = at.find("upload")) when.upload = upload_of(*upload);
  if (auto reply = at.find("reply")) when.reply = reply_conditions_of(*reply);
  when.body_byte = optional(at, "body_byte", [](const Cursor& c) {
    const auto size = size_of(c);
    if (size == Bytes{0}) c.fail("counts from 1: for 'before the body' leave it out");
    return size;
  });
  if (auto event = at.find("event")) when.aborted = choice<bool>(*event, {{"aborted", true}});
  when.chance = chance_of(at);
  return when;
}

FieldEdits fields_of(const Cursor& at) {
  at.only({"set", "drop", "replace"});
  FieldEdits edits;
  if (auto set = at.find("set")) {
    for (const auto& [name, value] : set->members()) {
      require_token(value, name);
      if (value.is_string() && !::http::is_field_value(value.string()))
        value.fail("holds a line break or NUL: use \"raw\" for malformed replies");
      edits.set.emplace_back(name, template_of(value));
    }
  }
  edits.drop = list(at, "drop", [](const Cursor& c) {
    require_token(c, c.string());
    return c.string();
  });
  if (auto replace = at.find("replace")) {
    for (const auto& [name, value] : replace->members()) {
      require_token(value, name);
      value.only({"regex", "with"});
      edits.replace.push_back({name, pattern_of(value.at("regex")), value.at("with").string()});
    }
  }
  if (!edits.any()) at.fail("names nothing to edit");
  return edits;
}

RequestEdit request_of(const Cursor& at) {
  at.only({"method", "target", "headers"});
  RequestEdit edit;
  edit.method = optional(at, "method", method_of);
  edit.target = optional(at, "target", template_of);
  if (auto fields = at.find("headers")) edit.fields = fields_of(*fields);
  if (!edit.method && !edit.target && !edit.fields.any()) at.fail("edits nothing");
  return edit;
}

StoreCall call_of(const Cursor& at) {
  return choice<StoreCall>(at, {{"create", StoreCall::create},
                                {"find", StoreCall::find},
                                {"update", StoreCall::update},
                                {"append", StoreCall::append},
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
  commit.corrupt = optional(at, "corrupt", size_of);
  commit.twice = flag(at, "twice");
  if (auto parts = at.find("parts"))
    commit.parts_reversed = choice<bool>(*parts, {{"reversed", true}});
  if (auto told = at.find("told")) read_told(*told, commit);
  commit.lasting = flag(at, "lasting");
  if (commit.lasting && commit.told == Commit::Told::received && !commit.bytes && !commit.twice &&
      !commit.position)
    at.at("lasting").fail("needs a 'told' or 'bytes' that differs from what is stored");
  if (auto found = at.find("found")) commit.found = found_of(*found);
  const auto skip = list(at, "skip", call_of);
  commit.skip = {skip.begin(), skip.end()};
  if (commit.skip.contains(StoreCall::find) || commit.skip.contains(StoreCall::append))
    at.at("skip").fail(
        "takes create, update, remove and join (bytes: none drops what is appended)");
  if (auto failures = at.find("fail")) {
    for (const auto& [call, kind] : failures->members()) {
      const nlohmann::json name = call;
      const Cursor named{name, {}, {}};
      StoreCall which{};
      try {
        which = call_of(named);
      } catch (const json::DecodeError&) {
        kind.fail("unknown call: expected one of create, find, update, append, remove, join");
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

BodyEdit body_of(const Cursor& at) {
  BodyEdit edit;
  if (at.is_string()) {
    edit.text = template_of(at);
    return edit;
  }
  at.only({"regex", "with", "json_patch", "json_merge"});
  if (auto regex = at.find("regex")) edit.regex = {pattern_of(*regex), at.at("with").string()};
  if (auto patch = at.find("json_patch")) {
    if (!patch->is_array()) patch->fail("expected a list of operations (RFC 6902)");
    for (const auto& step : patch->items()) {
      step.only({"op", "path", "from", "value"});
      choice<int>(
          step.at("op"),
          {{"add", 0}, {"remove", 0}, {"replace", 0}, {"move", 0}, {"copy", 0}, {"test", 0}});
      static_cast<void>(step.at("path").string());
    }
    edit.json_patch = std::make_shared<const nlohmann::json>(patch->raw());
  }
  if (auto merge = at.find("json_merge"))
    edit.json_merge = std::make_shared<const nlohmann::json>(merge->raw());
  if (!edit.any()) at.fail("edits nothing");
  return edit;
}

ReplyEdit reply_of(const Cursor& at) {
  ReplyEdit edit;
  if (at.is_string()) {
    edit.none = choice<bool>(at, {{"none", true}});
    return edit;
  }
  at.only({"early", "status", "reason", "headers", "body", "raw", "truncate", "replay"});
  if (at.raw().empty()) at.fail("edits nothing");
  if (auto early = at.find("early")) {
    using Early = ReplyEdit::Early;
    if (early->is_string())
      edit.early = choice<Early>(*early, {{"now", Early::now}, {"after_body", Early::after_body}});
    else if (early->boolean())
      edit.early = Early::now;
  }
  edit.status = optional(at, "status", [](const Cursor& c) {
    const auto status = c.unsigned_integer();
    if (status < 200 || status > 999) c.fail("expected a final HTTP status, 200 or above");
    return static_cast<int>(status);
  });
  edit.reason = optional(at, "reason", template_of);
  if (auto fields = at.find("headers")) edit.fields = fields_of(*fields);
  if (auto body = at.find("body")) edit.body = body_of(*body);
  edit.raw = optional(at, "raw", template_of);
  if (auto truncate = at.find("truncate")) {
    truncate->only({"head", "body"});
    edit.truncate_head = optional(*truncate, "head", size_of);
    edit.truncate_body = optional(*truncate, "body", size_of);
    if (edit.truncate_head && edit.truncate_body)
      truncate->fail("takes either head or body: a cut head has no body");
  }
  if (auto replay = at.find("replay")) edit.replay_first = choice<bool>(*replay, {{"first", true}});
  if (edit.early != ReplyEdit::Early::no && !edit.status && !edit.raw)
    at.fail("an early reply needs a status");
  if (edit.raw && (edit.status || edit.fields.any() || edit.body.any() || edit.replay_first))
    at.at("raw").fail("is the whole reply: status, headers and body go into it");
  return edit;
}

SocketEnd end_of(const Cursor& at) {
  return choice<SocketEnd>(at, {{"keep", SocketEnd::keep},
                                {"fin", SocketEnd::fin},
                                {"rst", SocketEnd::rst},
                                {"stall", SocketEnd::stall},
                                {"half_close", SocketEnd::half_close},
                                {"zombie", SocketEnd::zombie}});
}

SocketEdit socket_of(const Cursor& at) {
  if (at.is_string()) return {end_of(at), false};
  at.only({"end", "at"});
  SocketEdit edit;
  edit.end = end_of(at.at("end"));
  if (auto place = at.find("at"))
    edit.before = choice<bool>(*place, {{"before", true}, {"after", false}});
  return edit;
}

Pace pace_of(const Cursor& at) {
  at.only({"before", "reply", "slice", "gap"});
  Pace pace;
  pace.before = optional(at, "before", duration_of).value_or(Milliseconds{0});
  pace.reply = optional(at, "reply", duration_of).value_or(Milliseconds{0});
  pace.slice = optional(at, "slice", size_of).value_or(Bytes{0});
  pace.slice_gap = optional(at, "gap", duration_of).value_or(Milliseconds{0});
  if ((pace.slice == Bytes{0}) != (pace.slice_gap == Milliseconds{0}))
    at.fail("slice and gap belong together");
  if (pace.before == Milliseconds{0} && pace.reply == Milliseconds{0} && pace.slice == Bytes{0})
    at.fail("slows nothing down");
  return pace;
}

Then then_of(const Cursor& at) {
  at.only({"request", "commit", "reply", "socket", "pace"});
  if (at.raw().empty()) at.fail("does nothing");
  return Then{optional(at, "request", request_of), optional(at, "commit", commit_of),
              optional(at, "reply", reply_of), optional(at, "socket", socket_of),
              optional(at, "pace", pace_of)};
}

void append_texts(const Cursor& at, std::string_view key, std::vector<std::string>& into) {
  for (auto& text : list(at, key, text_of))
    if (std::find(into.begin(), into.end(), text) == into.end()) into.push_back(std::move(text));
}

/// Reads what a rule shares with a file of rules.
void read_story(const Cursor& at, Misbehaviour& into) {
  append_texts(at, "breaks", into.breaks);
  append_texts(at, "seen", into.seen);
  if (auto description = at.find("description"))
    if (into.description.empty()) into.description = description->string();
}

Rule rule_of(const Cursor& at, const std::string& default_name) {
  at.only({"$schema", "name", "description", "breaks", "seen", "when", "then", "times", "sets",
           "needs"});
  Rule rule;
  rule.name = optional(at, "name", text_of).value_or(default_name);
  rule.json = at.raw().dump();
  if (rule.name.empty()) at.at("name").fail("is empty");
  try {
    if (auto when = at.find("when")) rule.when = when_of(*when);
    rule.sets = optional(at, "sets", text_of);
    // A rule may be there for its mark only.
    if (!rule.sets || at.find("then")) rule.then = then_of(at.at("then"));
    if (auto times = at.find("times")) {
      rule.times = times->unsigned_integer();
      if (*rule.times == 0) times->fail("is 0: the rule can never fire");
    }
    rule.needs = optional(at, "needs", text_of);
    if (auto why = contradiction_in(rule)) at.fail(*why);
  } catch (json::DecodeError& e) {
    e.error.what += " (rule '" + rule.name + "')";
    throw;
  }
  return rule;
}

std::string stem_of(const std::string& document) {
  const auto slash = document.find_last_of('/');
  auto name = slash == std::string::npos ? document : document.substr(slash + 1);
  if (name.size() > 5 && name.substr(name.size() - 5) == ".json") name.resize(name.size() - 5);
  return name;
}

Misbehaviour misbehaviour_of(const Cursor& root, const std::string& document) {
  Misbehaviour result;
  result.name = optional(root, "name", text_of).value_or(stem_of(document));
  const auto rules = root.find("rules");
  if (!rules) {
    read_story(root, result);
    result.rules.push_back(rule_of(root, result.name));
    return result;
  }
  root.only({"$schema", "name", "description", "breaks", "seen", "rules"});
  read_story(root, result);
  for (const auto& item : rules->items()) {
    const auto number = result.rules.size() + 1;
    result.rules.push_back(rule_of(item, result.name + "#" + std::to_string(number)));
    read_story(item, result);
  }
  if (result.rules.empty()) rules->fail("holds no rule");
  return result;
}

}  // namespace

Result<Misbehaviour> load_file(const std::string& file) {
  return json::decode_file(file, [&](const Cursor& root) { return misbehaviour_of(root, file); });
}

Result<Misbehaviour> load_text(std::string_view text, const std::string& document) {
  return json::decode(text, document,
                      [&](const Cursor& root) { return misbehaviour_of(root, document); });
}

Result<void> fit_together(const std::vector<const Rule*>& rules) {
  std::set<std::string_view> names;
  std::set<std::string_view> marks;
  for (const auto* rule : rules) {
    if (!names.insert(rule->name).second)
      return failure("rule '" + rule->name + "'", "is loaded twice",
                     "give each rule a name of its own");
    if (rule->sets) marks.insert(*rule->sets);
  }
  for (const auto* rule : rules) {
    if (rule->needs && !marks.contains(*rule->needs))
      return failure("rule '" + rule->name + "'", "needs the mark '" + *rule->needs +
                                                      "', which no rule sets: it can never fire");
  }
  return {};
}

}  // namespace mock::misbehave
